"""The loop's thread: it stops in bounded time whatever is under way, and does not end unnoticed."""

from __future__ import annotations

import contextlib
import socket
import threading
from collections.abc import Callable, Iterator
from typing import Any

import psycopg
import pytest
from psycopg.conninfo import conninfo_to_dict

from exporter.refresh.service import Service
from tests.support import contract, platforms
from tests.support.exporting import Loop, looping
from tests.support.prometheus import wait_for

Owner = psycopg.Connection[Any]
LOCKED = "SELECT count(*) FROM pg_locks WHERE relation = 'campaign_monitoring.calls'::regclass AND NOT granted"
BACKENDS = (
    "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND backend_type = 'client backend' "
    "AND application_name <> 'owner' AND pid <> pg_backend_pid()"
)


@pytest.fixture
def owner(database_url: str) -> Iterator[Owner]:
    with contract.session(database_url, application_name="owner") as connection:
        platforms.create(connection)
        yield connection


def pass_on(source: socket.socket, sink: socket.socket) -> None:
    with contextlib.suppress(OSError):
        while data := source.recv(65_536):
            sink.sendall(data)
    with contextlib.suppress(OSError):
        sink.shutdown(socket.SHUT_RDWR)


@contextlib.contextmanager
def deaf_from(number: int, url: str) -> Iterator[tuple[str, threading.Event]]:
    """An address before the server that answers no connection from this one on, and whether somebody waits there."""
    known = conninfo_to_dict(url)
    reached = threading.Event()
    held: list[socket.socket] = []
    with socket.create_server(("127.0.0.1", 0)) as listening:

        def accept() -> None:
            with contextlib.suppress(OSError):
                while True:
                    client, _ = listening.accept()
                    held.append(client)
                    if len([each for each in held if each.family == socket.AF_INET]) >= number:
                        reached.set()
                        continue
                    server = socket.socket(socket.AF_UNIX)
                    server.connect(f"{known['host']}/.s.PGSQL.{known.get('port', 5432)}")
                    held.append(server)
                    for ends in ((client, server), (server, client)):
                        threading.Thread(target=pass_on, args=ends, daemon=True).start()

        threading.Thread(target=accept, daemon=True).start()
        port = listening.getsockname()[1]
        yield (
            f"postgresql://{known['user']}@127.0.0.1:{port}/{known['dbname']}?sslmode=disable&gssencmode=disable",
            reached,
        )
        listening.shutdown(socket.SHUT_RDWR)
    for each in held:
        each.close()


@pytest.mark.parametrize("number", [1, 2], ids=["the first", "one that helps loading"])
def test_it_stops_while_a_connection_is_being_made(owner: Owner, database_url: str, number: int) -> None:
    del owner
    with (
        deaf_from(number, database_url) as (url, reached),
        looping(url, database={"connect_timeout": "1h", "load_connections": 2}) as loop,
    ):
        loop.service.start()
        assert reached.wait(30)
        assert loop.service.stop(timeout=5)


def test_it_stops_while_it_rests(database_url: str, owner: Owner) -> None:
    del owner
    with looping(database_url, refresh={"interval": "1h"}) as loop:
        loop.service.start()
        wait_for("the first refresh", lambda: loop.service.page.snapshot)
        assert loop.service.stop(timeout=5)
    assert_no_backend(database_url)


@pytest.mark.parametrize("connections", [1, 3])
def test_the_server_does_not_work_on_for_one_that_stopped(owner: Owner, database_url: str, connections: int) -> None:
    """What it waits for would last, were the statement not cancelled."""
    settings = {"lock_timeout": "1h", "statement_timeout": "1h", "load_connections": connections}
    with looping(database_url, database=settings) as loop, owner.transaction():
        owner.execute("LOCK TABLE campaign_monitoring.calls IN ACCESS EXCLUSIVE MODE")
        loop.service.start()
        wait_for("a statement", lambda: scalar(owner, LOCKED))
        assert loop.service.stop(timeout=5)
        assert_no_backend(database_url)


def scalar(owner: Owner, query: str, *values: Any) -> Any:
    row = owner.execute(query.encode(), values).fetchone()
    assert row is not None
    return row[0]


def assert_no_backend(url: str) -> None:
    """By another session: in a transaction, a session sees one state of `pg_stat_activity`."""
    with contract.session(url) as session:
        wait_for("the server's processes to end", lambda: not scalar(session, BACKENDS))


def test_a_stop_makes_no_further_connection(database_url: str, owner: Owner) -> None:
    del owner
    with looping(database_url) as loop:
        assert loop.service.stop()
        assert not loop.step()
    assert_no_backend(database_url)


def ended(loop: Loop) -> Callable[[], bool]:
    over = threading.Event()
    loop.service.start(ended=over.set)
    return lambda: over.wait(30)


def test_a_thread_that_ends_by_itself_says_so(monkeypatch: pytest.MonkeyPatch, owner: Owner, database_url: str) -> None:
    del owner
    with looping(database_url) as loop:
        monkeypatch.setattr(Service, "_rest", lambda *_: 1 / 0)
        assert ended(loop)()
        assert loop.problem == "the refreshing thread has ended"
        assert loop.scrape().value("campaign_exporter_up") == 0
