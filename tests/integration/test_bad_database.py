"""A database that is away, restarts, hangs, refuses or is locked: the last numbers are served, then it works again."""

from __future__ import annotations

import os
import signal
import socket
import tempfile
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest
from structlog.testing import capture_logs

from exporter.demo.runtime.server import EmbeddedServer
from exporter.ledger.audit import AuditSchedule
from exporter.refresh import service
from exporter.source.connecting import resting
from exporter.source.reader import Reader
from tests.support import contract, memory, platforms
from tests.support.exporting import NOW, Loop, exporting, looping
from tests.support.platforms import assert_intact, call
from tests.support.prometheus import wait_for

Owner = psycopg.Connection[Any]


@pytest.fixture
def own_server() -> Iterator[EmbeddedServer]:
    """A server that a test may stop."""
    with (
        tempfile.TemporaryDirectory(
            prefix="campaign-exporter-", dir=memory.parent(), ignore_cleanup_errors=True
        ) as directory,
        EmbeddedServer(Path(directory)) as running,
    ):
        yield running


@pytest.fixture
def loop(database_url: str) -> Iterator[Loop]:
    with looping(database_url) as made:
        yield made


def backends(owner: Owner) -> list[int]:
    """The server's processes that work for the exporter."""
    rows = owner.execute(
        "SELECT pid FROM pg_stat_activity "
        "WHERE datname = current_database() AND backend_type = 'client backend' AND pid <> pg_backend_pid()"
    )
    return [row[0] for row in rows]


def assert_failing(loop: Loop, kind: str, *words: str) -> None:
    """The next refresh fails of this, and what was there before is served on."""
    before = loop.scrape().of(campaign="1")
    count = loop.errors().get(kind, 0)
    assert not loop.step()
    assert loop.errors()[kind] == count + 1
    assert [word for word in words if word not in loop.problem] == []
    assert loop.scrape().value("campaign_exporter_up") == 0
    assert loop.scrape().of(campaign="1") == before


def assert_working(loop: Loop) -> None:
    """The next refresh shows the right numbers."""
    assert loop.step(), loop.problem
    assert loop.scrape().value("campaign_exporter_up") == 1
    assert_intact(loop.scrape())


def test_a_server_that_is_absent_at_the_start_and_comes_later(own_server: EmbeddedServer) -> None:
    url = own_server.url()
    with contract.session(url) as owner:
        platforms.create(owner)
    own_server.stop()
    with looping(url) as loop:
        assert_failing(loop, "unavailable", "cannot connect to database 'postgres' on /", "as 'postgres'")
        assert loop.service.page.snapshot is None
        own_server.start()
        assert_working(loop)


def test_a_server_that_restarts_costs_one_refresh(own_server: EmbeddedServer) -> None:
    with contract.session(own_server.url()) as owner:
        platforms.create(owner)
    with looping(own_server.url()) as loop:
        assert_working(loop)
        own_server.stop()
        assert_failing(loop, "unavailable")
        assert_failing(loop, "unavailable", "cannot connect")
        own_server.start()
        with contract.session(own_server.url()) as owner:
            call(owner, 77, 1, outcome="voicemail")
        assert loop.step()
        outcomes = loop.scrape().by("campaign_calls_total", "outcome", campaign="1")
        assert outcomes == {"answered": 2, "busy": 1, "voicemail": 1}


def test_a_database_that_does_not_exist_yet(server: EmbeddedServer) -> None:
    with looping(server.url("not_yet")) as loop:
        assert_failing(loop, "unavailable", "cannot connect", 'database "not_yet" does not exist')
        server.create_database("not_yet")
        assert_failing(loop, "contract", "campaigns: the schema 'campaign_monitoring' has no such relation")
        with contract.session(server.url("not_yet")) as owner:
            platforms.create(owner)
        assert_working(loop)
    server.drop_database("not_yet")


def test_a_server_that_accepts_and_never_answers_is_given_up() -> None:
    with socket.create_server(("127.0.0.1", 0)) as deaf:
        port = deaf.getsockname()[1]
        with looping(f"postgresql://me@127.0.0.1:{port}/x") as loop:
            assert_failing(loop, "unavailable", f"on 127.0.0.1 port {port}", "timeout")


def test_a_port_where_nobody_listens_is_a_clear_problem() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    with looping(f"postgresql://me@127.0.0.1:{port}/x") as loop:
        assert_failing(loop, "unavailable", f"on 127.0.0.1 port {port} as 'me'", "refused")


