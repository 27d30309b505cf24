"""Connections of clients: how many there may be, and how long each may take to ask and to be answered."""

from __future__ import annotations

import asyncio
import contextlib
import errno
import resource
import socket
import time
from collections.abc import AsyncIterator, Callable, Iterator, Sequence

import structlog

HEAD_SECONDS = 10.0
"""For a whole request to arrive, from the opening or its first byte on."""
ANSWER_SECONDS = 30.0
"""For the answer to be made and taken. Prometheus gives up after its scrape_timeout, 10 s by default."""
IDLE_SECONDS = 75.0
"""Between an answer and the next request: longer than Prometheus rests between two scrapes."""

_MOST_CONNECTIONS = 512
_MOST_UNANSWERED_BYTES = 65_536
_FILES_WANTED = 1024
_SWEEP_SECONDS = 1.0
_SAFE_WAITING_SECONDS, _SAFE_ANSWERING_SECONDS = 1.0, 5.0
"""How long a connection may take its time when others want its place."""
_ACCEPT_AGAIN_SECONDS = 0.05
_SAY_EVERY = 60.0
_BACKLOG = 128

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
        self.since = clock()
        self.deadline = self.since + HEAD_SECONDS

    @property
    def in_the_way(self) -> bool:
        """Whether it has taken its time, and goes if others want its place."""
        return self._clock() - self.since >= (_SAFE_ANSWERING_SECONDS if self.answering else _SAFE_WAITING_SECONDS)

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """The client is there."""
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        self._connections.note(self)
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
        self._begin(ANSWER_SECONDS, answering=True)
        try:
            yield
        finally:
            self._unanswered = 0
            self._begin(IDLE_SECONDS, answering=False)

    def _begin(self, seconds: float, *, answering: bool) -> None:
        self.answering = answering
        self.since = self._clock()
        self.deadline = self.since + seconds

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

    def __iter__(self) -> Iterator[Connection]:
        return iter(tuple(self._open))

    async def accept(self, listening: socket.socket, make: Callable[[], asyncio.Protocol]) -> None:
        """Take in whoever comes, each with a protocol of aiohttp's. While there is no place, others wait outside."""
        loop = asyncio.get_running_loop()
        listening.setblocking(False)
        while True:
            try:
                client, _ = await loop.sock_accept(listening)
            except OSError:  # it left again, or there are no files left
                await asyncio.sleep(_ACCEPT_AGAIN_SECONDS)
                continue
            try:
                while not self.room():
                    await asyncio.sleep(_ACCEPT_AGAIN_SECONDS)
                await loop.connect_accepted_socket(lambda: Connection(make(), self, self._clock), client)
            except OSError:
                client.close()
            except Exception as error:  # whatever it is, the next client is taken in
                client.close()
                log.exception("unexpected error", exc_info=error)
            except BaseException:
                client.close()
                raise

    def room(self) -> bool:
        """Whether there is place for one more; who has taken its time goes for it, those first that ask nothing."""
        if len(self._open) < self.most:
            return True
        self._say()
        slow = [each for each in self._open if each.in_the_way]
        if not slow:
            return False
        min(slow, key=lambda each: (each.answering, each.since)).cut()
        return True

    def note(self, connection: Connection) -> None:
        """It is there."""
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
    async def serving(
        self, listening: Sequence[socket.socket], make: Callable[[], asyncio.Protocol]
    ) -> AsyncIterator[None]:
        """Meanwhile, take in whoever comes, and cut those that are late."""

        async def sweep() -> None:
            while True:
                await asyncio.sleep(_SWEEP_SECONDS)
                self.sweep()

        tasks = [asyncio.create_task(sweep())]
        tasks += [asyncio.create_task(self.accept(each, make)) for each in listening]
        try:
            yield
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            for each in listening:
                each.close()

    def _say(self) -> None:
        now = self._clock()
        if now - self._said >= _SAY_EVERY:
            self._said = now
            log.warning(
                "too many connections of clients",
                limit=self.most,
                effect="those that take longest are closed for new ones",
                remedy="see who connects to web.listen_address; raise LimitNOFILE of the service if they all may",
            )


def within_files() -> int:
    """How many connections there may be, by the limit of open files: half of it stays for the database.

    Where the limit is low, it is raised as far as it may be.
    """
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = _FILES_WANTED if hard == resource.RLIM_INFINITY else min(_FILES_WANTED, hard)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        with contextlib.suppress(ValueError, OSError):
            resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
            soft = wanted
    files = _FILES_WANTED if soft == resource.RLIM_INFINITY else soft
    return max(8, min(_MOST_CONNECTIONS, files // 2))


def listen(host: str | None, port: int) -> list[socket.socket]:
    """Sockets on all addresses of a name, or of this host; `OSError` says why there are none.

    Port 0 is one port that is free, the same on all. `::` is every address, those of IPv4 too.
    """
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
    both = host == "::" and socket.has_dualstack_ipv6()
    made: list[socket.socket] = []
    missing: OSError | None = None
    try:
        for family, _, _, _, (name, _, *scope) in dict.fromkeys(found):
            address = (name, port or (made[0].getsockname()[1] if made else 0), *scope)
            try:
                made.append(socket.create_server(address, family=family, backlog=_BACKLOG, dualstack_ipv6=both))
            except OSError as error:
                if error.errno not in (errno.EAFNOSUPPORT, errno.EADDRNOTAVAIL):
                    raise
                missing = error  # this host has no IPv6, or no IPv4
        if missing is not None and not made:
            raise missing
    except OSError:
        for each in made:
            each.close()
        raise
    return made
