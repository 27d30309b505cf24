"""A web server on a clock that a test sets, and clients that say and read what a test wants."""

from __future__ import annotations

import asyncio
import dataclasses
import socket
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path

from aiohttp import web

from exporter.metrics.exposition import Block, Body, Exposed
from exporter.web.app import SENDING, application
from exporter.web.connections import Connections
from exporter.web.guard.guard import Guard
from exporter.web.sending import Sending
from exporter.web.sockets import listen
from tests.support.exporting import Loop

LARGE = 24 * 1024 * 1024
"""More than the kernel takes for a client that does not read."""
ASK = b"GET %s HTTP/1.1\r\nHost: x\r\n\r\n"


class Site:
    """A server whose clock a test sets, guarded by a web file if there is one."""

    def __init__(self, loop: Loop, most: int, web_file: Path | None) -> None:
        self.loop = loop
        self.now = 1000.0
        self.guard = Guard(web_file)
        self.connections = Connections(most, clock=lambda: self.now, tls=lambda: self.guard.policy.tls)
        self.app = application(loop.service, guard=self.guard)
        self.port = 0
        self.clients: list[socket.socket] = []

    @property
    def sending(self) -> Sending:
        return self.app[SENDING]

    def show(self, letter: bytes, size: int = LARGE) -> None:
        """Let /metrics be a page of this many of a letter."""
        page = self.loop.service.page
        self.loop.service.page = dataclasses.replace(
            page, own=Body([Block([Exposed(letter * size, letter * size, 0)])])
        )

    def pass_time(self, seconds: float) -> None:
        self.now += seconds
        self.connections.sweep()

    async def client(self, says: bytes = b"") -> socket.socket:
        """A client that reads nothing by itself, and has said this."""
        client = socket.socket()
        self.clients.append(client)
        client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        client.setblocking(False)
        before = set(self.connections)
        await asyncio.get_running_loop().sock_connect(client, ("127.0.0.1", self.port))
        if len(before) < self.connections.most:  # by itself, not by their number: others may leave meanwhile
            await until(lambda: set(self.connections) - before and self._opened())
        if says:
            await asyncio.get_running_loop().sock_sendall(client, says)
        return client

    def _opened(self) -> bool:
        """Whether all clients were let in, as far as that does not take a handshake."""
        return self.guard.policy.tls is not None or all(each.opened for each in self.connections)

    async def get(self, path: bytes = b"/-/healthy") -> bytes:
        """The first bytes of an answer, of a client of its own."""
        with await self.client(ASK % path) as client:
            return await read(client)


async def until(holds: Callable[[], object]) -> None:
    """Wait for what the loop is about to do."""
    async with asyncio.timeout(30):
        while not holds():
            await asyncio.sleep(0.001)


async def read(client: socket.socket) -> bytes:
    """What comes next; nothing when it was cut off."""
    async with asyncio.timeout(30):
        try:
            return await asyncio.get_running_loop().sock_recv(client, 65_536)
        except ConnectionError:
            return b""


async def read_all(client: socket.socket) -> bytes:
    """All that comes until the end."""
    parts = []
    while part := await read(client):
        parts.append(part)
    return b"".join(parts)


@asynccontextmanager
async def site(loop: Loop, most: int = 8, web_file: Path | None = None) -> AsyncIterator[Site]:
    """A site that is served, until all its connections are gone."""
    made = Site(loop, most, web_file)
    runner = web.AppRunner(made.app, access_log=None, shutdown_timeout=0.1)
    await runner.setup()
    assert runner.server is not None
    (listening,) = listen("127.0.0.1", 0)
    made.port = listening.getsockname()[1]
    try:
        async with made.connections.serving([listening], runner.server):
            yield made
    finally:
        for client in made.clients:
            client.close()
        await runner.cleanup()
        await until(lambda: not len(made.connections))


def on_site(loop: Loop, act: Callable[[Site], Awaitable[None]], most: int = 8, web_file: Path | None = None) -> None:
    """Act on a site."""

    async def run() -> None:
        async with site(loop, most, web_file) as made:
            await act(made)

    asyncio.run(run())
