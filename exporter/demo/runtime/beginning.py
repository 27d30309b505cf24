"""Makes a database into the demo's: platform, history and clock at the first start, the clock alone at the next."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any

import psycopg

from exporter.demo.platform.install import install
from exporter.demo.platform.world import DEMO, HISTORY_DAYS
from exporter.demo.runtime import history
from exporter.demo.runtime import remembered as memory
from exporter.demo.runtime.clock import ScaledClock

DEFAULT_SEED = "1"


def prepare(
    connection: psycopg.Connection[Any],
    seed: str | None = None,
    speed: float = 1.0,
    days: int = HISTORY_DAYS,
    passwords: Mapping[str, str] | None = None,
) -> ScaledClock:
    """The clock of this run. `connection` must be a superuser's; `passwords` are those of the roles that read."""
    install(connection, passwords)
    world = memory.recall_world(connection)
    if world is None:
        _first_time(connection, seed or DEFAULT_SEED, days)
    elif seed is not None and seed != world.seed:
        say(f"this demo was made with seed {world.seed}; for seed {seed} start it with --fresh")
    clock = memory.continued_clock(memory.recall_progress(connection), datetime.now(UTC), speed)
    memory.remember_clock(connection, clock)
    return clock


def _first_time(connection: psycopg.Connection[Any], seed: str, days: int) -> None:
    origin = datetime.now(UTC).replace(microsecond=0)
    with _progress() as progress:
        tasks, calls = history.fill(connection, DEMO, origin, days, seed, progress)
    memory.remember_world(connection, memory.World(seed, origin))
    memory.remember_progress(connection, origin, origin)
    say(f"history: {tasks} tasks and {calls} calls of {days} days")


@contextmanager
def _progress() -> Iterator[history.Progress]:
    """One line that is overwritten on a terminal; a line each elsewhere."""
    terminal = sys.stderr.isatty()

    def show(text: str) -> None:
        print(f"\r\x1b[K{text}" if terminal else text, end="" if terminal else "\n", file=sys.stderr, flush=True)

    yield show
    if terminal:
        print("\r\x1b[K", end="", file=sys.stderr, flush=True)


def say(text: str) -> None:
    """A line for the person at the terminal."""
    print(text, file=sys.stderr, flush=True)
