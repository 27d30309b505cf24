"""Figures 4 and 5: from a commit to `/metrics`, and memory, while rows change all the time."""

from __future__ import annotations

import re
import statistics
import threading
import time
from datetime import UTC, datetime

import psycopg

from benchmarks import process
from benchmarks.changer import changing
from benchmarks.database import Target, say
from benchmarks.figure import Figure, amount
from benchmarks.options import Options
from benchmarks.sql import statements

PROBE = 1_000_000_000
_EVERY = 0.1
_POLL = 0.05
_PATIENCE = 30.0
_LIMIT = 2.5
_MEMORY = 400 * 1024 * 1024.0
_SHOWN = re.compile(rb'^campaign_calls_total\{campaign="%d",outcome="answered",[^}]*\} (\S+)$' % PROBE, re.MULTILINE)


def measure(target: Target, options: Options, exporter: process.Exporter) -> list[Figure]:
    """Both figures, of the same exporter."""
    with psycopg.connect(target.owner, autocommit=True) as connection:
        connection.execute(statements("probe")["campaign"], {"campaign": PROBE})
        delays = []
        with changing(target.owner, options.rate):
            _wait(exporter)
            delays = _delays(connection, exporter, options.samples)
            now, most = process.memory(exporter.pid)
    ordered = sorted(delays)
    p99 = ordered[min(len(ordered) - 1, int(0.99 * len(ordered)))]
    say(
        f"from commit to /metrics, {len(delays)} changes: median {amount(statistics.median(delays), 's')}, "
        f"p99 {amount(p99, 's')}, longest {amount(ordered[-1], 's')}"
    )
    return [
        Figure("from commit to /metrics, p99", p99, None, _LIMIT),
        Figure("resident memory", now, None, _MEMORY, "bytes"),
        Figure("resident memory at most", most, None, _MEMORY, "bytes"),
    ]


def _wait(exporter: process.Exporter) -> None:
    """Until the probe's campaign is exported."""
    process.wait_for(exporter, "/metrics", [b'campaign="%d"' % PROBE], _PATIENCE)


def _delays(
    connection: psycopg.Connection[tuple[object, ...]], exporter: process.Exporter, samples: int
) -> list[float]:
    """A call is committed every tenth of a second by a session of its own; each counts one more on the page."""
    client = exporter.client()
    before = _shown(client)
    committed: list[float] = []
    thread = threading.Thread(target=_commit, args=(connection, samples, committed), daemon=True)
    thread.start()
    delays: list[float] = []
    deadline = time.monotonic() + samples * _EVERY + _PATIENCE
    while len(delays) < samples:
        shown = _shown(client) - before
        now = time.monotonic()
        delays += [now - committed[number] for number in range(len(delays), shown)]
        if now > deadline:
            raise TimeoutError(f"{len(delays)} of {samples} changes were shown in time")
        time.sleep(_POLL)
    thread.join()
    client.close()
    return delays


def _commit(connection: psycopg.Connection[tuple[object, ...]], samples: int, committed: list[float]) -> None:
    started = time.monotonic()
    for number in range(samples):
        time.sleep(max(0.0, started + number * _EVERY - time.monotonic()))
        with connection.transaction():
            connection.execute(statements("probe")["call"], {"campaign": PROBE, "at": datetime.now(UTC)})
            committed.append(time.monotonic())  # before the COMMIT is sent


def _shown(client: process.Client) -> int:
    _, body = client.get("/metrics", process.PLAIN)
    found = _SHOWN.search(body)
    return int(float(found[1])) if found else 0
