"""Figure 3: how long a scrape takes, beside other exporters of the same families."""

from __future__ import annotations

import statistics
import time
from collections.abc import Mapping
from pathlib import Path

from benchmarks import peers, process
from benchmarks.changer import changing
from benchmarks.database import Target, say
from benchmarks.figure import Figure, amount
from benchmarks.options import Options

_BUILT_IN = (b"campaign_exporter_", b"python_", b"process_", b"go_", b"promhttp_")


def measure(target: Target, options: Options, exporter: process.Exporter, directory: Path) -> list[Figure]:
    """Ours while rows change and it refreshes; the others at rest, with everything loaded."""
    with changing(target.owner, options.rate):
        ours = _time("ours", exporter, options.scrapes)
    figures = []
    for name, start in (("query-exporter", peers.query_exporter), ("prometheus-sql-exporter", peers.sql_exporter)):
        with start(target, options, directory) as peer:
            theirs = _time(name, peer, max(10, options.scrapes // 10))
        figures.append(Figure(f"/metrics beside {name}", ours, theirs, 1 / 20))
    return figures


def body(exporter: process.Exporter) -> bytes:
    """What a scrape gets, uncompressed."""
    client = exporter.client()
    try:
        status, found = client.get("/metrics", process.PLAIN)
    finally:
        client.close()
    if status != 200:
        raise RuntimeError(f"port {exporter.port} answered {status}")
    return found


def median(exporter: process.Exporter, headers: Mapping[str, str], times: int) -> float:
    """Seconds of a scrape over one kept connection."""
    client = exporter.client()
    taken = []
    try:
        client.get("/metrics", headers)
        for _ in range(times):
            start = time.perf_counter()
            client.get("/metrics", headers)
            taken.append(time.perf_counter() - start)
            time.sleep(0.02)
    finally:
        client.close()
    return statistics.median(taken)


def _time(name: str, exporter: process.Exporter, times: int) -> float:
    """Uncompressed, which is the cheapest for the others; Prometheus asks for gzip."""
    page = body(exporter)
    plain, compressed = (median(exporter, headers, times) for headers in (process.PLAIN, process.PROMETHEUS))
    say(
        f"{name}: {series(page):,} series in {len(page):,} bytes; "
        f"{amount(plain, 's')} uncompressed, {amount(compressed, 's')} as Prometheus asks"
    )
    return plain


def series(page: bytes) -> int:
    """Series of campaigns in an exposition; an exporter's own are left out."""
    return sum(
        not line.startswith((b"#", *_BUILT_IN)) and b"campaign" in line.split(b"{", 1)[0] for line in page.splitlines()
    )
