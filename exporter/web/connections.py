"""Connections of clients: how many there may be, and how long each may take to ask and to be answered."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import ssl
import time
from collections.abc import AsyncIterator, Callable, Iterator, Sequence

import structlog

from exporter.web.sockets import close

HEAD_SECONDS = 10.0
"""For a whole request to arrive, from the opening (before the handshake of TLS) or its first byte on."""
ANSWER_SECONDS = 30.0
"""For the answer to be made and taken. Prometheus gives up after its scrape_timeout, 10 s by default."""
IDLE_SECONDS = 75.0
"""Between an answer and the next request: longer than Prometheus rests between two scrapes."""

_MOST_UNANSWERED_BYTES = 65_536
_SWEEP_SECONDS = 1.0
_SAFE_WAITING_SECONDS, _SAFE_ANSWERING_SECONDS = 1.0, 5.0
"""How long a connection may take its time when others want its place."""
_ACCEPT_AGAIN_SECONDS = 0.05
_SAY_EVERY = 60.0

log = structlog.get_logger()


class Connection(asyncio.Protocol):
    """One client's connection: passes on what happens to aiohttp's protocol, and knows what it waits for."""

    def __init__(
        self, inner: asyncio.Protocol, connections: Connections, client: socket.socket, clock: Callable[[], float]
    ) -> None:
        self._inner = inner
        self._connections = connections
        self._client = client
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
        else:  # the handshake fails by it
            with contextlib.suppress(OSError):
                self._client.shutdown(socket.SHUT_RDWR)

    @property
    def opened(self) -> bool:
        """Whether it can be asked: after the handshake."""
        return self._transport is not None


class Connections:
    """All clients' connections, bounded in number and in time."""

    def __init__(
        self,
        most: int,
        clock: Callable[[], float] = time.monotonic,
        tls: Callable[[], ssl.SSLContext | None] = lambda: None,
    ) -> None:
        """`tls`: what the next client is met with; `None`: nothing is encrypted."""
        self.most = most
        self._clock = clock
        self._tls = tls
        self._open: set[Connection] = set()
        self._opening: set[asyncio.Task[None]] = set()
        self._said = self._said_failed = -_SAY_EVERY

    def __len__(self) -> int:
        return len(self._open)

    def __iter__(self) -> Iterator[Connection]:
        return iter(tuple(self._open))

    async def accept(self, listening: socket.socket, make: Callable[[], asyncio.Protocol]) -> None:
        """Take in whoever comes, each with a protocol of aiohttp's. While there is no place, others wait outside.

        Nobody waits for the handshake of another, which counts as a connection from its first moment on.
        """
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
                connection = Connection(make(), self, client, self._clock)
            except Exception as error:  # whatever it is, the next client is taken in
                client.close()
                log.exception("unexpected error", exc_info=error)
                continue
            except BaseException:
                client.close()
                raise
            self._open.add(connection)
            task = loop.create_task(self._open_up(connection, client))
            self._opening.add(task)
            task.add_done_callback(self._opening.discard)

    async def _open_up(self, connection: Connection, client: socket.socket) -> None:
        try:
            await asyncio.get_running_loop().connect_accepted_socket(lambda: connection, client, ssl=self._tls())
        except OSError as error:  # it left, or they do not agree
            if isinstance(error, ssl.SSLError):
                self._say_failed(error)
        except Exception as error:  # a fault of this program; it concerns this client alone
            log.exception("unexpected error", exc_info=error)
        finally:
            if not connection.opened:
                self.forget(connection)
                client.close()

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
            close(listening)
            for connection in self:
                if not connection.opened:
                    connection.cut()
            await asyncio.gather(*self._opening)

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

    def _say_failed(self, error: ssl.SSLError) -> None:
        now = self._clock()
        if now - self._said_failed >= _SAY_EVERY:
            self._said_failed = now
            why = (error.reason or "unknown").lower().replace("_", " ")
            log.info("a client and this server do not agree on TLS", why=why, told="once a minute")
