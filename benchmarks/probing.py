"""Calls that are committed one after the other in a campaign of its own, and when `/metrics` counts each."""

from __future__ import annotations

import math
import re
import statistics
import threading
import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime

import psycopg

from benchmarks import process
from benchmarks.database import Connection, Target, say
from benchmarks.figure import amount
from benchmarks.sql import statements

CAMPAIGN = 1_000_000_000
_EVERY = 0.1
_POLL = 0.05
_PATIENCE = 60.0
_SHOWN = re.compile(rb'^campaign_calls_total\{campaign="%d",outcome="answered",[^}]*\} (\S+)$' % CAMPAIGN, re.MULTILINE)


def delays(target: Target, exporter: process.Exporter, going_on: Callable[[int], bool]) -> list[float]:
    """Seconds from each commit to the page that counts it, for as long as it is to go on with so many committed.

    A delay is infinite where no page did within a minute of the last commit.
    """
    client = exporter.client()
    committed: list[float] = []
    found: list[float] = []
    with psycopg.connect(target.owner, autocommit=True) as connection:
        connection.execute(statements("probe")["campaign"], {"campaign": CAMPAIGN})
        process.wait_for(exporter, "/metrics", [b'campaign="%d"' % CAMPAIGN], _PATIENCE)
        before = _shown(client)
        thread = threading.Thread(target=_commit, args=(connection, going_on, committed), daemon=True)
        thread.start()
        while thread.is_alive() or len(found) < len(committed):
            shown = _shown(client) - before
            now = time.monotonic()
            found += [now - committed[number] for number in range(len(found), shown)]
            if not thread.is_alive() and now > committed[-1] + _PATIENCE:
                break
            time.sleep(_POLL)
        thread.join()
    client.close()
    return found + [math.inf] * (len(committed) - len(found))


def p99(name: str, found: Sequence[float]) -> float:
    """The delay that one in a hundred exceeds; the others are told."""
    ordered = sorted(found)
    value = ordered[min(len(ordered) - 1, int(0.99 * len(ordered)))]
    missing = sum(map(math.isinf, ordered))
    say(
        f"{name}, {len(ordered)} changes: median {amount(statistics.median(ordered), 's')}, "
        f"p99 {amount(value, 's')}, longest {amount(ordered[-1], 's')}"
        + (f"; {missing} were not shown within {_PATIENCE:g} s of the last commit" if missing else "")
    )
    return value


def _commit(connection: Connection, going_on: Callable[[int], bool], committed: list[float]) -> None:
    started = time.monotonic()
    number = 0
    while going_on(number):
        time.sleep(max(0.0, started + number * _EVERY - time.monotonic()))
        with connection.transaction():
            connection.execute(statements("probe")["call"], {"campaign": CAMPAIGN, "at": datetime.now(UTC)})
            committed.append(time.monotonic())  # before the COMMIT is sent
        number += 1


def _shown(client: process.Client) -> int:
    _, body = client.get("/metrics", process.PLAIN)
    found = _SHOWN.search(body)
    return int(float(found[1])) if found else 0
