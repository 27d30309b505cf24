"""Rows that become visible long after they were stamped are read all the same."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from typing import Any

import psycopg
import pytest

from exporter.config import parse
from exporter.metrics.self_metrics import Telemetry
from exporter.refresh.refresher import Refresher
from exporter.source.database import Database
from tests.support import contract
from tests.support.exporting import Scrape, parse_text
from tests.support.prometheus import wait_for

INSERT = """
INSERT INTO campaign_monitoring.tasks (task_id, campaign_id, status, attempts, max_attempts, created_at, updated_at)
SELECT 1, 1, 'pending', 0, 3, stamp, stamp FROM (SELECT {stamp} AS stamp OFFSET 0) AS made
"""
WAITING = "CASE WHEN pg_advisory_lock(1) IS NOT NULL THEN statement_timestamp() END"


class Watcher:
    """An exporter on the database's own clock, without any allowance to hide behind."""

    def __init__(self, url: str) -> None:
        config = parse(f'{{database: {{url: "{url}"}}, refresh: {{clock_allowance: 1ms}}}}', "test", {})
        self.telemetry = Telemetry()
        self.refresher = Refresher(config, Database(config), self.telemetry)

    def look(self) -> Scrape:
        return parse_text(self.refresher.refresh().text)

    def pending(self) -> float:
        return self.look().value("campaign_tasks", campaign="1", status="pending")

    def rows_read(self) -> float:
        own = parse_text(self.telemetry.encode()[0])
        return own.value("campaign_exporter_rows_read_total", relation="tasks")


@pytest.fixture
def owner(database_url: str) -> Iterator[psycopg.Connection[Any]]:
    with contract.session(database_url) as connection:
        contract.create(connection)
        contract.insert(connection, "tenants", tenant_id=1, name="T")
        contract.insert(connection, "campaigns", campaign_id=1, tenant_id=1, name="C", status="running", timezone="UTC")
        yield connection


@pytest.fixture
def watcher(database_url: str, owner: psycopg.Connection[Any]) -> Iterator[Watcher]:
    del owner
    made = Watcher(database_url)
    yield made
    made.refresher.disconnect()


@pytest.fixture
def slow(database_url: str) -> Iterator[psycopg.Connection[Any]]:
    """A session that takes its time."""
    with psycopg.connect(database_url) as connection:
        yield connection


def insert(connection: psycopg.Connection[Any], stamp: str = "now()") -> None:
    connection.execute(INSERT.replace("{stamp}", stamp).encode())


def test_a_row_of_a_transaction_that_commits_late_is_read(watcher: Watcher, slow: psycopg.Connection[Any]) -> None:
    insert(slow)
    assert [watcher.pending() for _ in range(3)] == [0, 0, 0]
    slow.commit()
    assert watcher.pending() == 1


def test_a_row_of_a_transaction_that_read_for_long_before_it_wrote_is_read(
    watcher: Watcher, slow: psycopg.Connection[Any]
) -> None:
    slow.execute("SELECT 1")
    assert [watcher.pending() for _ in range(3)] == [0, 0, 0]
    insert(slow)
    slow.commit()
    assert watcher.pending() == 1


def test_a_row_stamped_by_the_statement_that_waited_before_it_wrote_is_read(
    database_url: str, watcher: Watcher, slow: psycopg.Connection[Any]
) -> None:
    with psycopg.connect(database_url, autocommit=True) as holder:
        holder.execute("SELECT pg_advisory_lock(1)")
        slow.execute("SELECT 1")

        def write() -> None:
            insert(slow, WAITING)
            slow.commit()

        thread = threading.Thread(target=write)
        thread.start()
        wait_for(
            "the statement to wait",
            lambda: holder.execute("SELECT 1 FROM pg_locks WHERE locktype = 'advisory' AND NOT granted").fetchone(),
        )
        assert [watcher.pending() for _ in range(3)] == [0, 0, 0]
        holder.execute("SELECT pg_advisory_unlock(1)")
        thread.join()
    assert watcher.pending() == 1


