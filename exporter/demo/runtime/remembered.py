"""What the simulation remembers between runs: its seed, its clock, how far it came, what scenarios must undo."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from psycopg import Connection
from psycopg.types.json import Jsonb

from exporter.demo.runtime.clock import ScaledClock

CLOCK, WORLD, PROGRESS, UNDO, RUNS = "clock", "world", "progress", "undo", "runs"


def recall(connection: Connection[Any], key: str) -> Any:
    """The value stored under the key, or None."""
    row = connection.execute("SELECT value FROM simulation.state WHERE key = %s", [key]).fetchone()
    return row[0] if row else None


def remember(connection: Connection[Any], key: str, value: Any) -> None:
    connection.execute(
        "INSERT INTO simulation.state (key, value) VALUES (%s, %s) "
        "ON CONFLICT (key) DO UPDATE SET value = excluded.value",
        [key, Jsonb(value)],
    )


@dataclass(frozen=True)
class World:
    """Where this world began: the seed of its randomness and the end of its history."""

    seed: str
    origin: datetime


def recall_world(connection: Connection[Any]) -> World | None:
    value = recall(connection, WORLD)
    return None if value is None else World(value["seed"], datetime.fromisoformat(value["origin"]))


def remember_world(connection: Connection[Any], world: World) -> None:
    remember(connection, WORLD, {"seed": world.seed, "origin": world.origin.isoformat()})


def recall_clock(connection: Connection[Any]) -> ScaledClock:
    """The clock that the demo's processes share; LookupError before the first start."""
    value = recall(connection, CLOCK)
    if value is None:
        raise LookupError("this database has no demo clock: start the demo once with `campaign-exporter demo`")
    return ScaledClock(
        datetime.fromisoformat(value["anchor_real"]),
        datetime.fromisoformat(value["anchor_virtual"]),
        value["speed"],
    )


def remember_clock(connection: Connection[Any], clock: ScaledClock) -> None:
    value = {
        "anchor_real": clock.anchor_real.isoformat(),
        "anchor_virtual": clock.anchor_virtual.isoformat(),
        "speed": clock.speed,
    }
    remember(connection, CLOCK, value)


def recall_progress(connection: Connection[Any]) -> tuple[datetime, datetime] | None:
    """How far the dialler came, in virtual time, and when that was in real time."""
    value = recall(connection, PROGRESS)
    return value and (datetime.fromisoformat(value["virtual"]), datetime.fromisoformat(value["real"]))


def remember_progress(connection: Connection[Any], virtual: datetime, real: datetime) -> None:
    remember(connection, PROGRESS, {"virtual": virtual.isoformat(), "real": real.isoformat()})


def continued_clock(progress: tuple[datetime, datetime] | None, real: datetime, speed: float) -> ScaledClock:
    """A clock for this run. While the demo was down, virtual time went on as fast as real time."""
    if progress is None:
        return ScaledClock(real, real, speed)
    virtual, then = progress
    return ScaledClock(real, virtual + max(real - then, real - real), speed)
