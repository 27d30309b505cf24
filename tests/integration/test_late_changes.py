"""What changes in rows that ended long ago: all families are SQL's, and it costs what changed, not what is there."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import psycopg
import pytest

from exporter.source.projections import Projection
from exporter.source.query_time import Meter
from exporter.source.totals_reader import Scope, TotalsReader
from tests.support import contract, oracle, platforms
from tests.support.exporting import NOW, Exporter, exporting

Owner = psycopg.Connection[Any]

CAMPAIGNS, ROWS = 5, 20
STALE_AFTER = 300.0
YESTERDAY = NOW - timedelta(days=1)

ALL_ARE_REMEMBERED, NONE_IS_REMEMBERED = 10_000, 0


@pytest.fixture
def owner(database_url: str) -> Iterator[Owner]:
    """Five campaigns, each with twenty tasks and twenty calls that were over yesterday, and one task to be dialled."""
    with contract.session(database_url) as connection:
        contract.create(connection)
        contract.insert(connection, "tenants", tenant_id="1", name="Tenant", timezone="UTC")
        for campaign in range(CAMPAIGNS):
            platforms.campaign(connection, str(campaign))
            platforms.task(connection, 1000 + campaign, campaign)
        stamps = {"created_at": YESTERDAY, "updated_at": YESTERDAY}
        dialled = {"eligible_at": YESTERDAY, "started_at": YESTERDAY, "score": None, "sentiment": None}
        for row in range(CAMPAIGNS * ROWS):
            platforms.task(connection, row, row % CAMPAIGNS, status="completed", attempts=1, **stamps)
            platforms.call(connection, row, row % CAMPAIGNS, task_id=row, **dialled, **stamps)
        yield connection


@pytest.fixture(params=[ALL_ARE_REMEMBERED, NONE_IS_REMEMBERED], ids=["remembered", "forgotten"])
def exporter(database_url: str, owner: Owner, request: pytest.FixtureRequest) -> Iterator[Exporter]:
    """An exporter that has counted all that and whose audits are not due."""
    del owner
    with exporting(
        database_url, audit={"period": "7d"}, remembered_rows=request.param, stale_after=STALE_AFTER,
        refresh={"max_share": 1},
    ) as made:  # fmt: skip
        made.refresh(), made.refresh()
        yield made


def now(exporter: Exporter) -> datetime:
    """A stamp that the next refresh reads."""
    return datetime.fromtimestamp(exporter.seconds, UTC)


def wrong(exporter: Exporter, owner: Owner) -> dict[oracle.Series, tuple[float, float]]:
    """The families that differ from SQL after a refresh: ours and SQL's."""
    exporter.refresh()
    assert exporter.snapshot is not None
    return oracle.differences(
        oracle.samples(exporter.snapshot), oracle.expected(owner, exporter.snapshot.at, STALE_AFTER)
    )


def loaded(exporter: Exporter) -> float:
    return sum(exporter.own().of("campaign_exporter_campaigns_loaded_total").values())


def counts_each_once(exporter: Exporter) -> bool:
    """Whether no campaign was counted anew a second time, where its rows are remembered from the first time on."""
    return exporter.config.remembered_rows == NONE_IS_REMEMBERED or loaded(exporter) <= 2 * CAMPAIGNS


def test_settled_calls_all_over_the_campaigns_get_a_late_score(owner: Owner, exporter: Exporter) -> None:
    for second in range(4):
        owner.execute(
            "UPDATE campaign_monitoring.calls SET score = 90, sentiment = 'negative', updated_at = %s "
            "WHERE call_id BETWEEN %s AND %s",
            (now(exporter), 5 * second, 5 * second + 4),
        )
        assert wrong(exporter, owner) == {}
    assert counts_each_once(exporter)


def test_a_nightly_batch_corrects_the_costs_of_many_calls(owner: Owner, exporter: Exporter) -> None:
    for part in range(4):
        owner.execute(
            "UPDATE campaign_monitoring.calls SET telephony_cost = telephony_cost * 1.1 + 0.0001, updated_at = %s "
            "WHERE call_id %% 4 = %s",
            (now(exporter), part),
        )
        assert wrong(exporter, owner) == {}
    assert counts_each_once(exporter)


def test_a_list_is_recycled_so_that_all_its_tasks_are_pending_again(owner: Owner, exporter: Exporter) -> None:
    for half in range(2):
        owner.execute(
            "UPDATE campaign_monitoring.tasks SET status = 'pending', attempts = 0, updated_at = %s "
            "WHERE campaign_id IN (1, 2) AND status = 'completed' AND task_id %% 2 = %s",
            (now(exporter), half),
        )
        assert wrong(exporter, owner) == {}
    assert exporter.refresh().by("campaign_tasks", "status", campaign="1") == {"pending": ROWS + 1}
    assert counts_each_once(exporter)


def test_a_fifth_of_all_rows_is_purged_and_no_counter_falls(owner: Owner, exporter: Exporter) -> None:
    before = exporter.refresh()
    for relation, key in (("tasks", "task_id"), ("calls", "call_id")):
        owner.execute(f"DELETE FROM campaign_monitoring.{relation} WHERE {key} < {CAMPAIGNS * ROWS // 5}".encode())
    owner.execute("SELECT pg_stat_force_next_flush()")
    exporter.refresh()
    left = wrong(exporter, owner)
    assert {name for name, _ in left if not name.endswith(("_total", "_bucket", "_count", "_sum"))} == set()
    assert all(ours > sql for ours, sql in left.values()), "counters keep what was purged"
    after = exporter.refresh()
    assert {k: v for k, v in before.of("campaign_calls_total").items() if after.samples[k] != v} == {}
    assert after.by("campaign_tasks", "status", campaign="1") == {"pending": 1, "completed": ROWS * 4 / 5}


def test_of_a_campaign_whose_calls_changed_the_tasks_are_not_counted_anew(
    owner: Owner, exporter: Exporter, monkeypatch: pytest.MonkeyPatch
) -> None:
    counted: set[str] = set()
    totals = TotalsReader.of_each

    def noted(self: TotalsReader, connection: Any, projections: list[Projection], scope: Scope, meter: Meter) -> Any:
        counted.update(projection.relation for projection in projections)
        return totals(self, connection, projections, scope, meter)

    monkeypatch.setattr(TotalsReader, "of_each", noted)
    owner.execute("UPDATE campaign_monitoring.calls SET score = 1, updated_at = %s WHERE call_id < 3", (now(exporter),))
    assert wrong(exporter, owner) == {}
    assert counted <= {"calls"}
    assert counted or exporter.config.remembered_rows == ALL_ARE_REMEMBERED
