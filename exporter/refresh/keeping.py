"""Saves the refresher's state now and then and at the end, and reads what was saved at the start."""

from __future__ import annotations

import contextlib
import math
import time
from collections.abc import Iterator
from pathlib import Path

import structlog

from exporter.config import Config
from exporter.errors import StateError
from exporter.metrics.saved_state_metrics import StateMetrics
from exporter.metrics.self_metrics import Telemetry
from exporter.refresh.refresher import Refresher
from exporter.refresh.resuming import ignore
from exporter.state.form import Tree
from exporter.state.matching import signed
from exporter.state.store import Store

MAX_SHARE = 0.01
"""Of the time, at most, that saving holds refreshes up."""

_LAST_SECONDS = 1.0
"""For the disk, at the end, twice: less than the service has to stop."""

log = structlog.get_logger()


class Keeper:
    """Belongs to the refreshing thread, and works between two refreshes."""

    def __init__(self, config: Config, directory: Path, telemetry: Telemetry) -> None:
        self.config = config
        self._store = Store(directory)
        self._metrics = StateMetrics(telemetry.registry)
        self._next = -math.inf
        self._writing: tuple[float, int] | None = None
        self._told: str | None = None

    def left(self) -> Tree | None:
        """What was saved last, if it can be read. Whether it fits is seen when there is a connection."""
        try:
            found = self._store.read()
        except StateError as error:
            ignore(str(error))
            return None
        if found is None:
            log.info("no state was saved yet", path=str(self._store.path))
            return None
        tree, size = found
        self._note(tree.get("at", 0.0), size)
        return tree

    def note(self, refresher: Refresher) -> None:
        """How the first refresh went, before a page is made of it."""
        self._metrics.warm.set(refresher.warm)

    def keep(self, refresher: Refresher) -> None:
        """Save if it is time. What fails is told, and tried again when it is time again."""
        with self._guarded():
            if self._written(0.0) and time.monotonic() >= self._next:
                self._save(refresher)

    def keep_last(self, refresher: Refresher) -> None:
        """Save whatever the time, as the process ends."""
        with self._guarded():
            if self._written(_LAST_SECONDS):
                self._save(refresher)
                self._written(_LAST_SECONDS)

    def _save(self, refresher: Refresher) -> None:
        began = time.monotonic()
        self._next = began + self.config.state.period
        if not self._store.claim():
            raise StateError("another exporter saves its own there; this one begins when that one has ended")
        saved = refresher.saved()
        if saved is None:
            return
        size = self._store.begin({"signed": signed(self.config), "written": time.time(), **saved})
        self._writing = saved["at"], size
        took = time.monotonic() - began
        self._metrics.seconds.observe(took)
        self._next = began + max(self.config.state.period, took / MAX_SHARE)

    def _written(self, seconds: float) -> bool:
        """Whether nothing is being written any more, waiting so long for the disk."""
        if not self._store.ended(seconds):
            return False
        if self._writing is not None:
            self._note(*self._writing)
            self._writing = self._told = None
        return True

    def _note(self, at: float, size: int) -> None:
        self._metrics.at.set(at)
        self._metrics.bytes.set(size)

    @contextlib.contextmanager
    def _guarded(self) -> Iterator[None]:
        """Whatever fails must not cost a refresh; it is said once."""
        try:
            yield
        except Exception as error:  # a fault of ours, or no memory left, is one more reason to go on without
            self._writing = None
            self._metrics.failures.inc()
            known = isinstance(error, StateError)
            why = str(error) if known else type(error).__name__
            if why != self._told:
                self._told = why
                effect = "a restart loads everything, or goes on from what was saved before"
                log.warning("the state is not saved", why=why, effect=effect, exc_info=None if known else error)
