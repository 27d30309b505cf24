"""Figures 11 to 13: a nightly batch, a recycled list and a purge: live rows meanwhile, and when all is exact again."""

from __future__ import annotations

import math
import threading
import time
import zlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

import psycopg

from benchmarks import probing, process, refreshes, trickle, truth
from benchmarks.database import Connection, Target, say, spoil
from benchmarks.figure import Figure, amount
from benchmarks.options import Options
from benchmarks.sql import statements

CORRECTED, RECYCLED = 200_000, 300_000
"""Rows of the nightly batch and of the recycled list, as far as there are so many."""

_CHUNKS = 20
_MEANWHILE, _EXACT = 5.0, 300.0
_LOOK = 1.0

Job = Callable[[Connection, Options], int]
"""Changes rows and commits; how many."""


def measure(target: Target, options: Options, exporter: process.Exporter) -> list[Figure]:
    """Of each, how late live rows are while it goes on, and how long after its end all families are SQL's."""
    jobs: Mapping[str, Job] = {"nightly batch": correct, "recycled list": recycle, "purge": purge}
    spoil(options)
    figures = [figure for name, job in jobs.items() for figure in _measure(name, job, target, options, exporter)]
    now, most = process.memory(exporter.pid)
    say(f"resident memory after all that: {amount(now, 'bytes')}, at most {amount(most, 'bytes')}")
    return figures


def _measure(name: str, job: Job, target: Target, options: Options, exporter: process.Exporter) -> list[Figure]:
    refreshes.wait_until_done(exporter)
    families = truth.comparable(target)
    before = truth.shown(_page(exporter), families)
    with psycopg.connect(target.owner, autocommit=True) as connection, ThreadPoolExecutor(1) as pool:
        started = time.monotonic()
        work = pool.submit(lambda: (job(connection, options), time.monotonic()))

        def going_on(_: int) -> bool:
            """While it changes rows, and then as long as they may be read: one commit may hold them all."""
            return not work.done() or time.monotonic() < work.result()[1] + options.window

        with _pages(exporter) as pages:
            late = probing.p99(f"{name}: from commit to /metrics", probing.delays(target, exporter, going_on))
            rows, ended = work.result()
            say(f"{name}: {rows:,} rows in {ended - started:.0f} s")
            sql = truth.by_sql(target, families)

            def wrong(page: bytes) -> list[truth.Series]:
                series = truth.differing(truth.shown(page, families), sql, before)
                return [each for each in series if ("campaign", str(probing.CAMPAIGN)) not in each[1]]

            exact = _exact_since(pages, ended, wrong)
            if math.isinf(exact):
                left = wrong(zlib.decompress(pages[-1][1]))
                say(f"{name}: {len(left)} series are not SQL's, of {', '.join(sorted({each[0] for each in left}))}")
    say(f"{name}: all families are those of SQL after {amount(exact, 's')}")
    return [
        Figure(f"{name}: from commit to /metrics, p99", late, None, _MEANWHILE),
        Figure(f"{name}: until all equals SQL", exact, None, _EXACT),
    ]


Pages = list[tuple[float, bytes]]
"""When each was asked for, and its bytes compressed."""


@contextmanager
def _pages(exporter: process.Exporter) -> Iterator[Pages]:
    """All pages from now on, one a second."""
    stop = threading.Event()
    found: Pages = []

    def work() -> None:
        while True:
            asked = time.monotonic()
            found.append((asked, zlib.compress(_page(exporter), 1)))
            if stop.wait(max(0.0, asked + _LOOK - time.monotonic())):
                return

    thread = threading.Thread(target=work, daemon=True)
    thread.start()
    try:
        yield found
    finally:
        stop.set()
        thread.join()


def _exact_since(pages: Pages, ended: float, wrong: Callable[[bytes], Sequence[truth.Series]]) -> float:
    """Seconds from the end to the first page from which on none is wrong; infinite if there is none in time."""
    while wrong(zlib.decompress(pages[-1][1])):
        if pages[-1][0] > ended + _EXACT:
            return math.inf
        time.sleep(_LOOK)
    since = math.inf
    for asked, page in reversed(pages):
        if asked < ended or wrong(zlib.decompress(page)):
            break
        since = asked - ended
    return since


def _page(exporter: process.Exporter) -> bytes:
    client = exporter.client()
    try:
        return client.get("/metrics", process.PLAIN)[1]
    finally:
        client.close()


def correct(connection: Connection, options: Options) -> int:
    """The carrier's costs of settled calls, in a batch a second within `window`."""
    ids = trickle.sample(connection, "settled_calls", options.calls, min(CORRECTED, options.calls // 10))
    step = math.ceil(len(ids) / options.window)
    started = time.monotonic()
    for number, first in enumerate(range(0, len(ids), step)):
        time.sleep(max(0.0, started + number - time.monotonic()))
        connection.execute(statements("bulk")["corrected"], {"ids": ids[first : first + step]})
    return len(ids)


def recycle(connection: Connection, options: Options) -> int:
    """The settled tasks of some campaigns are all pending again, at once."""
    rows = min(RECYCLED, round(0.3 * options.tasks))
    return connection.execute(statements("bulk")["recycled"], {"rows": rows}).rowcount


def purge(connection: Connection, options: Options) -> int:
    """The oldest fifth of the tasks with their calls, in some steps."""
    before = _calls(connection)
    row = connection.execute(statements("bulk")["range"], {"rows": options.tasks // 5}).fetchone()
    assert row is not None, "an aggregate is one row"
    low, high = row
    step = math.ceil((high - low + 1) / _CHUNKS)
    deleted = 0
    for first in range(low, high + 1, step):
        last = min(first + step - 1, high)
        deleted += connection.execute(statements("bulk")["purged"], {"low": first, "high": last}).rowcount
    return deleted + before - _calls(connection)


def _calls(connection: Connection) -> int:
    row = connection.execute(statements("bulk")["calls"]).fetchone()
    assert row is not None, "an aggregate is one row"
    return int(row[0])