def cut_off_while_waiting(owner: Owner, loop: Loop) -> None:
    """Let the server process hang that a refresh waits for, until the refresh has given it up."""
    waiting = "SELECT pid FROM pg_locks WHERE relation = 'campaign_monitoring.calls'::regclass AND NOT granted"
    refreshing = threading.Thread(target=loop.step)
    with owner.transaction():
        owner.execute("LOCK TABLE campaign_monitoring.calls IN ACCESS EXCLUSIVE MODE")
        refreshing.start()
        while (found := owner.execute(waiting).fetchone()) is None:
            refreshing.join(0.01)
        os.kill(found[0], signal.SIGSTOP)
        try:
            while refreshing.is_alive():
                loop.service.watch()
                refreshing.join(0.02)
        finally:
            os.kill(found[0], signal.SIGCONT)
    assert loop.errors() == {"unavailable": 1}
    assert "the connection was lost" in loop.problem


@pytest.mark.parametrize("loaded", [True, False], ids=["reads what changed", "loads everything"])
def test_a_server_that_hangs_in_a_statement_is_cut_off(
    owner: Owner, database_url: str, monkeypatch: pytest.MonkeyPatch, loaded: bool
) -> None:
    with looping(database_url, database={"lock_timeout": "30s"}) as loop:
        if loaded:
            assert_working(loop)
        limit = loop.service._config.database.statement_timeout if loaded else loop.service._refresher.patience
        monkeypatch.setattr(service, "_GRACE_SECONDS", 0.3 - limit)
        cut_off_while_waiting(owner, loop)
        assert_working(loop)


def test_stopping_does_not_wait_for_a_server_that_hangs(owner: Owner, loop: Loop) -> None:
    assert_working(loop)
    (pid,) = backends(owner)
    session = loop.service._refresher._session
    assert session is not None
    os.kill(pid, signal.SIGSTOP)
    try:
        loop.service.start()
        wait_for("the refresh to wait for it", lambda: not resting(session.connection))
        loop.service.stop(timeout=5)
        assert not loop.service.alive
    finally:
        os.kill(pid, signal.SIGCONT)


def test_a_connection_that_was_ended_at_rest_fails_no_refresh(owner: Owner, loop: Loop) -> None:
    assert_working(loop)
    for pid in backends(owner):
        owner.execute("SELECT pg_terminate_backend(%s, 5000)", (pid,))
    with capture_logs() as logs:
        assert_working(loop)
    assert loop.errors() == {}
    (entry,) = [entry for entry in logs if entry["event"] == "connecting anew"]
    assert "administrator command" in entry["why"]
    assert loop.scrape().value("campaign_exporter_campaigns_loaded_total", cause="new") == 2


def test_a_connection_that_went_silent_at_rest_fails_no_refresh(owner: Owner, database_url: str) -> None:
    """As when a firewall forgets it: nothing comes back, and nobody says so."""
    with looping(database_url) as loop:
        assert_working(loop)
        (pid,) = backends(owner)
        os.kill(pid, signal.SIGSTOP)
        try:
            assert_working(loop)
        finally:
            os.kill(pid, signal.SIGCONT)
        assert loop.errors() == {}


@pytest.mark.parametrize("relation", ["calls", "tasks", "campaigns", "numbers"])
def test_a_table_that_an_alter_holds_is_named_as_locked(owner: Owner, loop: Loop, relation: str) -> None:
    assert_working(loop)
    with owner.transaction():
        owner.execute(f"LOCK TABLE campaign_monitoring.{relation} IN ACCESS EXCLUSIVE MODE".encode())
        assert_failing(loop, "locked", "lock timeout", "somebody holds a table under the views")
    assert_working(loop)


def test_a_table_locked_while_loading_is_loaded_later(owner: Owner, loop: Loop) -> None:
    with owner.transaction():
        owner.execute("LOCK TABLE campaign_monitoring.calls IN ACCESS EXCLUSIVE MODE")
        assert_failing(loop, "locked", "lock timeout")
    assert_working(loop)


def test_a_statement_that_takes_too_long_is_named(owner: Owner, database_url: str) -> None:
    with looping(database_url, database={"statement_timeout": "200ms"}) as loop:
        assert_working(loop)
        owner.execute("ALTER TABLE campaign_monitoring.goals RENAME TO kept")
        owner.execute(
            "CREATE VIEW campaign_monitoring.goals AS SELECT k.* FROM pg_sleep(3), campaign_monitoring.kept AS k"
        )
        assert_failing(loop, "timeout", "statement timeout", "database.statement_timeout")
        owner.execute("CREATE OR REPLACE VIEW campaign_monitoring.goals AS SELECT * FROM campaign_monitoring.kept")
        assert_working(loop)


