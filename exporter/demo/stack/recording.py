"""Gives the demo's Prometheus its past: the same history once more, with an exporter looking on. A process of its own.

The simulation is deterministic: with the same seed and origin it makes the same rows as the history in the demo's
database. So what the exporter that looks on counts goes on in what the demo's exporter shows when it starts.
"""

from __future__ import annotations

import argparse
import gc
import os
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import groupby
from pathlib import Path

import psycopg
import yaml
from prometheus_client import generate_latest
from prometheus_client.registry import Collector
from psycopg import sql
from psycopg.conninfo import make_conninfo

from exporter.config import parse
from exporter.demo.dialler.creation import create
from exporter.demo.platform.install import MONITOR_ROLE, install
from exporter.demo.platform.store import flush
from exporter.demo.platform.world import DEMO
from exporter.demo.runtime import remembered as memory
from exporter.demo.runtime.history import HISTORY_TICK
from exporter.demo.stack.blocks import WINDOW, Recorder, RecordingError
from exporter.metrics.self_metrics import Telemetry
from exporter.refresh.refresher import Refresher
from exporter.source.database import Database

JOB = "campaign-exporter"
SCRATCH = "demo_recording"
NICENESS = 19
# The last hours as densely as the rates of a graph that shows them ask for; the rest just so that Prometheus, which
# looks back five minutes, sees no gap. Each step divides the ones after it, and the spans.
DENSITY: Sequence[tuple[timedelta, timedelta]] = (
    (timedelta(hours=6), timedelta(seconds=30)),
    (timedelta(hours=24), timedelta(minutes=1)),
    (timedelta.max, timedelta(minutes=4)),
)
# How many windows from the end come first, and how many before the rest: what is looked at most is there soonest.
FIRST, SECOND = 2, 6
# Of the exporter's own metrics only those that tell a state: what its work costs, and how old its data are between
# looks that lie minutes apart, is another matter here.
NO_STATES = {
    "campaign_exporter_database_share_ratio",
    "campaign_exporter_clock_difference_seconds",
    "campaign_exporter_last_success_timestamp_seconds",
    "campaign_exporter_data_timestamp_seconds",
    "campaign_exporter_watermark_timestamp_seconds",
}


@dataclass(frozen=True, slots=True)
class Window:
    """What becomes one block: its number in time, and when the exporter looks."""

    number: int
    looks: tuple[datetime, ...]


class Done:
    """Which windows are recorded, in a file: a demo that was stopped meanwhile records the others when it goes on."""

    def __init__(self, directory: Path) -> None:
        self._file = directory / "recorded"

    def numbers(self) -> set[int]:
        """The numbers of the windows."""
        return set(map(int, self._file.read_text().split())) if self._file.exists() else set()

    def add(self, window: Window) -> None:
        """A window's block is where Prometheus finds it."""
        self._file.parent.mkdir(parents=True, exist_ok=True)
        with self._file.open("a") as file:
            file.write(f"{window.number}\n")


def missing(origin: datetime, days: int, done: Done) -> list[list[Window]]:
    """What is to be recorded, pass by pass: a pass is in the order of time, the newest pass comes first."""
    moments = groupby(_looks(origin - timedelta(days=days), origin), lambda at: int(at.timestamp() // WINDOW))
    windows = [Window(number, tuple(looks)) for number, looks in moments]
    known = done.numbers()
    parts = windows[-FIRST:], windows[-SECOND:-FIRST], windows[:-SECOND]
    left = ([window for window in part if window.number not in known] for part in parts)
    return [part for part in left if part]


def _looks(start: datetime, origin: datetime) -> Iterator[datetime]:
    at = start
    while at <= origin:
        yield at
        left = origin - at
        at += next(step for span, step in DENSITY if left <= span)


def record(url: str, days: int, instance: str, directory: Path, out: Path) -> None:
    """Record what is missing of the history of the demo in this database into a Prometheus's data directory.

    `url` is as its owner; `instance` is the target that Prometheus scrapes; `directory` is for what is under way.
    """
    with psycopg.connect(url) as connection:
        world = memory.recall_world(connection)
    if world is None:
        raise LookupError("this database has no demo world: start it once with `campaign-exporter demo`")
    done = Done(directory)
    recorder = Recorder(directory / "blocks", {"instance": instance, "job": JOB})
    for windows in missing(world.origin, days, done):
        with _watching(url, world, world.origin - timedelta(days=days)) as look:
            for window in windows:
                for at in window.looks:
                    recorder.record(at.timestamp(), look(at))
                recorder.blocks(out)
                done.add(window)


@contextmanager
def _watching(url: str, world: memory.World, start: datetime) -> Iterator[Callable[[datetime], bytes]]:
    """The world anew from its start, in a scratch database; what is given says what `/metrics` shows at a moment."""
    with _scratch(url) as target, psycopg.connect(target) as connection:
        install(connection)
        connection.commit()
        dialler = create(DEMO, world.origin, start, world.seed, HISTORY_TICK)
        dialler.state.log_since = world.origin  # debug logs are no metrics
        settings = {"database": {"url": make_conninfo(target, user=MONITOR_ROLE)}, "audit": {"max_share": 0.001}}
        config = parse(yaml.safe_dump(settings), "the recording's configuration", {})
        telemetry = Telemetry()
        telemetry.up.set(1)
        states = _states(telemetry)
        exporter = Refresher(config, Database(config), telemetry, clock=lambda _: dialler.time.timestamp())

        def look(at: datetime) -> bytes:
            behind = at - dialler.time
            dialler.step(at)
            with connection.transaction():
                flush(connection, dialler.state)
            dialler.state.saved()
            if behind > timedelta(hours=1):
                connection.execute("ANALYZE")
                connection.commit()
            return exporter.refresh().text + generate_latest(states)

        try:
            yield look
        finally:
            exporter.end()


def _states(telemetry: Telemetry) -> Collector:
    """The exporter's gauges."""
    endings = {"gauge": "", "info": "_info"}
    families = telemetry.registry.collect()
    names = {family.name + endings[family.type] for family in families if family.type in endings}
    return telemetry.registry.restricted_registry(names - NO_STATES)


@contextmanager
def _scratch(url: str) -> Iterator[str]:
    """An empty database on the same server, for a while; one that was left behind is replaced."""
    name = sql.Identifier(SCRATCH)
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(name))
        connection.execute(sql.SQL("CREATE DATABASE {}").format(name))
        try:
            yield make_conninfo(url, dbname=SCRATCH)
        finally:
            connection.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(name))


def main(arguments: Sequence[str] | None = None) -> int:
    """Record, out of the way of everybody else, until done or asked to stop."""
    parser = argparse.ArgumentParser(prog="exporter.demo.stack.recording", description=__doc__)
    parser.add_argument("--url", required=True, help="libpq address of the demo's database, as its owner")
    parser.add_argument("--days", required=True, type=int)
    parser.add_argument("--instance", required=True, help="HOST:PORT that Prometheus scrapes")
    parser.add_argument("--directory", required=True, type=Path, help="where to work")
    parser.add_argument("--out", required=True, type=Path, help="the data directory of Prometheus")
    options = parser.parse_args(arguments)
    os.nice(NICENESS)
    gc.disable()  # nearly all garbage goes by its counts; looking for the rest costs a quarter of the time
    try:
        record(options.url, options.days, options.instance, options.directory, options.out)
    except (RecordingError, LookupError, psycopg.OperationalError) as error:
        print(error, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
