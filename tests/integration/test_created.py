"""When counters began, as OpenMetrics tells it: from the database's own times, the same from every exporter."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import psycopg
import pytest

from tests.support import contract, platforms
from tests.support.exporting import NOW, Exporter, exporting
from tests.support.restarts import restarted

Owner = psycopg.Connection[Any]
ON: dict[str, Any] = {"openmetrics": {"created": True}}
STARTED = NOW - timedelta(hours=2)


@pytest.fixture
def owner(database_url: str) -> Iterator[Owner]:
    with contract.session(database_url) as connection:
        platforms.create(connection)
        connection.execute("TRUNCATE campaign_monitoring.calls, campaign_monitoring.tasks")
        connection.execute("UPDATE campaign_monitoring.campaigns SET started_at = %s", [STARTED])
        yield connection


def call(owner: Owner, key: int, minutes: float, **values: Any) -> None:
    """A call of so many minutes ago."""
    at = NOW - timedelta(minutes=minutes)
    times = {"started_at": at, "created_at": at, "updated_at": at, "eligible_at": at}
    platforms.call(owner, key, 1, **{"outcome": "answered", "talk_seconds": 7, **times, **values})


def created(exporter: Exporter) -> dict[str, float]:
    """By family, when the counters of the first campaign began: one moment for all of a family's series."""
    snapshot = exporter.snapshot
    assert snapshot is not None
    found: dict[str, set[float]] = {}
    for line in snapshot.openmetrics.decode().splitlines():
        if matched := re.match(r'(\w+)_created\{campaign="1".*\} (\S+)', line):
            found.setdefault(matched[1], set()).add(float(matched[2]))
    return {family: value for family, (value,) in found.items()}


def test_nothing_is_said_of_it_unless_it_is_asked_for(owner: Owner, database_url: str) -> None:
    call(owner, 1, 5)
    with exporting(database_url) as plain, exporting(database_url, **ON) as told:
        plain.refresh(), told.refresh()
        assert created(plain) == {}
        assert plain.snapshot is not None
        assert told.snapshot is not None
        assert told.snapshot.text == plain.snapshot.text
        lines = [line for line in told.snapshot.openmetrics.splitlines(True) if b"_created{" not in line]
        assert b"".join(lines) == plain.snapshot.openmetrics


def test_counters_began_with_the_campaign(owner: Owner, database_url: str) -> None:
    call(owner, 1, 5)
    with exporting(database_url, **ON) as exporter:
        exporter.refresh()
        found = created(exporter)
    assert set(found.values()) == {STARTED.timestamp()}
    assert {"campaign_calls", "campaign_call_talk_seconds", "campaign_call_cost"} <= found.keys()


def test_they_began_no_later_than_the_first_row_they_count(owner: Owner, database_url: str) -> None:
    call(owner, 1, 5)
    platforms.task(owner, 7, 1, created_at=NOW - timedelta(days=3), updated_at=NOW, system_retries=1)
    with exporting(database_url, settle_after="1m", **ON) as exporter:
        exporter.refresh()
        assert created(exporter)["campaign_task_system_retries"] == (NOW - timedelta(days=3)).timestamp()
        assert created(exporter)["campaign_calls"] == STARTED.timestamp()
        call(owner, 2, 300, updated_at=NOW, outcome="busy")
        exporter.refresh()
        assert set(created(exporter).values()) == {
            (NOW - timedelta(days=3)).timestamp(), (NOW - timedelta(minutes=300)).timestamp(),
        }  # fmt: skip
        with exporting(database_url, settle_after="1m", **ON) as other:
            other.refresh()
            assert created(other) == created(exporter)


def test_where_no_start_is_told_they_began_with_their_first_row(owner: Owner, database_url: str) -> None:
    owner.execute("UPDATE campaign_monitoring.campaigns SET started_at = NULL")
    with exporting(database_url, **ON) as exporter:
        exporter.refresh()
        assert created(exporter) == {}
        call(owner, 1, 5, updated_at=NOW)
        exporter.refresh()
        assert set(created(exporter).values()) == {(NOW - timedelta(minutes=5)).timestamp()}


def test_a_start_that_is_told_late_is_shown(owner: Owner, database_url: str) -> None:
    owner.execute("UPDATE campaign_monitoring.campaigns SET started_at = NULL")
    call(owner, 1, 5)
    with exporting(database_url, **ON) as exporter:
        exporter.refresh()
        owner.execute("UPDATE campaign_monitoring.campaigns SET started_at = %s", [STARTED])
        exporter.refresh()
        assert set(created(exporter).values()) == {STARTED.timestamp()}


def test_what_is_carried_after_a_purge_keeps_its_start(owner: Owner, database_url: str) -> None:
    owner.execute("UPDATE campaign_monitoring.campaigns SET started_at = NULL")
    call(owner, 1, 90)
    call(owner, 2, 5)
    before = {"campaign_calls": (NOW - timedelta(minutes=90)).timestamp()}
    with exporting(database_url, **ON) as exporter:
        exporter.refresh()
        owner.execute("DELETE FROM campaign_monitoring.calls WHERE call_id = 1")
        owner.execute("SELECT pg_stat_force_next_flush()")
        for seconds in (0, 2, 4):
            exporter.seconds = NOW.timestamp() + seconds
            scrape = exporter.refresh()
        assert scrape.value("campaign_calls_total", campaign="1", outcome="answered") == 2
        assert created(exporter)["campaign_calls"] == before["campaign_calls"]
        with restarted(exporter, **ON) as after:
            scrape = after.refresh()
            assert scrape.value("campaign_calls_total", campaign="1", outcome="answered") == 2
            assert created(after)["campaign_calls"] == before["campaign_calls"]
