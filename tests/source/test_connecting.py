"""A connection that is being made can be given up, and what hinders it is named."""

from __future__ import annotations

import os
import resource
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import psycopg
import pytest
from psycopg.pq.abc import PGcancelConn

from exporter.errors import DatabaseUnavailableError
from exporter.source.connecting import Attempt, Connection, GivenUpError, cancel
from exporter.source.database import Database
from tests.support import contract, exporting
from tests.support.prometheus import wait_for


def test_an_attempt_that_is_given_up_ends_at_once_and_closes_what_it_gets_later(database_url: str) -> None:
    reached, answered = threading.Event(), threading.Event()
    made: list[Connection] = []

    def connect() -> Connection:
        reached.set()
        assert answered.wait(30)
        made.append(psycopg.connect(database_url))
        return made[0]

    attempt = Attempt(connect)

    def give_up() -> None:
        assert reached.wait(30)
        attempt.give_up()

    threading.Thread(target=give_up).start()
    with pytest.raises(GivenUpError):
        attempt.wait()
    answered.set()
    wait_for("the connection to be closed", lambda: made and made[0].closed)


def test_what_connecting_raises_is_raised(database_url: str) -> None:
    with pytest.raises(psycopg.OperationalError, match="does not exist"):
        Attempt(lambda: psycopg.connect(database_url, dbname="nowhere")).wait()


@contextmanager
def no_files_left(spare: int) -> Iterator[None]:
    """As many as this may still be opened."""
    before = resource.getrlimit(resource.RLIMIT_NOFILE)
    highest = max(int(each.name) for each in Path("/proc/self/fd").iterdir())
    resource.setrlimit(resource.RLIMIT_NOFILE, (highest + 1, before[1]))
    taken: list[int] = []
    try:
        while True:
            taken.append(os.dup(0))
    except OSError:
        pass
    try:
        for _ in range(spare):
            os.close(taken.pop())
        yield
    finally:
        for each in taken:
            os.close(each)
        resource.setrlimit(resource.RLIMIT_NOFILE, before)


@pytest.mark.parametrize("spare", [0, 1])
def test_that_there_are_no_files_left_is_told_with_the_remedy(database_url: str, spare: int) -> None:
    database = Database(exporting.config(database_url))
    database.close(database.connect())  # what is imported late is there
    with no_files_left(spare), pytest.raises(DatabaseUnavailableError, match=r"all the \d+ files open.*LimitNOFILE"):
        database.connect()
    database.close(database.connect())


def test_a_database_that_ended_makes_no_connection(database_url: str) -> None:
    database = Database(exporting.config(database_url))
    database.end(0.0)
    with pytest.raises(DatabaseUnavailableError, match="the exporter stops"):
        database.connect()


def test_a_statement_that_begins_while_the_database_ends_is_cancelled(
    database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Between two statements there is nothing to cancel; but the next may be with the server before the cut."""
    database = Database(exporting.config(database_url, database={"statement_timeout": "1h"}))
    connection = database.connect()
    process = connection.info.backend_pid
    failed = threading.Event()

    def work() -> None:
        with pytest.raises(psycopg.Error):
            connection.execute("SELECT pg_sleep(3600)")
        failed.set()

    with contract.session(database_url) as judge:

        def backends(state: str) -> int:
            found = "SELECT FROM pg_stat_activity WHERE pid = %s AND state LIKE %s"
            return len(judge.execute(found, (process, state)).fetchall())

        def ask(requests: Sequence[PGcancelConn], seconds: float) -> None:
            cancel(requests, seconds)
            if not worker.ident:
                worker.start()
                wait_for("the next statement", lambda: backends("active"))

        worker = threading.Thread(target=work)
        monkeypatch.setattr("exporter.source.database.cancel", ask)
        with database.look(connection):
            database.end(5.0)
        assert failed.wait(30)
        wait_for("its process to end", lambda: not backends("%"))
