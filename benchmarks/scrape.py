"""Figure 3: how long a scrape takes, beside other exporters of the same families."""

from __future__ import annotations

import statistics
import time
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
        plain = _time("ours", exporter, options.scrapes)
    figures = []
    for name, start in (("query-exporter", peers.query_exporter), ("prometheus-sql-exporter", peers.sql_exporter)):
        with start(target, options, directory) as peer:
            theirs = _time(name, peer, max(10, options.scrapes // 10))
        figures.append(Figure(f"/metrics beside {name}", plain, theirs, 1 / 20))
    return figures


def _time(name: str, exporter: process.Exporter, times: int) -> float:
    """Median seconds of an uncompressed scrape, which is the cheapest for the others; Prometheus asks for gzip."""
    client = exporter.client()
    try:
        status, body = client.get("/metrics", process.PLAIN)
        if status != 200:
            raise RuntimeError(f"{name} answered {status}")
        plain, compressed = (_median(client, headers, times) for headers in (process.PLAIN, process.PROMETHEUS))
    finally:
        client.close()
    say(
        f"{name}: {series(body):,} series in {len(body):,} bytes; "
        f"{amount(plain, 's')} uncompressed, {amount(compressed, 's')} as Prometheus asks"
    )
    return plain


def _median(client: process.Client, headers: dict[str, str], times: int) -> float:
    client.get("/metrics", headers)
    taken = []
    for _ in range(times):
        start = time.perf_counter()
        client.get("/metrics", headers)
        taken.append(time.perf_counter() - start)
        time.sleep(0.02)
    return statistics.median(taken)


def series(body: bytes) -> int:
    """Series of campaigns in an exposition; an exporter's own are left out."""
    return sum(
        not line.startswith((b"#", *_BUILT_IN)) and b"campaign" in line.split(b"{", 1)[0] for line in body.splitlines()
    )
