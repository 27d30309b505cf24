"""Runs the loop and the web server until a signal asks to stop."""

from __future__ import annotations

import asyncio
import os
import socket

import structlog
from aiohttp import web

from exporter import __version__
from exporter.config import Config
from exporter.errors import ConfigError, EndedError
from exporter.refresh.clock import Clock, database_clock
from exporter.refresh.service import Service
from exporter.web.app import application
from exporter.web.connections import IDLE_SECONDS, Connections, listen, within_files
from exporter.web.ending import Ending

_LAST_ANSWERS_SECONDS = 0.5

log = structlog.get_logger()


def parse_address(text: str) -> tuple[str | None, int]:
    """`HOST:PORT`, `[::1]:PORT` or `:PORT` (all interfaces)."""
    host, separator, port = text.rpartition(":")
    if not separator or not (port.isascii() and port.isdigit()) or not 0 <= int(port) <= 65_535:
        raise ConfigError(f"web.listen_address: {text!r} is not an address; write HOST:PORT, such as 127.0.0.1:10517")
    return host.strip("[]") or None, int(port)


def run(config: Config, address: str, clock: Clock = database_clock, limit: float | None = None) -> bool:
    """Serve until SIGTERM or SIGINT; whether everything had ended then.

    With a `limit`, the process is ended this many seconds after the signal, whatever it does: see `Ending`.
    `EndedError` if the refreshing ended by itself.
    """
    host, port = parse_address(address)
    with Ending(limit) as ending:
        return asyncio.run(_serve(config, host, port, clock, ending))


async def _serve(config: Config, host: str | None, port: int, clock: Clock, ending: Ending) -> bool:
    connections = Connections(within_files())
    try:
        listening = listen(host, port)
    except OSError as error:
        why = error.strerror if isinstance(error, socket.gaierror) else os.strerror(error.errno or 0)
        raise ConfigError(
            f"web.listen_address: cannot listen on {host or '*'}:{port}: {why}; "
            "stop what uses it or name another with --web.listen-address"
        ) from None
    service = Service(config, clock)
    runner = web.AppRunner(
        application(service),
        access_log=None,
        shutdown_timeout=_LAST_ANSWERS_SECONDS,
        keepalive_timeout=2 * IDLE_SECONDS,  # `connections` decides
        lingering_time=0,
    )
    await runner.setup()
    assert runner.server is not None, "setup makes it"
    ending.attach()
    async with connections.serving(listening, runner.server):
        service.start(ended=ending.end)
        log.info("listening", address=f"{host or '*'}:{port}", version=__version__)
        await ending.event.wait()
    if ending.asked:
        log.info("stopping")
    loop = asyncio.get_running_loop()
    stopped, _ = await asyncio.gather(loop.run_in_executor(None, service.stop), runner.cleanup())
    if not ending.asked:
        raise EndedError("the refreshing has ended by itself; please report this with the lines above")
    if not stopped:
        log.warning("a refresh is left behind", reason="it did not end in time", effect="none, nothing is lost")
    return bool(stopped)
