"""Runs the loop and the web server until a signal asks to stop."""

from __future__ import annotations

import asyncio
import contextlib
import signal

import structlog
from aiohttp import web

from exporter import __version__
from exporter.config import Config
from exporter.errors import ConfigError
from exporter.refresh.clock import Clock, database_clock
from exporter.refresh.service import Service
from exporter.web.app import application

log = structlog.get_logger()


def parse_address(text: str) -> tuple[str | None, int]:
    """`HOST:PORT`, `[::1]:PORT` or `:PORT` (all interfaces)."""
    host, separator, port = text.rpartition(":")
    if not separator or not (port.isascii() and port.isdigit()) or not 0 <= int(port) <= 65_535:
        raise ConfigError(f"web.listen_address: {text!r} is not an address; write HOST:PORT, such as 127.0.0.1:10517")
    return host.strip("[]") or None, int(port)


def run(config: Config, address: str, clock: Clock = database_clock) -> None:
    """Serve until SIGTERM or SIGINT."""
    host, port = parse_address(address)
    with contextlib.suppress(KeyboardInterrupt):
        asyncio.run(_serve(config, host, port, clock))


async def _serve(config: Config, host: str | None, port: int, clock: Clock) -> None:
    service = Service(config, clock)
    runner = web.AppRunner(application(service), access_log=None, shutdown_timeout=5.0)
    await runner.setup()
    try:
        try:
            await web.TCPSite(runner, host, port).start()
        except OSError as error:
            raise ConfigError(
                f"web.listen_address: cannot listen on {host or '*'}:{port}: {error.strerror}; "
                "stop what uses it or name another with --web.listen-address"
            ) from None
        stop = asyncio.Event()
        for number in (signal.SIGTERM, signal.SIGINT):
            asyncio.get_running_loop().add_signal_handler(number, stop.set)
        service.start()
        log.info("listening", address=f"{host or '*'}:{port}", version=__version__)
        await stop.wait()
        log.info("stopping")
    finally:
        await asyncio.get_running_loop().run_in_executor(None, service.stop)
        await runner.cleanup()
