"""A dialler that writes as many changed rows a second as it is told, or many at once, over its own tables."""

from __future__ import annotations

import multiprocessing
import time
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from multiprocessing.synchronize import Event
from typing import Any
from uuid import UUID

import psycopg

from benchmarks.database import report
from benchmarks.options import CALL_ROWS
from benchmarks.sql import statements

_TICK = 0.1
_POOL = 500_000
_ANSWERED = 0.4
Call = tuple[UUID, int]


class Changer:
    """Calls start, get answered, end, and are rated; tasks move with them. No row changes twice in one batch."""

    def __init__(self, url: str) -> None:
        self._connection = psycopg.connect(url, autocommit=True)
        self._sql = statements("changes")
        self._waiting: deque[int] = deque(row[0] for row in self._read("waiting"))
        self._ringing: deque[Call] = deque()
        self._talking: deque[Call] = deque()
        for attempt, lead, talking in self._read("going_on"):
            (self._talking if talking else self._ringing).append((attempt, lead))
        self._ended: deque[Call] = deque(self._read("ended"))
        row = self._connection.execute("SELECT array_agg(campaign_id) FROM dialler.campaign").fetchone()
        assert row is not None, "one row"
        self._campaigns: list[int] = row[0]
        self._batches = 0

    def close(self) -> None:
        """End the session."""
        self._connection.close()

    def report(self) -> None:
        """Have the session add what it did to the statistics."""
        report(self._connection)

    def batch(self, rows: int, low: datetime, high: datetime) -> int:
        """Change about this many rows, stamped from `low` to `high`; how many changed."""
        calls = max(1, round(rows / CALL_ROWS))
        answered = round(calls * _ANSWERED)
        answer = _take(self._ringing, answered)
        end = _take(self._talking, answered) + _take(self._ringing, calls - answered)
        rate = _take(self._ended, calls)
        # Where too few calls go on, more are dialled: two rows each.
        missing = answered - len(answer) + 2 * (calls - len(end)) + calls - len(rate)
        dial = [self._waiting.popleft() for _ in range(min(calls + missing // 2, len(self._waiting)))]
        with self._connection.transaction():
            dialled = self._run("dial", low, high, leads=dial)
            talking = self._run("answer", low, high, attempts=[call[0] for call in answer])
            over = self._run("end", low, high, attempts=[call[0] for call in end])
            rated = self._run("rate", low, high, attempts=[call[0] for call in rate])
            campaign = self._campaigns[self._batches % len(self._campaigns)]
            self._connection.execute(self._sql["progress"], {"campaign": campaign})
        self._batches += 1
        self._ringing.extend(dialled)
        self._talking.extend(talking)
        self._ended.extend((attempt, lead) for attempt, lead, _ in over)
        self._waiting.extend(lead for _, lead, again in over if again)
        return 2 * len(dialled) + len(talking) + 2 * len(over) + len(rated)

    def batch_now(self, rows: int) -> int:
        """The same, stamped with this instant."""
        now = datetime.now(UTC)
        return self.batch(rows, now, now)

    def _run(self, name: str, low: datetime, high: datetime, **arrays: list[Any]) -> list[Any]:
        if not any(arrays.values()):
            return []
        return self._connection.execute(self._sql[name], {"low": low, "high": high, **arrays}).fetchall()

    def _read(self, name: str) -> list[Any]:
        return self._connection.execute(self._sql[name], {"limit": _POOL}).fetchall()


def _take(calls: deque[Call], count: int) -> list[Call]:
    return [calls.popleft() for _ in range(min(count, len(calls)))]


@contextmanager
def changing(url: str, rate: int) -> Iterator[None]:
    """Within this, a process of its own changes `rate` rows a second; an error if it could not keep up."""
    context = multiprocessing.get_context("spawn")
    ready, stop = context.Event(), context.Event()
    written = context.Value("q", 0)
    process = context.Process(target=_work, args=(url, rate, ready, stop, written), daemon=True)
    process.start()
    if not ready.wait(60):
        raise RuntimeError("the changer did not start")
    started = time.monotonic()
    try:
        yield
    finally:
        elapsed = time.monotonic() - started
        stop.set()
        process.join(30)
        print(f"  {written.value / elapsed:,.0f} changed rows a second were written for {elapsed:.0f} s", flush=True)
    if written.value < 0.9 * rate * elapsed:
        raise RuntimeError(f"the changer wrote {written.value} rows in {elapsed:.0f} s: too slow a machine")


def _work(url: str, rate: int, ready: Event, stop: Event, written: Any) -> None:
    changer = Changer(url)
    ready.set()
    started = time.monotonic()
    while not stop.is_set():
        due = round((time.monotonic() - started) * rate) - written.value
        if due >= rate * _TICK:
            written.value += changer.batch_now(due)
        stop.wait(_TICK / 4)
    changer.close()
