"""Runs the loop and the web server until a signal asks to stop."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path

import structlog
from aiohttp import web

from exporter import __version__
from exporter.config import Config
from exporter.errors import EndedError
from exporter.refresh.clock import Clock, database_clock
from exporter.refresh.service import Service
from exporter.web.app import application
from exporter.web.connections import IDLE_SECONDS, Connections
from exporter.web.ending import Ending
from exporter.web.guard.guard import Guard
from exporter.web.reloading import Reloading
from exporter.web.sockets import listen_on, shown, within_files
from exporter.web.systemd import Systemd

_LAST_ANSWERS_SECONDS = 0.5

log = structlog.get_logger()


def run(
    config: Config,
    addresses: Sequence[str] = (),
    clock: Clock = database_clock,
    limit: float | None = None,
    guard: Guard | None = None,
    config_file: Path | None = None,
    *,
    lifecycle: bool = False,
) -> bool:
    """Serve until SIGTERM or SIGINT; whether everything had ended then. `addresses`: instead of the configuration's.

    SIGHUP reads `config_file` anew, and so does whoever asks for it over HTTP, with `lifecycle`.
    With a `limit`, the process is ended this many seconds after the signal, whatever it does: see `Ending`.
    `EndedError` if the refreshing ended by itself.
    """
    with Ending(limit) as ending:
        made = partial(Reloading, path=config_file, lifecycle=lifecycle)
        return asyncio.run(_serve(config, addresses, clock, ending, guard or Guard(), made))


async def _serve(
    config: Config,
    addresses: Sequence[str],
    clock: Clock,
    ending: Ending,
    guard: Guard,
    reloading_of: Callable[[Service], Reloading],
) -> bool:
    if addresses:
        listening = listen_on(addresses, "--web.listen-address")
    else:
        listening = listen_on([config.web.listen_address], "web.listen_address")
    connections = Connections(within_files(), tls=lambda: guard.policy.tls)
    service = Service(config, clock, config.web.address(addresses, "http" if guard.policy.tls is None else "https"))
    systemd, reloading = Systemd(service), reloading_of(service)
    runner = web.AppRunner(
        application(service, guard=guard, reloading=reloading),
        access_log=None,
        shutdown_timeout=_LAST_ANSWERS_SECONDS,
        keepalive_timeout=2 * IDLE_SECONDS,  # `connections` decides
        lingering_time=0,
    )
    await runner.setup()
    assert runner.server is not None, "setup makes it"
    ending.attach(reloading.begin)
    async with connections.serving(listening, runner.server), guard.watching():
        service.start(ended=ending.end)
        log.info("listening", address=", ".join(map(shown, listening)), guards=guard.policy.said, version=__version__)
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
