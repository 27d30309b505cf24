"""The live dialler, a process of its own: steps to the present once a second and writes what changed."""

from __future__ import annotations

import argparse
import os
import signal
import sys
import threading
import time
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

import psycopg
from psycopg import Connection

from exporter.demo.dialler.dialler import Dialler
from exporter.demo.dialler.restore import forget_deleted_leads, refresh_settings, restore
from exporter.demo.platform.model import DispatchLogEntry, LeadLogEntry
from exporter.demo.platform.store import flush
from exporter.demo.platform.tables import TABLE_OF
from exporter.demo.platform.world import DEMO
from exporter.demo.runtime import remembered as memory
from exporter.demo.scenarios.activation import Board, parse_scenario, revert_saved

INTERVAL_SECONDS = 1.0
SETTINGS_EVERY_SECONDS = 2.0
PRUNE_EVERY_SECONDS = 600.0
LOGS_KEPT = timedelta(days=2)
TICK, QUICK_TICK = timedelta(seconds=1), timedelta(seconds=60)
# A gap longer than this is caught up in quick steps; what lies before the longest gap is skipped.
LONG_GAP, QUICK_STEP, LONGEST_GAP = timedelta(minutes=10), timedelta(minutes=30), timedelta(days=2)
# Somebody else's transaction was in the way: the same rows are written by the next flush.
PASSING = (
    psycopg.errors.DeadlockDetected, psycopg.errors.LockNotAvailable, psycopg.errors.QueryCanceled,
    psycopg.errors.SerializationFailure, psycopg.errors.ForeignKeyViolation,
)  # fmt: skip


class Worker:
    """Ties clock, dialler, scenarios and database together."""

    def __init__(self, connection: Connection[Any], scenarios: Sequence[str]) -> None:
        self._connection = connection
        self._clock = memory.recall_clock(connection)
        world = memory.recall_world(connection)
        if world is None:
            raise LookupError("this database has no demo world: start it once with `campaign-exporter demo`")
        runs = (memory.recall(connection, memory.RUNS) or 0) + 1
        memory.remember(connection, memory.RUNS, runs)
        now = self._clock(self._transaction_start())
        progress = memory.recall_progress(connection)
        begin = max(progress[0] if progress else world.origin, now - LONGEST_GAP)
        # A new series of random numbers each run; the same seed and the same runs make the same again.
        seed = f"{world.seed}/{runs}"
        self.dialler: Dialler = restore(connection, DEMO, world.origin, begin, seed, TICK)
        revert_saved(self.dialler, memory.recall(connection, memory.UNDO) or [])
        self._board = Board(DEMO, [parse_scenario(text) for text in scenarios])
        self._settings_at = self._prune_at = 0.0
        self._deleted = -1
        connection.commit()

    def _transaction_start(self) -> datetime:
        row = self._connection.execute("SELECT now()").fetchone()
        assert row is not None
        start: datetime = row[0]
        return start

    def turn(self) -> timedelta:
        """One transaction: step towards the present and write. Returns how far behind the dialler still is."""
        try:
            with self._connection.transaction():
                real = self._transaction_start()
                stamp = self._clock(real)
                behind = stamp - self.dialler.time
                self.dialler.tick = QUICK_TICK if behind > LONG_GAP else self._tick()
                target = min(stamp, self.dialler.time + QUICK_STEP) if behind > LONG_GAP else stamp
                if behind <= LONG_GAP and self._board.update(self.dialler, self.dialler.time):
                    memory.remember(self._connection, memory.UNDO, self._board.to_json())
                self.dialler.step(target)
                flush(self._connection, self.dialler.state, stamp)
                memory.remember_progress(self._connection, self.dialler.time, real)
                self._look_around(target)
            self.dialler.state.saved()
        except PASSING as error:
            print(f"dialler: {type(error).__name__}, writing again in a moment", file=sys.stderr)
            forget_deleted_leads(self._connection, self.dialler.state)
            self._connection.rollback()
            return timedelta()
        return stamp - target

    def _tick(self) -> timedelta:
        # Fast clocks take longer ticks: about a dozen of them a turn.
        return max(TICK, timedelta(seconds=min(self._clock.speed / 12, 15.0)))

    def _look_around(self, at: datetime) -> None:
        """Obey what people changed by SQL, and drop logs that are too old."""
        now = time.monotonic()
        if now >= self._settings_at:
            self._settings_at = now + SETTINGS_EVERY_SECONDS
            refresh_settings(self._connection, self.dialler.state, at)
            self.dialler.settings_changed()
            row = self._connection.execute(
                "SELECT n_tup_del FROM pg_stat_user_tables WHERE relid = 'dialler.lead'::regclass"
            ).fetchone()
            if row is not None and row[0] != self._deleted:
                self._deleted = row[0]
                forget_deleted_leads(self._connection, self.dialler.state)
        if now >= self._prune_at:
            self._prune_at = now + PRUNE_EVERY_SECONDS
            for kind in (LeadLogEntry, DispatchLogEntry):
                table = psycopg.sql.Identifier("dialler", TABLE_OF[kind].name)
                statement = psycopg.sql.SQL("DELETE FROM {} WHERE at < %s").format(table)
                self._connection.execute(statement, [at - LOGS_KEPT])


def main(arguments: Sequence[str] | None = None) -> int:
    """Run until SIGTERM, or until the process that started it is gone."""
    parser = argparse.ArgumentParser(prog="exporter.demo.runtime.worker", description=__doc__)
    parser.add_argument("--url", required=True, help="libpq address of the demo's database, as its owner")
    parser.add_argument("--scenario", action="append", default=[], help="NAME[:key=value,...]; repeatable")
    options = parser.parse_args(arguments)
    stop = threading.Event()
    # Ctrl-C reaches the whole group; the parent asks us to stop when the exporter is done.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, lambda *_: stop.set())
    parent = os.getppid()
    try:
        with psycopg.connect(options.url, application_name="demo-dialler") as connection:
            worker = Worker(connection, options.scenario)
            while not stop.is_set() and os.getppid() == parent:
                started = time.monotonic()
                behind = worker.turn()
                if behind <= timedelta():
                    stop.wait(max(0.0, INTERVAL_SECONDS - (time.monotonic() - started)))
    except psycopg.OperationalError as error:
        if stop.is_set() or os.getppid() != parent:
            return 0  # the server went first
        print(f"dialler: the database is gone: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
