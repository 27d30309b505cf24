"""Connections of clients: how many there may be, and how long each may take to ask and to be answered."""

from __future__ import annotations

import asyncio
import contextlib
import resource
import time
from collections.abc import AsyncIterator, Callable, Iterator

import structlog

HEAD_SECONDS = 10.0
"""For a whole request to arrive, from the opening or its first byte on."""
ANSWER_SECONDS = 30.0
"""For the answer to be made and taken. Prometheus gives up after its scrape_timeout, 10 s by default."""
IDLE_SECONDS = 75.0
"""Between an answer and the next request: longer than Prometheus rests between two scrapes."""

_MOST_CONNECTIONS = 256
_MOST_UNANSWERED_BYTES = 65_536
_FILES_WANTED = 1024
_SHARE_OF_FILES = 4
_SWEEP_SECONDS = 1.0
_SAY_EVERY = 60.0

log = structlog.get_logger()


class Connection(asyncio.Protocol):
    """One client's connection: passes on what happens to aiohttp's protocol, and knows what it waits for."""

    def __init__(self, inner: asyncio.Protocol, connections: Connections, clock: Callable[[], float]) -> None:
        self._inner = inner
        self._connections = connections
        self._clock = clock
        self._transport: asyncio.Transport | None = None
        self._unanswered = 0
        self.answering = False
        self.deadline = clock() + HEAD_SECONDS

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """The client is there: whoever waited longest may have to go."""
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        self._connections.admit(self)
        self._inner.connection_made(transport)

    def data_received(self, data: bytes) -> None:
        """A part of a request, or of several."""
        if self._unanswered > _MOST_UNANSWERED_BYTES:
            self.cut()
            return
        if not self.answering and not self._unanswered:
            self.deadline = min(self.deadline, self._clock() + HEAD_SECONDS)
        self._unanswered += len(data)
        self._inner.data_received(data)

    def eof_received(self) -> bool | None:
        """The client sends no more."""
        return self._inner.eof_received()

    def connection_lost(self, exc: Exception | None) -> None:
        """It is gone."""
        self._connections.forget(self)
        self._inner.connection_lost(exc)

    def pause_writing(self) -> None:
        """The client does not read as fast as it is written to."""
        self._inner.pause_writing()

    def resume_writing(self) -> None:
        """It has read."""
        self._inner.resume_writing()

    @contextlib.contextmanager
    def answer(self) -> Iterator[None]:
        """While a request is answered."""
        self.answering = True
        self.deadline = self._clock() + ANSWER_SECONDS
        try:
            yield
        finally:
            self.answering = False
            self._unanswered = 0
            self.deadline = self._clock() + IDLE_SECONDS

    def cut(self) -> None:
        """End it at once, and drop what was not read: closing would wait for the client to read it."""
        self._connections.forget(self)
        if self._transport is not None:
            self._transport.abort()


class Connections:
    """All clients' connections, bounded in number and in time."""

    def __init__(self, most: int = _MOST_CONNECTIONS, clock: Callable[[], float] = time.monotonic) -> None:
        self.most = most
        self._clock = clock
        self._open: set[Connection] = set()
        self._said = -_SAY_EVERY

    def __len__(self) -> int:
        return len(self._open)

    def around(self, inner: Callable[[], asyncio.Protocol]) -> Callable[[], Connection]:
        """A factory of connections around those that aiohttp makes."""
        return lambda: Connection(inner(), self, self._clock)

    def admit(self, connection: Connection) -> None:
        """Take one in. When there are too many, the one to go waits for a request, and is the next to be late."""
        if len(self._open) >= self.most:
            min(self._open, key=lambda each: (each.answering, each.deadline)).cut()
            self._say()
        self._open.add(connection)

    def forget(self, connection: Connection) -> None:
        """It is gone."""
        self._open.discard(connection)

    def sweep(self) -> None:
        """Cut those that are late."""
        now = self._clock()
        for connection in [each for each in self._open if each.deadline <= now]:
            connection.cut()

    @contextlib.asynccontextmanager
    async def swept(self) -> AsyncIterator[None]:
        """Meanwhile, cut those that are late every second."""

        async def sweep() -> None:
            while True:
                await asyncio.sleep(_SWEEP_SECONDS)
                self.sweep()

        task = asyncio.create_task(sweep())
        try:
            yield
        finally:
            task.cancel()

    def _say(self) -> None:
        now = self._clock()
        if now - self._said >= _SAY_EVERY:
            self._said = now
            log.warning(
                "too many connections of clients",
                limit=self.most,
                effect="the one that has waited longest is closed for each new one",
                remedy="see who connects to web.listen_address; raise LimitNOFILE of the service if they all may",
            )


def within_files() -> tuple[int, int]:
    """How many connections there may be, and how many may wait to be accepted at once.

    By the limit of open files, which is raised as far as it may be where it is low: most of it stays for the database.
    """
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = _FILES_WANTED if hard == resource.RLIM_INFINITY else min(_FILES_WANTED, hard)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        with contextlib.suppress(ValueError, OSError):
            resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
            soft = wanted
    files = _FILES_WANTED if soft == resource.RLIM_INFINITY else soft
    most = max(8, min(_MOST_CONNECTIONS, files // _SHARE_OF_FILES))
    return most, max(4, most // 2)
