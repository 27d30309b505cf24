"""Projections that are counted by one statement say what a statement for each says."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import psycopg
import pytest

from exporter.calendar.call_windows import Range, Schedule
from exporter.calendar.closed_times import ClosedTimes
from exporter.calendar.days import day_at, zone
from exporter.refresh.session import Session, open_session
from exporter.source.database import Database, Rows, fetch
from exporter.source.moment import Moment
from exporter.source.projections import PROJECTIONS
from exporter.source.query_time import Meter
from exporter.source.reader import Reader
from exporter.source.totals_reader import Scope
from tests.support import contract, platforms, rich
from tests.support.exporting import NOW, config

MOMENT = Moment(NOW.timestamp(), 3600.0, 1800.0)
UTC = zone("UTC")
"""The day of the rows' tenant."""


@pytest.fixture
def session(database_url: str) -> Iterator[Session]:
    """Of a platform with rows of every kind, some of them broken."""
    with contract.session(database_url) as owner:
        rich.create(owner)
        platforms.task(owner, "x", "1", status="completed", variant="A", goal_met=True, attempts=-1, updated_at=NOW)
        for row, outcome in enumerate(("answered", "failed", "answered")):
            platforms.call(
                owner, f"x{row}", "1", outcome=outcome, error_code=f"48{row}", score=101 * row, attempt=-1 + row,
                talk_seconds=-1 + 7 * row, number_id=None if row else "1", variant=None, started_at=NOW,
                agent_spoke_at=None,
            )  # fmt: skip
        platforms.task(owner, "y", "1", attempts=0, updated_at=NOW)
        rang = NOW - timedelta(seconds=9)
        platforms.call(
            owner, "y0", "1", outcome="answered", variant="A", started_at=rang, answered_at=rang + timedelta(seconds=4),
            agent_spoke_at=rang + timedelta(seconds=6), ended_at=NOW,
        )  # fmt: skip
        platforms.call(owner, "y1", "1", outcome="no_answer", started_at=rang, ended_at=NOW)
    database = Database(config(database_url))
    made = open_session(database, Meter())
    with database.snapshot(made.connection):
        yield made
    made.close()


@pytest.mark.parametrize("settled", [False, True])
def test_one_statement_counts_what_a_statement_for_each_counts(session: Session, settled: bool) -> None:
    reader, connection = Reader(session.available), session.connection
    assert UTC is not None
    scope = Scope(
        ["1"], MOMENT, settled=settled, day=day_at(NOW.timestamp(), UTC), attempts=3,
        closed=ClosedTimes({"1": Schedule((Range(frozenset({0}), 0, 1),), UTC)}, NOW.timestamp() + 86_400),
    )  # fmt: skip
    alone = {each.name: plain(reader.totals.of(connection, each, scope, Meter())) for each in PROJECTIONS}
    together = {each.name: plain(rows) for each, rows in reader.totals.of_each(connection, PROJECTIONS, scope, Meter())}
    assert together == alone
    assert settled or [name for name, rows in alone.items() if not rows] == []


def test_a_server_that_has_no_room_for_the_rows_counts_them_by_a_statement_for_each(database_url: str) -> None:
    with contract.session(database_url) as owner:
        rich.create(owner)
        owner.execute(
            "INSERT INTO campaign_monitoring.tasks (task_id, campaign_id, status, attempts, created_at, updated_at) "
            "SELECT 'many' || n, '1', 'completed', 1, %s, %s FROM generate_series(1, 10000) AS n", (NOW, NOW)
        )  # fmt: skip
        owner.execute("DO $$BEGIN EXECUTE format('ALTER DATABASE %I SET work_mem = 64', current_database()); END$$")
        owner.execute(
            "DO $$BEGIN EXECUTE format('ALTER DATABASE %I SET temp_file_limit = 400', current_database()); END$$"
        )
    made = open_session(Database(config(database_url)), Meter())
    tasks = [each for each in PROJECTIONS if each.relation == "tasks"]
    with made.database.snapshot(made.connection):
        together = Reader(made.available).statements("tasks").together(tasks, settled=False)
        with pytest.raises(psycopg.errors.ConfigurationLimitExceeded), made.connection.transaction():
            fetch(made.connection, together.query, **MOMENT.parameters(), campaigns=["1"])
        scope = Scope(["1"], MOMENT, settled=False)
        counted = dict(Reader(made.available).totals.of_each(made.connection, tasks, scope, Meter()))
    made.close()
    rows = {each.name: plain(found) for each, found in counted.items()}
    assert sum(int(count) for _, status, count in rows["tasks"] if status == "completed") >= 10_000


def plain(rows: Rows) -> list[list[str]]:
    return sorted([str(value) for value in row] for row in rows)
