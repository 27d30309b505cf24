"""What a server says when it ends something is told with what helps against it."""

from __future__ import annotations

import os
import signal
import tempfile
import threading
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import psycopg
import pytest

from exporter.demo.runtime.server import EmbeddedServer
from exporter.refresh.explaining import explain
from exporter.source.database import Database, reason
from tests.support import exporting, memory
from tests.support.prometheus import wait_for

Owner = psycopg.Connection[Any]


@pytest.fixture
def own_server() -> Iterator[EmbeddedServer]:
    """A server that a test may crash."""
    with (
        tempfile.TemporaryDirectory(
            prefix="campaign-exporter-", dir=memory.parent(), ignore_cleanup_errors=True
        ) as directory,
        EmbeddedServer(Path(directory)) as running,
    ):
        yield running


def told(url: str, act: Callable[[Owner, int], object]) -> tuple[str, str]:
    """What is told of a statement that somebody acts on meanwhile."""
    database = Database(exporting.config(url))
    working = database.connect()
    found: list[tuple[str, str]] = []

    def work() -> None:
        try:
            working.execute("SELECT pg_sleep(60)")
        except psycopg.Error as error:
            found.append(explain(error, database.parting))

    with psycopg.connect(url, autocommit=True) as owner:
        thread = threading.Thread(target=work)
        thread.start()
        sleeping = "SELECT FROM pg_stat_activity WHERE pid = %s AND wait_event = 'PgSleep'"
        while owner.execute(sleeping, [working.info.backend_pid]).fetchone() is None:
            thread.join(0.01)
        act(owner, working.info.backend_pid)
        thread.join()
    database.close(working)
    return found[0]


def test_a_statement_that_somebody_cancels_is_no_timeout(database_url: str) -> None:
    kind, text = told(database_url, lambda owner, pid: owner.execute("SELECT pg_cancel_backend(%s)", [pid]))
    assert kind == "other"
    assert "somebody cancelled the statement (pg_cancel_backend" in text
    assert "statement_timeout" not in text


def test_a_statement_that_takes_too_long_is_a_timeout(database_url: str) -> None:
    def shorten(owner: Owner, _: int) -> None:
        with pytest.raises(psycopg.errors.QueryCanceled) as caught:
            owner.execute("SET statement_timeout = 1; SELECT pg_sleep(60)")
        found.append(explain(caught.value))
        raise psycopg.errors.QueryCanceled

    found: list[tuple[str, str]] = []
    with psycopg.connect(database_url, autocommit=True) as owner, pytest.raises(psycopg.errors.QueryCanceled):
        shorten(owner, 0)
    ((kind, text),) = found
    assert kind == "timeout"
    assert "database.statement_timeout" in text


def test_a_session_that_somebody_ends_is_told_so(database_url: str) -> None:
    kind, text = told(database_url, lambda owner, pid: owner.execute("SELECT pg_terminate_backend(%s)", [pid]))
    assert kind == "unavailable"
    assert "somebody ended the session (pg_terminate_backend" in text


def test_a_crash_of_another_process_of_the_server_is_told_in_its_words(own_server: EmbeddedServer) -> None:
    kind, text = told(own_server.url(), lambda owner, _: os.kill(owner.info.backend_pid, signal.SIGKILL))
    wait_for("the server to recover, as it cannot be stopped before", lambda: _connects(own_server.url()))
    assert kind == "unavailable"
    assert "the server said: terminating connection because of crash of another server process (57P02)" in text


def _connects(url: str) -> bool:
    with suppress(psycopg.OperationalError), psycopg.connect(url):
        return True
    return False


def conflict(function: str, kind: type[psycopg.Error]) -> psycopg.Error:
    """An error as a replica raises it; to provoke one takes a primary, a replica and half a minute."""

    class Told:
        message_primary = "Storniere Anfrage wegen Konflikt mit der Wiederherstellung"
        source_function = function

    class Raised(kind):  # type: ignore[misc, valid-type]
        diag = Told()

    return Raised()


@pytest.mark.parametrize("kind", [psycopg.errors.SerializationFailure, psycopg.errors.DeadlockDetected])
def test_a_conflict_with_recovery_is_told_with_its_settings_in_any_language(kind: type[psycopg.Error]) -> None:
    named, text = explain(conflict("ProcessRecoveryConflictInterrupt", kind))
    assert named == "unavailable"
    assert "max_standby_streaming_delay" in text
    assert "hot_standby_feedback" in text


def test_a_deadlock_with_somebody_is_no_conflict_with_recovery() -> None:
    kind, text = explain(conflict("DeadLockReport", psycopg.errors.DeadlockDetected))
    assert kind == "locked"
    assert "hot_standby_feedback" not in text
    assert reason(psycopg.OperationalError("gone")) == "gone"
