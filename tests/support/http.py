"""Requests to the web server of a service that a test drives."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

from aiohttp import ClientResponse
from aiohttp.test_utils import TestClient, TestServer
from yarl import URL

from exporter.web.app import application
from tests.support.exporting import Loop

Client = TestClient[Any, Any]


def serving(loop: Loop, act: Callable[[Client], Awaitable[None]]) -> None:
    """Act on the web server of a service."""

    async def run() -> None:
        async with TestClient(TestServer(application(loop.service)), auto_decompress=False) as client:
            await act(client)

    asyncio.run(run())


def get(loop: Loop, path: str = "/metrics", method: str = "GET", **headers: str) -> tuple[ClientResponse, bytes]:
    """One response and its bytes, as they came over the wire. The path is sent as it is."""
    found: list[tuple[ClientResponse, bytes]] = []

    async def act(client: Client) -> None:
        named = {"Accept-Encoding": "", **{name.replace("_", "-"): value for name, value in headers.items()}}
        response = await client.request(method, URL(path, encoded=True), headers=named, allow_redirects=False)
        found.append((response, await response.read()))

    serving(loop, act)
    return found[0]
