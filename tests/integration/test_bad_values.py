"""A value out of range in a task or a call counts as none and is reported; nothing else moves by it.

Each bad row has a campaign of its own beside a good row, and a twin campaign where the value is null instead:
both must show the same, whichever way the exporter reads them.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import psycopg
import pytest

from exporter.demo.runtime.server import EmbeddedServer
from exporter.refresh import auditor
from tests.support import contract, platforms
from tests.support.exporting import NOW, Exporter, Scrape, exporting
from tests.support.platforms import SETTLED, assert_intact, call, campaign, task

TIMES = {
    "infinity": "infinity",
    "minus infinity": "-infinity",
    "before Christ": "0044-03-15 00:00:00+00 BC",
    "before 1970": "1969-12-31 23:59:59.999999+00",
    "from 2200 on": "2200-01-01 00:00:00+00",
}
AMOUNTS = {"negative": "-0.01", "NaN": "NaN", "infinite": "Infinity", "minus infinite": "-Infinity", "huge": "1e100"}
MOST = 2**63 - 1


@dataclass(frozen=True)
class Bad:
    """A value that cannot be taken."""

    relation: str
    column: str
    name: str
    value: Any

    def __str__(self) -> str:
        return f"{self.relation}.{self.column} {self.name}"


CASES = (
    *(
        Bad(relation, column, name, value)
        for relation, columns in (
            ("tasks", ("next_eligible_at", "last_attempted_at", "created_at", "updated_at")),
            ("calls", ("eligible_at", "started_at", "created_at", "updated_at")),
        )
        for column in columns
        for name, value in TIMES.items()
    ),
    *(
        Bad("calls", column, name, value)
        for column in ("ai_cost", "telephony_cost", "talk_seconds", "score")
        for name, value in AMOUNTS.items()
    ),
    Bad("calls", "score", "above 100", "100.01"),
    Bad("calls", "talk_seconds", "above a day", "86400.01"),
    Bad("calls", "eligible_at", "a month too early", SETTLED - timedelta(days=31)),
    Bad("calls", "eligible_at", "after the start", SETTLED + timedelta(minutes=2)),
    Bad("calls", "attempt", "zero", 0),
    Bad("calls", "attempt", "huge", MOST),
    Bad("tasks", "attempts", "negative", -1),
    Bad("tasks", "max_attempts", "huge", MOST),
    Bad("tasks", "system_retries", "negative", -1),
    Bad("tasks", "system_retries", "huge", MOST),
    Bad("tasks", "updated_at", "two hours ahead", NOW + timedelta(hours=2)),
)
REQUIRED = {("tasks", column) for column in ("attempts", "created_at", "updated_at")} | {
    ("calls", column) for column in ("attempt", "started_at", "created_at", "updated_at")
}
WAYS = ("changed", "settled", "remembered")


def campaign_of(case: Bad, way: str, twin: bool) -> int:
    """The campaign that holds a case's row."""
    return 1000 + CASES.index(case) * 4 + (2 if way == "settled" else 0) + twin


def prepare(connection: psycopg.Connection[Any], case: Bad) -> None:
    """The case's campaigns, each with a good row."""
    for key in (campaign_of(case, way, twin) for way in ("settled", "changed") for twin in (False, True)):
        campaign(connection, str(key), name="One of four")
        task(connection, 2 * key, key)
        call(connection, 2 * key, key)


def write(connection: psycopg.Connection[Any], case: Bad, way: str, stamp: datetime) -> None:
    """The bad row and its twin."""
    for twin in (False, True):
        key = campaign_of(case, way, twin)
        values = {"updated_at": stamp, case.column: None if twin else case.value}
        if case.relation == "tasks":
            status = "in_progress" if case.column == "last_attempted_at" else "pending"
            task(connection, 2 * key + 1, key, **{"status": status, **values})
        else:
            call(connection, 2 * key + 1, key, **values)


