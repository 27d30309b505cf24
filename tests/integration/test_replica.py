"""On a replica: figures are as of what it has replayed, what is replayed late is read, a promotion begins anew."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import psycopg
import pytest
from psycopg import sql
from psycopg.conninfo import conninfo_to_dict

from exporter.commands.explain.command import explain
from exporter.demo.runtime.server import EmbeddedServer
from tests.support import contract, platforms
from tests.support.exporting import Exporter, Loop, exporting, looping
from tests.support.prometheus import wait_for
from tests.support.standby import Standby, standby

Owner = psycopg.Connection[Any]
SETTINGS: Any = {"audit": {"period": "7d"}, "refresh": {"overlap": "1s", "clock_allowance": "1ms"}}
"""Nothing is audited, and little is read again."""


@pytest.fixture(scope="module")
def shared(server: EmbeddedServer) -> Iterator[Standby]:
    """A replica for all of these tests but those that end it."""
    with standby(server.url()) as made:
        yield made


@pytest.fixture
def replica(owner: Owner, shared: Standby) -> Standby:
    """It has what the owner has."""
    shared.follow(owner)
    return shared


@pytest.fixture
def exporter(replica: Standby, database_url: str) -> Iterator[Exporter]:
    """An exporter of the replica, on the database's own clock."""
    with exporting(replica.url(name_of(database_url)), **SETTINGS) as made:
        made.refresher._clock = lambda now: now
        yield made


@contextmanager
def loop_of(replica: Standby, database_url: str, **settings: Any) -> Iterator[Loop]:
    with looping(replica.url(name_of(database_url)), **SETTINGS, **settings) as made:
        made.service._refresher._clock = lambda now: now
        yield made


def name_of(url: str) -> str:
    return str(conninfo_to_dict(url)["dbname"])


@contextmanager
def paused(replica: Standby) -> Iterator[None]:
    with contract.session(replica.url("postgres")) as there:
        there.execute("SELECT pg_wal_replay_pause()")
        try:
            yield
        finally:
            there.execute("SELECT pg_wal_replay_resume()")


@contextmanager
def cut_off(replica: Standby) -> Iterator[None]:
    """Its receiver finds no primary; what it had received is replayed."""
    with contract.session(replica.url("postgres")) as there:
        ((before,),) = there.execute("SHOW primary_conninfo").fetchall()
        connect_to(there, "host=/nowhere")
        try:
            wait_for("the receiver's end", lambda: not there.execute("SELECT pid FROM pg_stat_wal_receiver").fetchall())
            yield
        finally:
            connect_to(there, before)


@contextmanager
def asking(replica: Standby, timeout: str) -> Iterator[None]:
    """Its receiver asks its primary whether it is there when it heard nothing for half of this."""
    with contract.session(replica.url("postgres")) as there:
        there.execute(sql.SQL("ALTER SYSTEM SET wal_receiver_timeout = {}").format(sql.Literal(timeout)))
        there.execute("SELECT pg_reload_conf()")
        try:
            yield
        finally:
            there.execute("ALTER SYSTEM RESET wal_receiver_timeout")
            there.execute("SELECT pg_reload_conf()")


def connect_to(there: psycopg.Connection[Any], primary: str) -> None:
    there.execute(sql.SQL("ALTER SYSTEM SET primary_conninfo = {}").format(sql.Literal(primary)))
    there.execute("SELECT pg_reload_conf()")


def pending(exporter: Exporter) -> float:
    return exporter.refresh().value("campaign_tasks", campaign="1", status="pending")


def as_of(exporter: Exporter) -> float:
    exporter.refresh()
    return exporter.counted("data_timestamp_seconds")


def source(exporter: Exporter) -> dict[str, str]:
    ((_, labels),) = exporter.own().of("campaign_exporter_source_info")
    return dict(labels)


def add(owner: Owner, key: int, stamp: str = "now()") -> None:
    owner.execute(
        "INSERT INTO campaign_monitoring.tasks (task_id, campaign_id, status, attempts, max_attempts, created_at, "
        f"updated_at) VALUES (%s, 1, 'pending', 0, 3, {stamp}, {stamp})".encode(),
        (key,),
    )


def test_what_was_written_while_replay_was_paused_for_longer_than_the_overlap_is_read(
    owner: Owner, replica: Standby, exporter: Exporter
) -> None:
    assert pending(exporter) == 3
    with paused(replica):
        add(owner, 1001)
        exporter.refresh()
        owner.execute("SELECT pg_sleep(1.5)")
        exporter.refresh()
        assert pending(exporter) == 3
    replica.follow(owner)
    assert pending(exporter) == 4


