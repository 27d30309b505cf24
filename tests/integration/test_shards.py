"""Shards: one exporter for each part of the platform's tenants. Together they show what one exporter of all shows."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import psycopg
import pytest

from exporter.source.clean_rows import CAMPAIGNS
from exporter.source.copying import by_settings
from exporter.source.moment import Moment
from exporter.source.reader import Reader
from exporter.source.row_statements import Statements
from tests.integration.test_bad_views import FAULTS, break_view
from tests.support import contract, platforms
from tests.support.exporting import NOW, Exporter, Scrape, exporting, looping

Owner = psycopg.Connection[Any]

TOTAL = 3
TENANTS = range(1, 6)
NEWCOMER = 6
WATCHED = "campaign_dispatch_at_least_since_timestamp_seconds"
"""As far as an exporter has watched: of a campaign that comes to another shard that one begins anew."""

DAY = timedelta(days=1)


class World:
    """Tenants with two campaigns each, all that belongs to them, and an exporter for each part beside one of all."""

    def __init__(self, owner: Owner, id_type: str, whole: Exporter, shards: list[Exporter]) -> None:
        self.owner, self.id_type, self.whole, self.shards = owner, id_type, whole, shards
        self._rows = 0

    def key(self, number: int) -> str:
        """An id of the type that ids have."""
        if self.id_type == "uuid":
            return str(UUID(int=number))
        return str(number) if self.id_type == "bigint" else f"Büro {number}"

    def shard(self, tenant: int) -> int:
        """Which shard a tenant is in."""
        return int(hashlib.sha256(self.key(tenant).encode()).hexdigest()[:6], 16) % TOTAL

    @property
    def stranger(self) -> int:
        """A tenant that is not in the shard of the first one."""
        return next(tenant for tenant in TENANTS if self.shard(tenant) != self.shard(TENANTS[0]))

    @property
    def now(self) -> datetime:
        """By the clock of all exporters."""
        return datetime.fromtimestamp(self.whole.seconds, UTC)

    def tenant(self, number: int) -> None:
        """A tenant with a trunk, a number and two campaigns, of which the second has tasks and calls and no more."""
        key = self.key(number)
        contract.insert(
            self.owner, "tenants", tenant_id=key, name="T", timezone="UTC", concurrency_limit=9, credits_remaining=5
        )
        contract.insert(self.owner, "connections", connection_id=key, tenant_id=key, provider="acme")
        contract.insert(
            self.owner, "numbers", number_id=key, tenant_id=key, connection_id=key, phone=f"+4930{number}",
            status="active", daily_cap=100,
        )  # fmt: skip
        for each in (number * 10, number * 10 + 1):
            platforms.campaign(
                self.owner, self.key(each), tenant_id=key, budget=100, started_at=NOW - DAY, concurrency_limit=3
            )
            self.tasks(each, 3, platforms.SETTLED)
        campaign = self.key(number * 10)
        contract.insert(self.owner, "campaign_numbers", campaign_id=campaign, number_id=key, weight=1)
        contract.insert(self.owner, "goals", campaign_id=campaign, goal="sale", target=10, achieved=number)
        for variant in ("A", "B"):
            contract.insert(self.owner, "variants", campaign_id=campaign, variant=variant, weight=50)
        contract.insert(
            self.owner, "audience_uploads", upload_id=campaign, campaign_id=campaign, filename="list.csv",
            rows_total=9, rows_accepted=9, status="imported", uploaded_at=NOW - DAY,
        )  # fmt: skip

    def tasks(self, campaign: int, count: int, at: datetime) -> None:
        """Tasks of a campaign, and a call of each; those of a tenant's first campaign are from its number."""
        number = None if campaign % 10 else self.key(campaign // 10)
        for _ in range(count):
            self._rows += 1
            key, outcome = self.key(self._rows), ("answered", "busy", "in_progress")[self._rows % 3]
            times = {"created_at": at, "updated_at": at}
            platforms.task(self.owner, key, self.key(campaign), **times)
            platforms.call(
                self.owner, key, self.key(campaign), task_id=key, number_id=number, outcome=outcome, started_at=at,
                **times,
            )  # fmt: skip

    def refresh(self) -> tuple[Scrape, list[Scrape]]:
        """What one exporter of all shows, and what each shard does."""
        return self.whole.refresh(), [shard.refresh() for shard in self.shards]

    def assert_together_they_show_the_whole(self, but: str = "") -> None:
        whole, parts = self.refresh()
        together: dict[Any, float] = {}
        for part in parts:
            assert not together.keys() & part.samples.keys(), "two shards show the same series"
            together |= part.samples
        differing = {
            series: (whole.samples.get(series), together.get(series))
            for series in whole.samples.keys() | together.keys()
            if whole.samples.get(series) != together.get(series) and series[0] != but
        }
        assert differing == {}


@pytest.fixture(params=["bigint"])
def world(request: pytest.FixtureRequest, database_url: str) -> Iterator[World]:
    with contract.session(database_url) as owner, ExitStack() as stack:
        contract.create(owner, request.param)
        whole = stack.enter_context(exporting(database_url))
        parts = [{"index": index, "total": TOTAL} for index in range(TOTAL)]
        shards = [stack.enter_context(exporting(database_url, shard=part)) for part in parts]
        made = World(owner, request.param, whole, shards)
        with owner.transaction():
            for tenant in TENANTS:
                made.tenant(tenant)
        assert {made.shard(tenant) for tenant in TENANTS} == set(range(TOTAL)), "each shard has a tenant"
        yield made


@pytest.mark.parametrize("world", ["uuid", "text"], indirect=True)
def test_together_they_show_the_whole_before_and_after_changes_and_while_a_tenant_is_added(world: World) -> None:
    world.assert_together_they_show_the_whole()
    for campaign in (10, 21, 40):
        world.tasks(campaign, 2, world.now)
    world.owner.execute(
        "UPDATE campaign_monitoring.tasks SET status = 'completed', disposition = 'sale', updated_at = %s "
        "WHERE campaign_id = any(%s)",
        (world.now, [world.key(30), world.key(51)]),
    )
    world.owner.execute(
        "UPDATE campaign_monitoring.calls SET outcome = 'failed', error_code = 'sip_503', updated_at = %s "
        "WHERE campaign_id = %s",
        (world.now, world.key(20)),
    )
    world.owner.execute("UPDATE campaign_monitoring.goals SET achieved = achieved + 1")
    world.owner.execute(
        "UPDATE campaign_monitoring.numbers SET status = 'flagged' WHERE number_id = %s", [world.key(4)]
    )
    world.assert_together_they_show_the_whole()
    world.tenant(NEWCOMER)
    world.assert_together_they_show_the_whole()
    assert [each.corrections() for each in (world.whole, *world.shards)] == [0] * (TOTAL + 1)


def test_campaigns_change_hands_and_tenants_go(world: World) -> None:
    world.refresh()
    other = world.stranger
    world.owner.execute(
        "UPDATE campaign_monitoring.campaigns SET tenant_id = %s WHERE campaign_id = %s",
        (world.key(other), world.key(11)),
    )
    world.assert_together_they_show_the_whole(but=WATCHED)
    for relation in ("campaigns", "numbers", "connections", "tenants"):
        world.owner.execute(
            f"DELETE FROM campaign_monitoring.{relation} WHERE tenant_id = %s",
            [world.key(5)],
        )
    world.assert_together_they_show_the_whole(but=WATCHED)


def test_a_task_that_moves_to_another_shards_campaign_is_found_by_the_audit_of_the_one_it_left(world: World) -> None:
    world.refresh()
    world.owner.execute(
        "UPDATE campaign_monitoring.tasks SET campaign_id = %s, updated_at = %s WHERE task_id = %s",
        (world.key(world.stranger * 10), world.now, world.key(1)),
    )
    world.assert_together_they_show_the_whole()
    found = [shard.corrections() for shard in world.shards]
    assert [index for index, corrections in enumerate(found) if corrections] == [world.shard(1)]


def read(exporter: Exporter) -> dict[str, float]:
    """Rows read so far, by relation."""
    return exporter.own().by("campaign_exporter_rows_read_total", "relation")


def test_rows_of_other_shards_are_not_read(world: World) -> None:
    world.refresh()
    before = [read(shard) for shard in world.shards]
    world.tasks(10, 5, world.now)
    world.refresh()
    grown = [
        {relation: rows - then[relation] for relation, rows in read(shard).items()}
        for shard, then in zip(world.shards, before, strict=True)
    ]
    mine = world.shard(1)
    assert [(rows["tasks"], rows["calls"]) for rows in grown] == [
        (5, 5) if index == mine else (0, 0) for index in range(TOTAL)
    ]
    every = [sum(rows[relation] for rows in grown) for relation in ("tenants", "campaigns", "numbers", "goals")]
    assert every == [len(TENANTS), 2 * len(TENANTS), len(TENANTS), len(TENANTS)]
    assert all(shard.counted("rows_ignored_total", relation="tasks") == 0 for shard in world.shards)


def test_a_row_that_a_view_cannot_show_costs_its_own_shard_that_row_and_the_others_nothing(world: World) -> None:
    """Task 7 is of campaign 20."""
    break_view(world.owner, "tasks", "system_retries", FAULTS["division by zero"], "task_id")
    world.assert_together_they_show_the_whole()
    for campaign in (10, 20, 40):
        world.tasks(campaign, 2, world.now)
    world.owner.execute("UPDATE campaign_monitoring.tasks_table SET updated_at = %s WHERE task_id = 7", [world.now])
    world.assert_together_they_show_the_whole()
    met = [
        index for index, shard in enumerate(world.shards) if shard.counted("rows_unreadable_total", relation="tasks")
    ]
    assert met == [world.shard(2)]


def test_a_breach_of_which_nobody_knows_whose_it_is_is_told_by_one_shard(world: World) -> None:
    contract.insert(world.owner, "campaigns", campaign_id=world.key(99), name="Whose?", status="running")
    contract.insert(world.owner, "goals", goal="whose", target=1, achieved=1)
    world.refresh()
    whose = [("campaigns", "tenant_id", "null"), ("goals", "campaign_id", "null")]
    told = [[shard.violations().get(rule, 0) for rule in whose] for shard in world.shards]
    assert told == [[1, 1], [0, 0], [0, 0]]


def test_what_changed_is_found_by_its_stamp_and_comes_without_other_shards_rows(world: World) -> None:
    """The very statement that a refresh runs, on tables with as many rows as make an index worth while."""
    owner = world.owner
    for relation, columns, values in (
        ("tasks", "status, attempts", "'pending', 0"), ("calls", "outcome, attempt", "'answered', 1"),
    ):  # fmt: skip
        owner.execute(
            f"INSERT INTO campaign_monitoring.{relation} (campaign_id, {columns}, created_at, updated_at) "
            f"SELECT campaign_id, {values}, %(old)s, CASE WHEN n <= 20 THEN %(now)s ELSE %(old)s END "
            "FROM campaign_monitoring.campaigns, generate_series(1, 2000) AS n",
            {"now": NOW, "old": platforms.SETTLED},
        )
    owner.execute("ANALYZE")
    mine = [number * 10 + more for number in TENANTS if world.shard(number) == 1 for more in (0, 1)]
    exporter = world.shards[1]
    exporter.refresh()
    assert exporter.refresher._epoch is not None
    reader = exporter.refresher._epoch.reader
    for relation in ("tasks", "calls"):
        plan = explained(owner, reader, relation, [world.key(campaign) for campaign in mine])
        assert plan["Actual Rows"] == 20 * len(mine)
        (scan,) = [node for node in nodes(plan) if node.get("Relation Name") == relation]
        assert (scan["Node Type"], scan["Index Name"]) == ("Index Scan", f"{relation}_updated_at_idx")
        assert scan["Rows Removed by Filter"] == 20 * (2 * len(TENANTS) - len(mine))


def explained(owner: Owner, reader: Reader, relation: str, campaigns: list[str]) -> Mapping[str, Any]:
    """The plan of a refresh's statement, run."""
    query = reader.statements(relation).changed()
    moment = Moment(NOW.timestamp(), 3600.0, 1800.0)
    values = {**moment.parameters(), **Statements.bounds(NOW, NOW + DAY), CAMPAIGNS.key: campaigns}
    text, varying = by_settings(query)
    with owner.transaction():
        owner.execute(varying, query.bind(**values))
        (row,) = owner.execute(f"EXPLAIN (ANALYZE, FORMAT JSON) {text}".encode(), query.bind(**values)).fetchall()
    found: Mapping[str, Any] = row[0][0]["Plan"]
    return found


def nodes(plan: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    yield plan
    for child in plan.get("Plans", ()):
        yield from nodes(child)


def test_metrics_and_pages_say_which_shard_it_is(owner: Owner, database_url: str) -> None:
    del owner
    with looping(database_url, shard={"index": 1, "total": 4}) as shard, looping(database_url) as whole:
        shard.step()
        whole.step()
        assert shard.scrape().value("campaign_exporter_shard_info", index="1", total="4") == 1
        assert whole.scrape().of("campaign_exporter_shard_info") == {}
        assert shard.service.notes[0].startswith("this is shard 1 of 4")
        assert whole.service.notes == ()
