"""Runs the loop and the web server until a signal asks to stop."""

from __future__ import annotations

import asyncio
import contextlib
import errno
import os
import socket
from collections.abc import Iterator, Mapping
from types import MappingProxyType

import structlog
from aiohttp import web

from exporter import __version__
from exporter.config import Config
from exporter.config.listening import format_address, parse_address
from exporter.errors import ConfigError, EndedError
from exporter.refresh.clock import Clock, database_clock
from exporter.refresh.service import Service
from exporter.web.app import application
from exporter.web.connections import IDLE_SECONDS, Connections, listen, within_files
from exporter.web.ending import Ending
from exporter.web.systemd import Systemd

_LAST_ANSWERS_SECONDS = 0.5

_REMEDIES: Mapping[int, str] = MappingProxyType(
    {
        errno.EADDRINUSE: "stop what uses it or name another with --web.listen-address",
        errno.EADDRNOTAVAIL: "this host has no such address: name one of its own, or :PORT for all",
        errno.EACCES: "ports below 1024 are for root: name a higher one",
    }
)

log = structlog.get_logger()


def run(config: Config, address: str | None = None, clock: Clock = database_clock, limit: float | None = None) -> bool:
    """Serve until SIGTERM or SIGINT; whether everything had ended then. `address`: instead of the configuration's.

    With a `limit`, the process is ended this many seconds after the signal, whatever it does: see `Ending`.
    `EndedError` if the refreshing ended by itself.
    """
    option = "web.listen_address" if address is None else "--web.listen-address"
    with _refused(option):
        host, port = parse_address(config.web.listen_address if address is None else address)
    with Ending(limit) as ending:
        return asyncio.run(_serve(config, host, port, option, clock, ending))


@contextlib.contextmanager
def _refused(option: str) -> Iterator[None]:
    """Say which option has an address that is none."""
    try:
        yield
    except ValueError as error:
        raise ConfigError(f"{option}: {error}") from None


async def _serve(config: Config, host: str | None, port: int, option: str, clock: Clock, ending: Ending) -> bool:
    connections = Connections(within_files())
    try:
        listening = listen(host, port)
    except (OSError, UnicodeError) as error:
        if isinstance(error, UnicodeError):  # by the rules of names
            raise ConfigError(f"{option}: no host can be called so; name another address") from None
        why = error.strerror if isinstance(error, socket.gaierror) else os.strerror(error.errno or 0)
        remedy = _REMEDIES.get(error.errno or 0, f"name another address with {option}")
        raise ConfigError(f"{option}: cannot listen on {format_address(host or '*', port)}: {why}; {remedy}") from None
    service = Service(config, clock)
    systemd = Systemd(service)
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
        log.info("listening", address=", ".join(map(_address, listening)), version=__version__)
        telling = asyncio.create_task(systemd.telling())
        await ending.event.wait()
        telling.cancel()
        systemd.stopping()
    if ending.asked:
        log.info("stopping")
    loop = asyncio.get_running_loop()
    stopped, _ = await asyncio.gather(loop.run_in_executor(None, service.stop), runner.cleanup())
    if not ending.asked:
        raise EndedError("the refreshing has ended by itself; please report this with the lines above")
    if not stopped:
        log.warning("a refresh is left behind", reason="it did not end in time", effect="none, nothing is lost")
    return bool(stopped)


def _address(listening: socket.socket) -> str:
    """Where it listens, with the port that was given to it if it asked for any."""
    host, port, *_ = listening.getsockname()
    return format_address(host, port)