def test_a_paused_replica_is_as_of_before_the_pause_and_nothing_becomes_due_there(
    owner: Owner, replica: Standby, exporter: Exporter
) -> None:
    owner.execute("UPDATE campaign_monitoring.tasks SET next_eligible_at = now() + interval '1 s', updated_at = now()")
    replica.follow(owner)
    exporter.refresh()
    with paused(replica):
        add(owner, 1001)
        wait_for("the write to arrive", lambda: exporter.refresh() and source(exporter)["state"] == "paused")
        before = as_of(exporter)
        owner.execute("SELECT pg_sleep(1.5)")
        scrape = exporter.refresh()
        assert exporter.counted("data_timestamp_seconds") == before
        assert source(exporter)["state"] == "paused"
        explained = explain(exporter.config, "1", None).card
        assert explained["age_seconds"] > 1
        assert any("replay is paused" in note for note in explained["notes"])
        assert scrape.value("campaign_tasks_blocked", campaign="1", blocker="retry_wait") == 3
    add(owner, 1002)
    replica.follow(owner)
    scrape = exporter.refresh()
    assert scrape.value("campaign_tasks_blocked", campaign="1", blocker="none") == 5
    assert source(exporter)["state"] == "current"


def test_a_paused_replica_is_withheld_past_max_staleness_and_says_why(
    owner: Owner, replica: Standby, database_url: str
) -> None:
    with loop_of(replica, database_url, max_staleness="10ms") as loop, paused(replica):
        add(owner, 1001)
        wait_for("the write to arrive", lambda: loop.step() and loop.service.page.promise.state == "paused")
        assert loop.service.stale(loop.service.page)
        assert "replay is paused" in loop.service.page.promise.caveats[0].sentence


def test_an_idle_primary_does_not_make_its_replica_look_old(replica: Standby, exporter: Exporter) -> None:
    with asking(replica, "2s"):
        first = as_of(exporter)
        wait_for("a sign of life", lambda: as_of(exporter) > first + 1)
        assert source(exporter)["state"] == "current"


def test_between_signs_of_life_an_idle_primary_is_not_too_old(replica: Standby, database_url: str) -> None:
    with loop_of(replica, database_url, max_staleness="10ms") as loop:
        loop.step()
        assert not loop.service.stale(loop.service.page)


def test_without_its_primary_a_replica_gets_old_and_is_up_to_date_when_it_is_back(
    owner: Owner, replica: Standby, exporter: Exporter
) -> None:
    exporter.refresh()
    with cut_off(replica):
        last = as_of(exporter)
        owner.execute("SELECT pg_sleep(1)")
        assert as_of(exporter) == last
        assert (source(exporter)["state"], source(exporter)["server"]) == ("disconnected", "streaming_replica")
        add(owner, 1001)
    replica.follow(owner)
    assert pending(exporter) == 4
    wait_for("a sign of life", lambda: as_of(exporter) > last and source(exporter)["state"] == "current")


def test_without_pg_monitor_a_replica_is_as_old_as_its_receiver_may_be_silent(
    owner: Owner, replica: Standby, database_url: str
) -> None:
    name = name_of(database_url)
    owner.execute(f"CREATE ROLE blind_{name} LOGIN".encode())
    owner.execute(f"GRANT USAGE ON SCHEMA campaign_monitoring TO blind_{name}".encode())
    owner.execute(f"GRANT SELECT ON ALL TABLES IN SCHEMA campaign_monitoring TO blind_{name}".encode())
    replica.follow(owner)
    with exporting(replica.url(name, f"blind_{name}"), **SETTINGS) as exporter:
        exporter.refresh()
        assert source(exporter)["state"] == "current"
        assert "pg_monitor" in exporter.refresher.promise.caveats[0].said
    owner.execute(f"DROP OWNED BY blind_{name}".encode())
    owner.execute(f"DROP ROLE blind_{name}".encode())


def test_after_a_promotion_under_a_kept_session_slow_transactions_are_seen(
    owner: Owner, server: EmbeddedServer, database_url: str
) -> None:
    with standby(server.url()) as promoted:
        promoted.follow(owner)
        with exporting(promoted.url(name_of(database_url)), **SETTINGS) as exporter:
            exporter.refresher._clock = lambda now: now
            assert pending(exporter) == 3
            promoted.promote()
            with psycopg.connect(promoted.url(name_of(database_url))) as slow:
                add(slow, 1001)
                assert pending(exporter) == 3
                assert exporter.counted("transactions_watched") == 1
                assert (source(exporter)["server"], source(exporter)["state"]) == ("primary", "current")
                slow.execute("SELECT pg_sleep(1.5)")
                assert pending(exporter) == 3
                slow.commit()
            assert pending(exporter) == 4


def test_the_figures_of_a_replica_equal_sql_on_it(owner: Owner, replica: Standby, exporter: Exporter) -> None:
    platforms.task(owner, 2001, 1, status="completed")
    add(owner, 1001)
    replica.follow(owner)
    scrape = exporter.refresh()
    with contract.session(replica.url(owner.info.dbname)) as there:
        rows = there.execute(
            "SELECT status, count(*) FROM campaign_monitoring.tasks WHERE campaign_id = 1 GROUP BY 1"
        ).fetchall()
    assert scrape.by("campaign_tasks", "status", campaign="1") == dict(rows)
