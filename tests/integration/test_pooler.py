"""Behind PgBouncer the figures are exact in session and in transaction mode, and nothing of ours reaches others."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import Any

import psycopg
import pytest
from psycopg.conninfo import conninfo_to_dict
from structlog.testing import capture_logs

from exporter.commands.check.examine import check
from exporter.errors import DatabaseUnavailableError
from tests.support import contract, oracle, platforms
from tests.support.exporting import Exporter, Loop, Scrape, config, exporting, looping
from tests.support.pgbouncer import NAME, PgBouncer, pooling
from tests.support.prometheus import wait_for

Owner = psycopg.Connection[Any]
POOL = 3
WRITE = """
WITH changed AS (
    UPDATE campaign_monitoring.tasks SET status = 'completed', updated_at = now()
    WHERE task_id IN (SELECT task_id FROM campaign_monitoring.tasks WHERE status = 'pending' ORDER BY task_id LIMIT 1
                      FOR UPDATE SKIP LOCKED)
)
INSERT INTO campaign_monitoring.tasks (task_id, campaign_id, status, attempts, max_attempts, created_at, updated_at)
SELECT nextval('ids'), 1, CASE i WHEN 1 THEN 'pending' ELSE 'failed' END, 1, 3, now(), now()
FROM generate_series(1, 2) AS i
"""
MODES = pytest.mark.parametrize(
    "settings",
    [
        {"pool_mode": "transaction"},
        {"pool_mode": "transaction", "server_reset_query": "DISCARD ALL", "server_reset_query_always": "1"},
        {"pool_mode": "session"},
        {"pool_mode": "session", "server_reset_query": ""},
    ],
    ids=["transaction", "transaction and reset", "session", "session without reset"],
)


def shared(pooler: PgBouncer) -> list[dict[str, str]]:
    """All settings of each session of the pool, by sessions that hold all of them."""
    with ExitStack() as stack:
        sessions = [stack.enter_context(psycopg.connect(pooler.url(), prepare_threshold=None)) for _ in range(POOL)]
        pids = {session.execute("SELECT pg_backend_pid()").fetchall()[0][0] for session in sessions}
        assert len(pids) == POOL
        query = "SELECT name, setting FROM pg_settings UNION ALL SELECT 'user', current_user::text"
        return [dict(session.execute(query).fetchall()) for session in sessions]


@contextmanager
def writing(url: str) -> Iterator[None]:
    """An application with two sessions meanwhile, none of whose writes may fail."""
    over = threading.Event()
    errors: list[Exception] = []
    written: list[int] = []

    def write() -> None:
        try:
            with contract.session(url, prepare_threshold=None) as session:
                while not over.wait(0.002):
                    session.execute(WRITE)
                    written.append(1)
        except Exception as error:
            errors.append(error)

    threads = [threading.Thread(target=write) for _ in range(2)]
    for thread in threads:
        thread.start()
    try:
        wait_for("the first writes", lambda: written or errors)
        yield
    finally:
        over.set()
        for thread in threads:
            thread.join()
    assert errors == []


def assert_equal_to_sql(owner: Owner, exporter: Exporter, scrape: Scrape) -> None:
    (now,) = owner.execute("SELECT extract(epoch FROM clock_timestamp())::float8").fetchall()[0]
    ours = {
        (name, tuple(pair for pair in labels if pair[0] != "group")): value
        for (name, labels), value in scrape.samples.items()
        if name in oracle.NAMES and value
    }
    assert ours == pytest.approx(oracle.expected(owner, now, exporter.config.stale_after))


@MODES
def test_figures_are_exact_and_no_setting_reaches_the_application(
    owner: Owner, database_url: str, settings: dict[str, str]
) -> None:
    owner.execute("CREATE SEQUENCE ids START 100000")
    transactions = settings["pool_mode"] == "transaction"
    audits: Any = {"audit": {"period": "1ms", "max_share": 1.0}, "refresh": {"clock_allowance": "1ms"}}
    with pooling(database_url, default_pool_size=str(POOL), **settings) as pooler:
        before = shared(pooler)
        with exporting(pooler.url(), **audits) as exporter, capture_logs() as logs:
            exporter.refresher._clock = lambda now: now
            with writing(pooler.url()):
                for _ in range(15):
                    exporter.refresh()
            assert_equal_to_sql(owner, exporter, exporter.refresh())
            assert exporter.corrections() == 0
            assert exporter.counted("audits_total") > 15
            assert exporter.counted("late_rows_total", relation="tasks") == 0
            assert exporter.counted("campaigns_loaded_total", cause="everything") == 0
        assert shared(pooler) == before
        told = [entry["mode"] for entry in logs if entry["event"] == "a pooler lends the sessions of the server"]
        assert told != []
        assert ("transaction mode: its transactions were in several sessions of the server" in told) == transactions
        report = check(config(pooler.url()))
        assert [finding.value for finding in report.findings if finding.thing == "pooler"] != []
        assert shared(pooler) == before


def test_without_a_pooler_none_is_claimed(owner: Owner, database_url: str) -> None:
    del owner
    with looping(database_url) as loop, capture_logs() as logs:
        assert loop.step()
    assert [entry for entry in logs if "pooler" in entry["event"]] == []
    assert [finding for finding in check(config(database_url)).findings if finding.thing == "pooler"] == []


@pytest.fixture
def pooler(owner: Owner, database_url: str) -> Iterator[PgBouncer]:
    """A pool in transaction mode."""
    del owner
    with pooling(database_url, pool_mode="transaction", server_login_retry="1", server_check_delay="0") as made:
        yield made


@pytest.fixture
def loop(pooler: PgBouncer) -> Iterator[Loop]:
    """An exporter that reads through the pool, and has done so once."""
    with looping(pooler.url(), database={"connect_timeout": "1s"}) as made:
        assert made.step(), made.problem
        yield made


def test_statement_mode_is_refused_with_the_remedy(pooler: PgBouncer) -> None:
    pooler.settings["pool_mode"] = "statement"
    pooler.configure()
    pooler.tell("RELOAD")
    with looping(pooler.url()) as loop:
        assert not loop.step()
        assert "give this database pool_mode = transaction or session" in loop.problem
        assert loop.errors() == {"unavailable": 1}
    with pytest.raises(DatabaseUnavailableError, match="pool_mode = transaction or session"):
        check(config(pooler.url()))


def test_a_pooler_that_restarts_at_rest_fails_no_refresh(pooler: PgBouncer, loop: Loop) -> None:
    pooler.stop()
    pooler.start()
    assert loop.step(), loop.problem
    assert loop.errors() == {}
    assert loop.scrape().value("campaign_exporter_campaigns_loaded_total", cause="new") == 2


def test_a_pooler_that_is_away_is_named_and_its_return_noticed(pooler: PgBouncer, loop: Loop) -> None:
    pooler.stop()
    assert not loop.step()
    assert f"cannot connect to database '{NAME}' on 127.0.0.1 port {pooler.port}" in loop.problem
    assert loop.scrape().value("campaign_exporter_up") == 0
    pooler.start()
    assert loop.step(), loop.problem


def test_a_paused_pool_is_named_and_waited_for_no_longer_than_set(pooler: PgBouncer, loop: Loop) -> None:
    pooler.tell("PAUSE")
    assert not loop.step()
    assert "no transaction began within 2 s: the server hangs, or a pooler has no session free" in loop.problem
    pooler.tell("RESUME")
    assert loop.step(), loop.problem


def test_a_pool_without_a_free_session_is_named_in_its_own_words(owner: Owner, database_url: str) -> None:
    del owner
    with (
        pooling(database_url, pool_mode="transaction", default_pool_size="1", query_wait_timeout="1") as pooler,
        looping(pooler.url()) as loop,
    ):
        assert loop.step(), loop.problem
        with psycopg.connect(pooler.url()) as holder:
            holder.execute("SELECT 1")
            assert not loop.step()
        assert "query_wait_timeout (08P01): the pooler had no session free" in loop.problem
        assert loop.step(), loop.problem


def test_sessions_that_the_server_ended_under_the_pool_fail_no_refresh(
    owner: Owner, pooler: PgBouncer, loop: Loop
) -> None:
    del pooler
    owner.execute(
        "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE datname = current_database() "
        "AND backend_type = 'client backend' AND pid <> pg_backend_pid()"
    )
    assert loop.step(), loop.problem
    assert loop.errors() == {}


def test_another_database_under_the_same_name_begins_anew(
    pooler: PgBouncer, loop: Loop, database_url: str, server: Any
) -> None:
    """A swap that no connection of ours notices."""
    server.create_database("other")
    with contract.session(server.url("other")) as other:
        platforms.create(other)
        platforms.task(other, 5, 1)
        pooler.database = pooler.database.replace(str(conninfo_to_dict(database_url)["dbname"]), "other")
        pooler.configure()
        pooler.tell("RELOAD")
        pooler.tell("RECONNECT")
        assert loop.step(), loop.problem
        assert loop.scrape().value("campaign_tasks", campaign="1", status="pending") == 4
        assert loop.scrape().of("campaign_tasks", campaign="2") == {}
        assert loop.errors() == {}
    loop.service._refresher.disconnect()
    pooler.stop()
    server.drop_database("other")


def test_a_pool_over_two_servers_is_refused(loop: Loop, monkeypatch: pytest.MonkeyPatch) -> None:
    """As when transactions are spread over a primary and its replicas."""
    from exporter.refresh import refresher as module
    from exporter.source.transactions import Sight, sight

    def elsewhere(connection: Any) -> Sight:
        found = sight(connection)
        return Sight(found.at, (found.place[0], found.place[1] + 1, True), found.next_xid, found.in_progress)

    monkeypatch.setattr(module, "sight", elsewhere)
    assert not loop.step()
    assert "connect to one of them, the primary" in loop.problem
    assert loop.errors() == {"unavailable": 1}


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ("?options=-csearch_path%3Dx", "unsupported startup parameter: options: take it out of database.url"),
        ("nobody", "authentication failed: PgBouncer does not know this role: add it to its auth_file"),
        ("nothing", "no such database: nothing: PgBouncer does not know this name: add it to [databases]"),
        ("wrong", "SASL authentication failed: the password is another"),
    ],
)
def test_what_pgbouncer_refuses_is_named_with_the_remedy(pooler: PgBouncer, change: str, words: str) -> None:
    url = pooler.url()
    if change.startswith("?"):
        url = url.replace("?", f"{change}&")
    elif change == "nothing":
        url = url.replace(NAME, "nothing")
    elif change == "nobody":
        url = pooler.url("nobody")
    else:
        pooler.settings["auth_type"] = "scram-sha-256"
        (pooler.directory / "users.txt").write_text('"postgres" "right"\n"admin" ""\n')
        pooler.configure()
        pooler.tell("RELOAD")
        url = url.replace("postgres@", "postgres:wrong@")
    with looping(url) as loop:
        assert not loop.step()
        assert words in loop.problem
        assert "cannot connect to database" in loop.problem
        assert "wrong" not in loop.problem


def test_a_stop_cancels_the_statement_through_the_pool(owner: Owner, pooler: PgBouncer) -> None:
    waiting = "SELECT count(*) FROM pg_locks WHERE relation = 'campaign_monitoring.calls'::regclass AND NOT granted"
    with looping(pooler.url(), database={"lock_timeout": "1h", "statement_timeout": "1h"}) as loop, owner.transaction():
        owner.execute("LOCK TABLE campaign_monitoring.calls IN ACCESS EXCLUSIVE MODE")
        loop.service.start()
        wait_for("a statement", lambda: owner.execute(waiting).fetchall()[0][0])
        assert loop.service.stop(timeout=5)
        wait_for("the server to give it up", lambda: not owner.execute(waiting).fetchall()[0][0])
