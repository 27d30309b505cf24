"""A few rows a second, each changed in a transaction of its own: live ones, settled ones, or some that are deleted."""

from __future__ import annotations

import itertools
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import psycopg

from benchmarks.database import Connection, Target
from benchmarks.options import Options
from benchmarks.sql import statements

Change = tuple[str, Any]
"""A statement's name and the id of the row that it changes."""

_SPARE = 20
"""Of a table's pages as many are looked at as hold so many times the rows that are wanted."""


_NOBODY = -1
_LEAVING = 2.0


def live(target: Target, options: Options, rows: int) -> Iterator[Change]:
    """Pending tasks, of all campaigns; from the first again after so many."""
    with psycopg.connect(target.owner, autocommit=True) as connection:
        return itertools.cycle([("live", key) for key in sample(connection, "live_leads", options.tasks, rows)])


def settled(target: Target, options: Options, rows: int) -> Iterator[Change]:
    """Calls and tasks of all campaigns that ended hours ago: a late score, a corrected cost, a reviewer's result.

    At least so many different ones, as one that changed lately is settled no longer.
    """
    with psycopg.connect(target.owner, autocommit=True) as connection:
        calls = sample(connection, "settled_calls", options.calls, rows)
        leads = sample(connection, "settled_leads", options.tasks, rows)
    kinds: list[list[Change]] = [
        [("score", key) for key in calls[::2]],
        [("cost", key) for key in calls[1::2]],
        [("review", key) for key in leads],
    ]
    return itertools.cycle(list(itertools.chain.from_iterable(zip(*kinds, strict=False))))


@contextmanager
def suspected(target: Target) -> Iterator[None]:
    """Within this, the rows of every campaign are due to be counted: somebody leaves all the time whom nobody calls.

    PostgreSQL counts the deletion under the view `tasks`; no audit finds a difference.
    """
    with trickling(target, itertools.cycle([("arrive", _NOBODY), ("leave", _NOBODY)]), _LEAVING):
        yield


def sample(connection: Connection, name: str, of: int, rows: int) -> list[Any]:
    """Ids of about this many rows of a table that holds `of`, in no order: those of some pages."""
    percent = min(100.0, 100 * rows * _SPARE / of)
    found = connection.execute(statements("trickle")[name], {"percent": percent, "rows": rows}).fetchall()
    return [key for (key,) in found]


@contextmanager
def trickling(target: Target, changes: Iterator[Change], rate: float) -> Iterator[None]:
    """Within this, so many changes are committed a second, one after the other; an error where that is too fast."""
    stop = threading.Event()
    written = 0
    started = time.monotonic()

    def work() -> None:
        nonlocal written
        with psycopg.connect(target.owner, autocommit=True) as connection:
            for number, (name, key) in enumerate(changes):
                if stop.wait(max(0.0, started + number / rate - time.monotonic())):
                    return
                connection.execute(statements("trickle")[name], {"id": key})
                written += 1

    thread = threading.Thread(target=work, daemon=True)
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join()
    expected = int((time.monotonic() - started) * rate)
    if written < 0.9 * expected - 1:
        raise RuntimeError(f"{written} of {expected} rows were changed in time: too slow a machine")
