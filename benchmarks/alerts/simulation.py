"""Lives through a planned world: the dialler writes PostgreSQL, the exporter looks, Prometheus's blocks remain."""

from __future__ import annotations

import gc
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import psycopg

from benchmarks.alerts.drawing import Plan
from benchmarks.alerts.families import Chosen
from benchmarks.alerts.incident import Evidence, Incident, Run
from benchmarks.alerts.kinds import HARNESS
from benchmarks.alerts.watched import Watched
from exporter.demo.dialler.creation import campaign_ids, create
from exporter.demo.dialler.dialler import Dialler
from exporter.demo.platform.install import install
from exporter.demo.platform.model import LIVE, QUEUED
from exporter.demo.platform.store import flush
from exporter.demo.runtime.server import EmbeddedServer
from exporter.demo.scenarios.activation import Board, activate
from exporter.demo.stack.blocks import Recorder

LABELS = {"instance": "exporter:10517", "job": "campaign-exporter"}
HISTORY_LOOK = timedelta(minutes=4)
_HISTORY_TICK, _TICK = timedelta(seconds=15), timedelta(seconds=10)
_SERVER = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off", "autovacuum_naptime": "20s"}


def simulate(plan: Plan, name: str, seed: str, directory: Path, interval: float, chosen: Chosen) -> Run:
    """Live through it; blocks go into `directory`/data, what was done into `directory`/run.json."""
    with _database() as url, psycopg.connect(url, autocommit=True) as connection:
        install(connection)
        trial = _Trial(plan, seed, url, connection, Recorder(directory / "recording", LABELS), chosen)
        trial.live(timedelta(seconds=interval))
        with trial.timed("blocks"):
            trial.recorder.blocks(directory / "data")
        run = Run(
            name,
            plan.start.timestamp(),
            plan.dense.timestamp(),
            plan.end.timestamp(),
            interval,
            trial.evident(),
            plan.skipped,
            {str(number): key for key, number in campaign_ids(plan.spec).items()},
            {key: round(value, 1) for key, value in trial.seconds.items()},
        )
    run.write(directory)
    return run


@contextmanager
def _database() -> Iterator[str]:
    """A server for this world alone: worlds are lived through side by side."""
    with tempfile.TemporaryDirectory(prefix="bench-alerts-", ignore_cleanup_errors=True) as made:
        Path(made).chmod(0o755)  # PostgreSQL may run as a user of its own
        with EmbeddedServer(Path(made), _SERVER) as server:
            server.create_database("world")
            yield server.url("world")


@dataclass
class _Trial:
    plan: Plan
    seed: str
    url: str
    connection: psycopg.Connection[Any]
    recorder: Recorder
    chosen: Chosen
    seconds: dict[str, float] = field(default_factory=dict)
    looks: Counter[int] = field(default_factory=Counter)
    due: Counter[int] = field(default_factory=Counter)
    exporter: Watched | None = None
    last: bytes | None = None

    def __post_init__(self) -> None:
        self.dialler: Dialler = create(self.plan.spec, self.plan.origin, self.plan.start, self.seed, _HISTORY_TICK)
        self.dialler.state.log_since = self.plan.end  # debug logs are no metrics
        self._board = Board(self.plan.spec, [
            activate(each.kind, _at(each.start), _at(each.end), **each.parameters)
            for each in self.plan.incidents if each.kind not in HARNESS
        ])  # fmt: skip

    def live(self, interval: timedelta) -> None:
        """From the beginning to the end."""
        gc.disable()  # nearly all garbage goes by its counts; looking for the rest costs a quarter of the time
        try:
            day = None
            while self.dialler.time < self.plan.end:
                dense = self.dialler.time >= self.plan.dense
                if dense:
                    self.dialler.tick = _TICK
                step = interval if dense else HISTORY_LOOK
                self._repeat(step, interval)
                with self.timed("dialler"):
                    self._board.step(self.dialler, self.dialler.time + step)
                with self.timed("database"):
                    self._write()
                if day != self.dialler.time.date():
                    day = self.dialler.time.date()
                    self.connection.execute("ANALYZE")
                    gc.collect()
                self._look()
        finally:
            gc.enable()
            if self.exporter is not None:
                self.exporter.stop()

    @contextmanager
    def timed(self, what: str) -> Iterator[None]:
        """Note how long something takes."""
        began = time.perf_counter()
        yield
        self.seconds[what] = self.seconds.get(what, 0.0) + time.perf_counter() - began

    def _repeat(self, step: timedelta, interval: timedelta) -> None:
        """Where looks are rare, record the last one again and again: rules count on samples at every interval."""
        at = self.dialler.time + interval
        while self.last is not None and at < self.dialler.time + step:
            self.recorder.record(at.timestamp(), self.last)
            at += interval

    def _write(self) -> None:
        with self.connection.transaction():
            flush(self.connection, self.dialler.state, self.dialler.time)
        self.dialler.state.saved()

    def _look(self) -> None:
        now = self.dialler.time.timestamp()
        on = [each for each in self.plan.incidents if each.start <= now < each.end]
        self._note_due(on, now)
        down = next((each for each in on if each.kind == "exporter_down"), None)
        if down is not None:
            if down.parameters["back"] == "restarted" and self.exporter is not None:
                self.exporter.stop()
                self.exporter = None
            self.recorder.record(now, None)
            return
        if self.exporter is None:
            self.exporter = Watched(self.url, lambda: self.dialler.time.timestamp())
        exporter, away = self.exporter, any(each.kind == "database_away" for each in on)
        with self.timed("exporter"):
            text = exporter.look(away)
        with self.timed("recording"):
            self.last = self.chosen.of(text)
            self.recorder.record(now, self.last)

    def _note_due(self, on: list[Incident], now: float) -> None:
        """Whether something is held up just now: a task of a running campaign that could be dialled if all was well."""
        for place, each in enumerate(self.plan.incidents):
            if each in on and each.what.needs.due and now >= each.start + 120:
                self.looks[place] += 1
                self.due[place] += any(self._has_due(int(campaign)) for campaign in each.campaigns)

    def _has_due(self, number: int) -> bool:
        campaign, at = self.dialler.state.campaigns[number], self.dialler.time
        return campaign.state_code == LIVE and any(
            lead.state_code == QUEUED and (lead.due_at is None or lead.due_at <= at) for _, _, lead in campaign.queue
        )

    def evident(self) -> tuple[Incident, ...]:
        """The incidents, with what the dialler's own tables say of them."""
        found = []
        for place, each in enumerate(self.plan.incidents):
            before = self._calls(each, each.start - 3600, each.start)
            during = self._calls(each, each.start, each.end)
            share = self.due[place] / self.looks[place] if self.looks[place] else 1.0
            evidence = Evidence(before[0], before[1], during[0], round(share, 3))
            found.append(replace(each, evidence=evidence))
        return tuple(found)

    def _calls(self, incident: Incident, start: float, end: float) -> tuple[int, int]:
        row = self.connection.execute(
            "SELECT count(*), count(answered_at) FROM dialler.attempt "
            "WHERE did_id = ANY(%s) AND dialled_at >= %s AND dialled_at < %s",
            [[int(number) for number in incident.numbers], _at(start), _at(end)],
        ).fetchone()
        assert row is not None, "one row"
        return row[0], row[1]


def _at(seconds: float) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)
