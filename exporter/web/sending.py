"""Sends a finished answer piece by piece, so that a client who reads slowly holds no copy of it, and no old page."""

from __future__ import annotations

import asyncio

from aiohttp import web

PIECE_BYTES = 65_536
MOST_BYTES = 64 * 1024 * 1024
"""What answers that are being sent may hold together."""


class Sending:
    """The bodies that are being sent. Clients that read the same page hold the same bytes, which count once."""

    def __init__(self, most: int = MOST_BYTES) -> None:
        self._most = most
        self._sent: dict[int, tuple[bytes, set[asyncio.Transport]]] = {}

    @property
    def held(self) -> int:
        """Bytes that the answers under way hold."""
        return sum(len(body) for body, _ in self._sent.values())

    async def send(self, request: web.Request, response: web.StreamResponse) -> web.StreamResponse:
        """Send a response of which the body is finished; one that is small, or has no body, is left to aiohttp."""
        body = response.body if isinstance(response, web.Response) else None
        if not isinstance(body, bytes) or len(body) <= PIECE_BYTES or request.method == "HEAD":
            return response
        transport = request.transport
        if transport is None:
            raise ConnectionResetError("the client is gone")
        stream = web.StreamResponse(status=response.status, reason=response.reason, headers=response.headers)
        stream.content_length = len(body)
        self._hold(body, transport)
        try:
            await stream.prepare(request)
            for start in range(0, len(body), PIECE_BYTES):
                await stream.write(body[start : start + PIECE_BYTES])
            await stream.write_eof()
        except ConnectionError:
            pass  # aiohttp finds it out too, and lets the error hold no page
        finally:
            self._let_go(body, transport)
            # Another error keeps this frame until the collector comes by: not the page with it.
            del body, response
        return stream

    def _hold(self, body: bytes, transport: asyncio.Transport) -> None:
        key = id(body)
        self._sent.setdefault(key, (body, set()))[1].add(transport)
        self._make_room(key)

    def _let_go(self, body: bytes, transport: asyncio.Transport) -> None:
        key = id(body)
        if key in self._sent:  # no other body has the id while this one is here
            clients = self._sent[key][1]
            clients.discard(transport)
            if not clients:
                del self._sent[key]

    def _make_room(self, newest: int) -> None:
        """Cut off the readers of the oldest bodies while there are too many."""
        for key in [key for key in self._sent if key != newest]:
            if self.held <= self._most:
                break
            _, clients = self._sent.pop(key)
            for transport in clients:
                transport.abort()
