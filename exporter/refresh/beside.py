"""Long work beside the refreshes: one piece at a time, on a connection of its own that shares a refresh's snapshot."""

from __future__ import annotations

import contextlib
import math
import time
from collections.abc import Callable, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

import psycopg
import structlog

from exporter.errors import CampaignExporterError
from exporter.ledger.loading import allow
from exporter.refresh.look import Look
from exporter.source.connecting import hang_up
from exporter.source.database import Connection, Database
from exporter.source.query_time import Meter, Watch

LARGE_ROWS = 20_000
"""A campaign with more rows than this takes longer to count than a refresh should; others are counted within one."""

_REFUSED_SECONDS = 600.0
"""So long nothing is tried beside after the second connection did not reach the same server."""

T = TypeVar("T")
log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Piece(Generic[T]):
    """Work under way, and what it cost once it is done."""

    future: Future[T]
    meter: Meter

    @property
    def done(self) -> bool:
        """Whether it ended, well or not."""
        return self.future.done()

    @property
    def error(self) -> BaseException | None:
        """Why it ended badly, if it did; only when it is done."""
        return self.future.exception()


class Beside:
    """The second connection. It is made when there is work for it, and closed with the first one's server."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._threads = ThreadPoolExecutor(1, "beside")
        self._connection: Connection | None = None
        self._connecting: Future[Connection] | None = None
        self._work: Future[Any] | None = None
        self._refused_until = -math.inf
        self._rested = False
        """Whether the connection has worked before: one that is lost at rest is made anew."""
        self._fits = True
        self.watch = Watch()

    def note(self, *, pooled: bool, foreign: bool) -> None:
        """What the first connection leads to.

        More sessions of a pool would be taken from those who share it; and what lies on another server has a snapshot
        of its own for each connection.
        """
        self._fits = not pooled and not foreign

    @property
    def possible(self) -> bool:
        """Whether work can be done beside."""
        return self._fits and time.monotonic() >= self._refused_until

    def takes(self, rows: Mapping[str, int]) -> bool:
        """Whether a campaign of so many rows, by relation, is counted beside."""
        return self.possible and sum(rows.values()) > self.least

    @property
    def least(self) -> int:
        """How many rows a refresh counts itself at most."""
        return LARGE_ROWS

    def begin(self, look: Look, work: Callable[[Connection, Meter], T]) -> Piece[T] | None:
        """Begin a piece of work at this look's snapshot, unless one is under way or no connection is there yet."""
        if self.busy:
            return None
        stack, meter, connection = contextlib.ExitStack(), Meter(self.watch), None
        try:
            connection = self._connected()
            if connection is None:
                return None
            self._share(look, connection, stack)
            self._rested = True

            def run() -> T:
                with stack:
                    return work(connection, meter)

            self._work = future = self._threads.submit(run)
        except (psycopg.Error, CampaignExporterError, RuntimeError) as error:  # the last: no more threads
            if self._rested and connection is not None and connection.closed:
                self.close()
                return None
            self._refuse(str(error).partition("\n")[0])
            return None
        return Piece(future, meter)

    @property
    def busy(self) -> bool:
        """Whether a piece is under way."""
        return self._work is not None and not self._work.done()

    def _share(self, look: Look, connection: Connection, stack: contextlib.ExitStack) -> None:
        row = look.connection.execute("SELECT pg_catalog.pg_export_snapshot()").fetchone()
        assert row is not None, "the function returns one row"
        stack.enter_context(self._database.snapshot(connection, row[0]))
        allow(connection, look.patience)
        if look.guarded:
            connection.execute("SET LOCAL row_security = off")

    def _connected(self) -> Connection | None:
        """The connection, if it is there; else one is being made, which may take its time."""
        if self._connection is not None and not self._connection.closed:
            return self._connection
        if self._connecting is None:
            self._connection, self._connecting = None, self._threads.submit(self._database.connect)
        elif self._connecting.done():
            connecting, self._connecting = self._connecting, None
            self._connection = connecting.result()
        return self._connection

    def _refuse(self, why: str) -> None:
        self._refused_until = time.monotonic() + _REFUSED_SECONDS
        self.close()
        log.warning(
            "large campaigns cannot be counted beside the refreshes",
            why=why,
            effect="a refresh takes as long as loading or auditing one of them",
            remedy="allow the role one connection more",
        )

    def close(self) -> None:
        """Give up what is under way: the server is another one, or it ends."""
        connection, self._connection, self._rested = self._connection, None, False
        if connection is None:
            return
        if self.busy:
            hang_up(connection)
        with contextlib.suppress(RuntimeError):  # at the end of the process no thread begins any more
            self._threads.submit(self._database.close, connection)  # by the thread that may be using it

    def end(self) -> None:
        """Close for good, and wait until that is done."""
        self.close()
        self._threads.shutdown()
        if self._connecting is not None and self._connecting.exception() is None:
            self._database.close(self._connecting.result())

    def wait(self) -> None:
        """Until what is under way has ended; for tests."""
        for future in (self._connecting, self._work):
            if future is not None:
                future.exception()


def reason(piece: Piece[Any]) -> str:
    """Why it ended badly, in a line."""
    return str(piece.error).partition("\n")[0]
