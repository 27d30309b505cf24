"""The configuration read anew while it serves: by SIGHUP, and by `/-/reload` where clients may ask for it."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path

import structlog
from aiohttp import web

from exporter.config import Config, load
from exporter.config.taking_over import take_over
from exporter.errors import ConfigError
from exporter.logs import configure
from exporter.metrics.selection import selected
from exporter.refresh.service import Service

log = structlog.get_logger()


class Reloading:
    """Reads the file, one reading at a time. What is wrong with it changes nothing, and is told."""

    def __init__(self, service: Service, path: Path | None = None, *, lifecycle: bool = False) -> None:
        """`path`: of the configuration; without one it cannot be read anew. `lifecycle`: whether clients may ask."""
        self._service = service
        self._path = path
        self._lifecycle = lifecycle
        self._reading = asyncio.Lock()
        self._tasks: set[asyncio.Task[None]] = set()

    def routes(self) -> list[web.RouteDef]:
        """The same methods as Prometheus has."""
        return [web.post("/-/reload", self._asked), web.put("/-/reload", self._asked)]

    def begin(self) -> None:
        """Read it anew in the running loop: a signal asks, and the log answers."""

        async def read() -> None:
            await self.reload()

        task = asyncio.get_running_loop().create_task(read())
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def reload(self) -> tuple[bool, str]:
        """Whether it was taken over, and what came of it, in a sentence."""
        async with self._reading:
            try:
                found = await asyncio.to_thread(self._load)
            except ConfigError as error:
                return False, self._refuse(str(error))
            return True, self._take(found)

    def _load(self) -> Config:
        if self._path is None:
            raise ConfigError("the configuration did not come from a file; restart the exporter")
        found = load(self._path)
        selected(found.metrics)  # which names there are the configuration alone does not know
        return found

    def _refuse(self, problem: str) -> str:
        self._service.refuse()
        log.error(
            "the configuration is not taken over",
            problem="; ".join(problem.splitlines()),
            effect="none: it goes on with the one before",
            remedy="mend the file and reload it; `campaign-exporter config` checks it",
        )
        return f"not taken over: {problem}"

    def _take(self, found: Config) -> str:
        before = self._service.configured
        change = take_over(before, found)
        self._service.adopt(change.config)
        if change.config.log != before.log:
            configure(change.config.log, sys.stderr)
        taken, left = (", ".join(keys) or "none" for keys in (change.taken, change.left))
        log.info("the configuration was read anew", file=str(self._path), taken_over=taken, needs_a_restart=left)
        return change.sentence

    async def _asked(self, request: web.Request) -> web.Response:
        del request
        if not self._lifecycle:
            return web.Response(text="not allowed; start the exporter with --web.enable-lifecycle\n", status=403)
        taken, sentence = await self.reload()
        return web.Response(text=f"{sentence}\n", status=200 if taken else 500)
