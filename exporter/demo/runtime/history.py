"""Fills a new world with days of history: the same dialler on virtual time, written in one go at the end."""

from __future__ import annotations

import gc
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import Any

from psycopg import Connection

from exporter.demo.dialler.creation import create
from exporter.demo.platform.model import Attempt, Lead
from exporter.demo.platform.store import flush
from exporter.demo.platform.world import WorldSpec

HISTORY_TICK = timedelta(seconds=15)
# Debug logs are kept as long as a platform would keep them.
LOGS_KEPT = timedelta(days=1)
Progress = Callable[[str], None]


def fill(
    connection: Connection[Any], spec: WorldSpec, origin: datetime, days: int, seed: str, progress: Progress
) -> tuple[int, int]:
    """Simulate `days` up to `origin` into an empty platform; returns how many tasks and calls it made.

    All of it is one transaction of the caller's, so that a fill that is interrupted leaves nothing behind.
    """
    start = origin - timedelta(days=days)
    dialler = create(spec, origin, start, seed, HISTORY_TICK)
    dialler.state.log_since = origin - LOGS_KEPT
    with _without_collector():
        for day in range(1, days + 1):
            dialler.step(start + timedelta(days=day))
            calls = len(dialler.state.new[Attempt])
            progress(f"history: day {day} of {days}, {len(dialler.state.new[Lead])} tasks, {calls} calls")
    tasks, calls = len(dialler.state.new[Lead]), len(dialler.state.new[Attempt])
    progress(f"history: writing {tasks} tasks and {calls} calls")
    flush(connection, dialler.state)
    connection.execute("ANALYZE")
    return tasks, calls


@contextmanager
def _without_collector() -> Iterator[None]:
    """Hundreds of thousands of rows pile up and none is garbage: looking for it again and again takes longest."""
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_enabled:
            gc.enable()