@pytest.fixture
def limited(owner: Owner, database_url: str) -> Iterator[str]:
    """The address for a role that may read, and may connect once."""
    owner.execute("CREATE ROLE limited LOGIN CONNECTION LIMIT 1")
    owner.execute("GRANT USAGE ON SCHEMA campaign_monitoring TO limited")
    owner.execute("GRANT SELECT ON ALL TABLES IN SCHEMA campaign_monitoring TO limited")
    yield database_url.replace("postgres@", "limited@")
    owner.execute("DROP OWNED BY limited")
    owner.execute("DROP ROLE limited")


def test_one_connection_is_enough_to_load(limited: str) -> None:
    with looping(limited, database={"load_connections": 4}) as loop:
        assert_working(loop)


def test_too_many_connections_are_a_clear_problem(limited: str) -> None:
    with looping(limited) as loop:
        with psycopg.connect(limited):
            assert_failing(loop, "unavailable", 'too many connections for role "limited"')
        assert_working(loop)


def test_without_pg_monitor_the_overlap_is_used_and_named(owner: Owner, limited: str) -> None:
    with looping(limited) as loop, capture_logs() as logs:
        assert_working(loop)
        call(owner, 77, 1, outcome="voicemail", updated_at=NOW, created_at=NOW)
        assert loop.step()
    outcomes = loop.scrape().by("campaign_calls_total", "outcome", campaign="1")
    assert outcomes == {"answered": 2, "busy": 1, "voicemail": 1}
    (entry,) = (entry for entry in logs if entry["event"] == "open transactions cannot be seen")
    assert entry["remedy"] == "make the role a member of pg_monitor"


@pytest.mark.parametrize(
    ("statement", "relation"),
    [
        ("REVOKE USAGE ON SCHEMA campaign_monitoring FROM limited", "campaigns"),
        ("REVOKE SELECT ON campaign_monitoring.tasks FROM limited", "tasks"),
    ],
)
def test_a_role_without_rights_is_told_what_to_grant(owner: Owner, limited: str, statement: str, relation: str) -> None:
    owner.execute(statement.encode())
    with looping(limited) as loop:
        assert_failing(loop, "contract", f"{relation}: the schema", "this role may read", "grant SELECT")


def test_a_right_that_is_taken_while_running_is_named_and_its_return_noticed(owner: Owner, limited: str) -> None:
    with looping(limited) as loop:
        assert_working(loop)
        owner.execute("REVOKE SELECT ON campaign_monitoring.calls FROM limited")
        assert_failing(loop, "contract", "permission denied for table calls", "campaign-exporter check")
        assert_failing(loop, "contract", "calls: the schema", "this role may read")
        owner.execute("GRANT SELECT ON campaign_monitoring.calls TO limited")
        assert_working(loop)


def test_an_optional_relation_without_rights_is_left_out(owner: Owner, limited: str) -> None:
    owner.execute("REVOKE SELECT ON campaign_monitoring.numbers FROM limited")
    with looping(limited) as loop:
        assert_working(loop)
        assert loop.scrape().value("campaign_exporter_relation_available", relation="numbers") == 0


def test_a_role_that_may_not_log_in_is_a_clear_problem(owner: Owner, limited: str) -> None:
    owner.execute("ALTER ROLE limited NOLOGIN")
    with looping(limited) as loop:
        assert_failing(loop, "unavailable", "as 'limited'", "is not permitted to log in")


def test_a_correction_that_was_cut_short_is_made_by_the_next_refresh(
    owner: Owner, database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def cut(*_: Any) -> None:
        raise psycopg.OperationalError("the connection was cut")

    with exporting(database_url) as exporter:
        exporter.refresh()
        owner.execute("DELETE FROM campaign_monitoring.calls WHERE campaign_id = 2")
        owner.execute("SELECT pg_stat_force_next_flush()")
        with monkeypatch.context() as patch:
            patch.setattr(Reader, "remembered", cut)
            with pytest.raises(psycopg.OperationalError):
                exporter.refresh()
        assert exporter.corrections() == 1
        monkeypatch.setattr(AuditSchedule, "due", lambda *_, **__: None)
        scrape = exporter.refresh()
        assert_intact(scrape)
        assert scrape.by("campaign_tasks", "status", campaign="2") == {"pending": 1}
        ledger = exporter.refresher.ledger
        assert ledger is not None
        assert ledger.rows("2") == {"tasks": 1, "calls": 0}


def test_a_failing_loop_rests_longer_each_time_and_a_working_one_as_configured(owner: Owner, loop: Loop) -> None:
    assert_working(loop)
    assert 0 < loop.service._rest(True, 0.0) <= 60
    rests = []
    owner.execute("DROP SCHEMA campaign_monitoring CASCADE")
    for _ in range(8):
        assert not loop.step()
        rests.append(loop.service._rest(False, 0.0))
    assert rests[0] < 1.5
    assert rests[2] > 2 * 1.5
    assert 20 < rests[-1] < 40