@dataclass
class Seen:
    """What the exporter that saw the bad rows arrive shows, and one that started after them."""

    running: Exporter
    fresh: Exporter
    scrapes: dict[str, Scrape]

    def __post_init__(self) -> None:
        self.by_campaign: dict[tuple[str, str], dict[Any, float]] = {}
        for way, scrape in self.scrapes.items():
            for (name, labels), value in scrape.samples.items():
                others = tuple(label for label in labels if label[0] != "campaign")
                self.by_campaign.setdefault((way, dict(labels).get("campaign", "")), {})[(name, others)] = value

    def samples(self, way: str, key: int) -> dict[Any, float]:
        """A campaign's samples without its id."""
        return self.by_campaign[(way, str(key))]


@pytest.fixture(scope="module")
def seen(server: EmbeddedServer) -> Iterator[Seen]:
    server.create_database("bad_values")
    url = server.url("bad_values")
    with (
        contract.session(url) as owner,
        exporting(url, audit={"period": "1h"}) as running,
        exporting(url) as fresh,
    ):
        with owner.transaction():
            platforms.create(owner)
            for case in CASES:
                prepare(owner, case)
                write(owner, case, "settled", SETTLED)
        running.refresher.refresh()
        with owner.transaction():
            for case in CASES:
                write(owner, case, "changed", NOW + timedelta(seconds=1))
        changed, read = running.refresh(), fresh.refresh()
        while running.refresher.pending:  # what one refresh has no time for
            changed = running.refresh()
        yield Seen(running, fresh, {"changed": changed, "settled": read, "remembered": read})
    server.drop_database("bad_values")


@pytest.mark.parametrize(
    ("case", "way"),
    # A row whose stamp is no time never was in the range of the changed ones: that is the audit's part.
    [(case, way) for way in WAYS for case in CASES if way != "changed" or case.column != "updated_at"],
    ids=str,
)
def test_a_value_out_of_range_shows_as_if_it_were_null(seen: Seen, case: Bad, way: str) -> None:
    bad, twin = (seen.samples(way, campaign_of(case, way, twin)) for twin in (False, True))
    assert len(bad) > 50
    assert bad == twin


@pytest.mark.parametrize("way", WAYS)
def test_the_other_campaign_is_intact(seen: Seen, way: str) -> None:
    assert_intact(seen.scrapes[way])


def test_each_bad_value_is_counted_once_by_relation_and_column(seen: Seen) -> None:
    expected = Counter((case.relation, case.column, "out_of_range") for case in CASES for _ in ("settled", "changed"))
    for rule in list(expected):
        if rule[:2] in REQUIRED:  # the null of the twin is not allowed either
            expected[rule] *= 2
    assert seen.fresh.violations() == expected
    unseen = {("tasks", "updated_at"), ("calls", "updated_at")}
    assert {rule: n for rule, n in seen.running.violations().items() if rule[:2] not in unseen} == {
        rule: n for rule, n in expected.items() if rule[:2] not in unseen
    }


def test_the_audit_finds_the_ledger_equal_to_sql(seen: Seen, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(auditor, "_EARLY_AUDIT_SECONDS", 60.0)
    while seen.fresh.counted("audits_total") < len(CASES) * 4:
        seen.fresh.refresher.refresh()
        seen.fresh.seconds += 2
    assert seen.fresh.corrections() == 0


@pytest.mark.parametrize("twin", [False, True], ids=["bad", "null"])
def test_a_bad_value_costs_only_itself(seen: Seen, twin: bool) -> None:
    case = next(case for case in CASES if str(case) == "calls.ai_cost NaN")
    key = str(campaign_of(case, "changed", twin))
    scrape = seen.scrapes["changed"]
    assert scrape.by("campaign_calls_total", "outcome", campaign=key) == {"answered": 2}
    assert scrape.by("campaign_call_cost_total", "component", campaign=key) == {"ai": 0.5, "telephony": 0.5}
    assert scrape.value("campaign_call_talk_seconds_sum", campaign=key) == 20


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("column", ["created_at", "next_eligible_at"])
def test_a_ready_task_of_no_known_age_does_not_hide_the_age_of_the_others(seen: Seen, column: str, way: str) -> None:
    case = next(case for case in CASES if str(case) == f"tasks.{column} infinity")
    key = str(campaign_of(case, way, False))
    assert seen.scrapes[way].value("campaign_task_oldest_ready_timestamp_seconds", campaign=key) == SETTLED.timestamp()
    assert seen.scrapes[way].by("campaign_tasks_blocked", "blocker", campaign=key) == {"none": 2}
