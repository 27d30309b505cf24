"""Connections that another thread can give up: one that is being made, and one that waits for a statement."""

from __future__ import annotations

import contextlib
import os
import resource
import select
import socket
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import psycopg
from psycopg.pq import PollingStatus, TransactionStatus, abc

Connection = psycopg.Connection[Any]
Rows = Sequence[tuple[Any, ...]]


class GivenUpError(Exception):
    """The connection was given up before it was made."""


class Attempt:
    """Makes a connection in a thread of its own, as nothing interrupts the look-up of a name or a slow handshake.

    Given up, the thread is left alone: it ends by its own timeouts, and closes what it may still get.
    """

    def __init__(self, connect: Callable[[], Connection]) -> None:
        self._connect = connect
        self._lock = threading.Lock()
        self._over = threading.Event()
        self._given_up = False
        self._made: Connection | None = None
        self._error: Exception | None = None

    def wait(self) -> Connection:
        """The connection. What `connect` raises is raised here, or `GivenUpError`."""
        threading.Thread(target=self._run, name="connect", daemon=True).start()
        try:
            self._over.wait()
        except BaseException:  # Ctrl-C
            self.give_up()
            raise
        with self._lock:
            if self._made is not None:
                return self._made
            raise self._error or GivenUpError

    def give_up(self) -> None:
        """Let `wait` end now, from another thread."""
        with self._lock:
            self._given_up = True
        self._over.set()

    def _run(self) -> None:
        try:
            made = self._connect()
        except Exception as error:
            with self._lock:
                self._error = error
        else:
            with self._lock:
                wanted = not self._given_up
                if wanted:
                    self._made = made
            if not wanted:
                made.close()
        self._over.set()


def hang_up(connection: Connection) -> None:
    """Cut a connection under whoever waits on it: they get an error at once."""
    with contextlib.suppress(psycopg.Error, OSError, ValueError):
        borrowed = socket.socket(fileno=connection.fileno())  # no copy: there may be no file left for one
        try:
            borrowed.shutdown(socket.SHUT_RDWR)
        finally:
            borrowed.detach()


@contextlib.contextmanager
def within(connection: Connection, seconds: float) -> Iterator[threading.Event]:
    """Hang up if what follows takes longer, and say so: outside of a transaction of ours, nothing else bounds it."""
    late = threading.Event()

    def give_up() -> None:
        late.set()
        hang_up(connection)

    timer = threading.Timer(seconds, give_up)
    timer.daemon = True
    timer.start()
    try:
        yield late
    finally:
        timer.cancel()


def resting(connection: Connection) -> bool:
    """Whether nothing is under way on a connection: its owner closes it in peace."""
    return connection.pgconn.transaction_status == TransactionStatus.IDLE


def cancelling(connection: Connection) -> abc.PGcancelConn | None:
    """What can cancel whatever is under way by then, when the connection itself is no more."""
    with contextlib.suppress(psycopg.Error):  # an old libpq cannot do it without blocking
        return connection.pgconn.cancel_conn()
    return None


def cancel(requests: Sequence[abc.PGcancelConn], seconds: float) -> None:
    """Ask the server to cancel these, all at once; a server that does not answer is not waited for."""
    deadline = time.monotonic() + seconds

    def ask(request: abc.PGcancelConn) -> None:
        with contextlib.suppress(psycopg.Error, OSError):
            request.start()
            while (status := request.poll()) in _WAITING:
                poller = select.poll()
                poller.register(request.socket, _WAITING[PollingStatus(status)])
                if not poller.poll(max(0.0, deadline - time.monotonic()) * 1000):
                    return

    senders = [threading.Thread(target=ask, args=(each,), daemon=True) for each in requests]
    for sender in senders:
        sender.start()
    for sender in senders:
        sender.join(max(0.0, deadline - time.monotonic()))


_WAITING = {PollingStatus.READING: select.POLLIN, PollingStatus.WRITING: select.POLLOUT}


def without_files() -> str | None:
    """That this process may open no more files, with the remedy; libpq has no words for it."""
    try:
        for duplicate in [os.dup(2) for _ in range(2)]:  # a socket, and what waits for it
            os.close(duplicate)
    except OSError:
        limit = resource.getrlimit(resource.RLIMIT_NOFILE)[0]
        return f"this process has all the {limit} files open that it may: raise LimitNOFILE of its service (ulimit -n)"
    return None
