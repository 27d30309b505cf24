"""The smallest database that has all that the benchmarks change."""

from __future__ import annotations

from pathlib import Path

from benchmarks.options import Options

NOWHERE = Path("/nonexistent")
OPTIONS = Options(
    tasks=1000, live=300, calls=2000, campaigns=5, rate=10, interval=1, intervals=1, samples=1, scrapes=1, window=1,
    series=1, directory=NOWHERE, query_exporter=NOWHERE, sql_exporter=NOWHERE, nginx=NOWHERE,
)  # fmt: skip