def test_a_prepared_transaction_is_read_when_it_is_committed(
    watcher: Watcher, slow: psycopg.Connection[Any], owner: psycopg.Connection[Any]
) -> None:
    watcher.look()
    insert(slow)
    slow.execute("PREPARE TRANSACTION 'late'")
    slow.commit()
    assert [watcher.pending() for _ in range(3)] == [0, 0, 0]
    owner.execute("COMMIT PREPARED 'late'")
    assert watcher.pending() == 1


def test_a_transaction_prepared_before_the_exporter_came_is_read_when_it_is_committed(
    watcher: Watcher, slow: psycopg.Connection[Any], owner: psycopg.Connection[Any]
) -> None:
    insert(slow, "now() - interval '3 days'")
    slow.execute("PREPARE TRANSACTION 'early'")
    slow.commit()
    assert [watcher.pending() for _ in range(3)] == [0, 0, 0]
    owner.execute("COMMIT PREPARED 'early'")
    assert watcher.pending() == 1


def test_a_long_reader_does_not_make_refreshes_read_again_what_was_read(
    watcher: Watcher, slow: psycopg.Connection[Any], owner: psycopg.Connection[Any]
) -> None:
    watcher.look()
    slow.execute("SELECT 1")
    for number in range(50):
        owner.execute(
            "INSERT INTO campaign_monitoring.tasks (task_id, campaign_id, status, attempts, max_attempts, created_at, "
            "updated_at) VALUES (%s, 1, 'pending', 0, 3, clock_timestamp(), clock_timestamp())",
            (number,),
        )
    assert watcher.pending() == 50
    before = watcher.rows_read()
    for _ in range(5):
        watcher.look()
    assert watcher.rows_read() - before <= 50
    slow.rollback()
    assert watcher.pending() == 50


def test_a_row_of_a_session_that_does_not_report_its_activity_is_read(
    watcher: Watcher, slow: psycopg.Connection[Any]
) -> None:
    slow.execute("SET track_activities = off")
    slow.commit()
    watcher.look()
    insert(slow)
    assert [watcher.pending() for _ in range(3)] == [0, 0, 0]
    slow.commit()
    assert watcher.pending() == 1


def test_a_row_of_a_transaction_that_nobody_may_see_is_read_when_it_is_committed(
    owner: psycopg.Connection[Any], database_url: str, slow: psycopg.Connection[Any]
) -> None:
    owner.execute(
        "CREATE ROLE blind_reader LOGIN; GRANT USAGE ON SCHEMA campaign_monitoring TO blind_reader; "
        "GRANT SELECT ON ALL TABLES IN SCHEMA campaign_monitoring TO blind_reader"
    )
    watcher = Watcher(psycopg.conninfo.make_conninfo(database_url, user="blind_reader"))
    try:
        watcher.look()
        insert(slow)
        assert [watcher.pending() for _ in range(3)] == [0, 0, 0]
        slow.commit()
        assert watcher.pending() == 1
    finally:
        watcher.refresher.disconnect()


def test_a_row_is_read_that_is_committed_just_as_the_right_to_see_transactions_is_taken(
    owner: psycopg.Connection[Any], database_url: str, slow: psycopg.Connection[Any]
) -> None:
    owner.execute(
        "CREATE ROLE late_reader LOGIN IN ROLE pg_monitor; GRANT USAGE ON SCHEMA campaign_monitoring TO late_reader; "
        "GRANT SELECT ON ALL TABLES IN SCHEMA campaign_monitoring TO late_reader"
    )
    watcher = Watcher(psycopg.conninfo.make_conninfo(database_url, user="late_reader"))
    try:
        insert(slow)
        for _ in range(3):  # nothing is read again because of a transaction that is seen to be open
            assert watcher.pending() == 0
        slow.commit()
        owner.execute("REVOKE pg_monitor FROM late_reader")
        assert watcher.pending() == 1
    finally:
        watcher.refresher.disconnect()
        owner.execute("DROP OWNED BY late_reader; DROP ROLE late_reader")
