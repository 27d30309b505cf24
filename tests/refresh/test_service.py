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
from structlog.testing import capture_logs

from exporter.errors import EndedError
from exporter.ledger.totals import Totals
from exporter.logs import Repeats
from exporter.refresh import service
from exporter.refresh.refresher import Refresher
from exporter.refresh.service import Service
from tests.support import contract, platforms
from tests.support.exporting import NOW, Loop, looping
from tests.support.prometheus import wait_for

Owner = psycopg.Connection[Any]
NOWHERE = "postgresql://127.0.0.1:1/nowhere"
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


def fault(error: BaseException) -> Callable[..., Any]:
    def fail(*_: Any, **__: Any) -> Any:
        raise error

    return fail


ENDS: list[BaseException] = [
    MemoryError(), RecursionError(), SystemExit(0), KeyboardInterrupt(), GeneratorExit(), OSError("x"),
    psycopg.OperationalError("x"),
]  # fmt: skip
PLACES: dict[str, tuple[object, str] | None] = {
    "a refresh": None,
    "telling of it": (service, "explain"),
    "the log": (Repeats, "problem"),
    "its share": (Service, "_note_share"),
    "the page": (Service, "_page"),
    "the rest after it": (Service, "_rest"),
    "disconnecting": (Refresher, "disconnect"),
}


@pytest.mark.parametrize("place", PLACES.values(), ids=PLACES.keys())
@pytest.mark.parametrize("error", ENDS, ids=lambda error: type(error).__name__)
def test_whatever_fails_the_thread_goes_on_with_up_at_0_or_ends_and_says_so(
    monkeypatch: pytest.MonkeyPatch, error: BaseException, place: tuple[object, str] | None
) -> None:
    over = threading.Event()
    monkeypatch.setattr(threading, "excepthook", lambda _: None)
    with looping(NOWHERE) as loop, monkeypatch.context() as patch, capture_logs():
        loop.service._telemetry.up.set(1)
        patch.setattr(Refresher, "refresh", fault(SystemExit() if place == PLACES["disconnecting"] else error))
        if place is not None:
            patch.setattr(*place, fault(error))
        loop.service.start(ended=over.set)
        wait_for("the end, or a failed refresh", lambda: over.is_set() or (loop.service.page.problem is not None))
        assert loop.service._telemetry.up._value.get() == 0
        assert over.is_set() or loop.scrape().value("campaign_exporter_up") == 0
        if isinstance(error, Exception) and place in (None, PLACES["its share"]):
            assert loop.service.alive
        else:
            assert over.wait(30)
        assert loop.service.stop(timeout=5)


def test_that_the_thread_cannot_be_started_is_told_with_the_remedy(
    monkeypatch: pytest.MonkeyPatch, database_url: str
) -> None:
    monkeypatch.setattr(threading.Thread, "start", fault(RuntimeError("can't start new thread")))
    with looping(database_url) as loop:
        with pytest.raises(EndedError, match=r"can't start new thread; raise the limit .*TasksMax"):
            loop.service.start()
        assert not loop.step()
        assert "can't start new thread; raise the limit" in loop.problem


def test_after_an_error_that_nobody_knows_the_totals_begin_anew(
    monkeypatch: pytest.MonkeyPatch, owner: Owner, database_url: str
) -> None:
    """It may have come between taking a row out and putting it in."""
    with looping(database_url) as loop:
        assert loop.step()
        platforms.task(owner, 5, 1, status="pending", updated_at=NOW)
        with monkeypatch.context() as patch:
            patch.setattr(Totals, "add", fault(MemoryError()))
            assert not loop.step()
            loop.service._refresher.database_seconds = 20.0
            assert loop.service._rest(False, 20.0) == pytest.approx(180.0)
        assert loop.step(), loop.problem
        assert loop.scrape().value("campaign_tasks", campaign="1", status="pending") == 4


def test_what_was_loaded_is_taken_from_the_collectors_sight_once_for_each_ledger(
    monkeypatch: pytest.MonkeyPatch, owner: Owner, database_url: str
) -> None:
    settled: list[None] = []
    monkeypatch.setattr(service, "settle", lambda: settled.append(None))
    with looping(database_url) as loop:
        assert loop.step()
        assert loop.step()
        assert len(settled) == 1
        platforms.task(owner, 5, 1, status="pending", updated_at=NOW)
        with monkeypatch.context() as patch:
            patch.setattr(Totals, "add", fault(MemoryError()))
            assert not loop.step()
        assert loop.step(), loop.problem
        assert len(settled) == 2
