"""Figures 4 and 5: from a commit to `/metrics`, and memory, while rows change all the time and audits run."""

from __future__ import annotations

from benchmarks import probing, process, refreshes, trickle
from benchmarks.changer import changing
from benchmarks.database import Target, say
from benchmarks.figure import MEBI, Figure
from benchmarks.options import Options

_LIMIT = 2.5
_SMALL, _LARGE = 400.0 * MEBI, 1024.0 * MEBI
_MANY_LIVE = 300_000
"""Beyond so many live tasks the larger limit of memory holds."""


def measure(target: Target, options: Options, exporter: process.Exporter) -> list[Figure]:
    """Both figures, of the same exporter."""
    before = refreshes.audits(exporter)
    with changing(target.owner, options.rate), trickle.suspected(target):
        delays = probing.delays(target, exporter, lambda committed: committed < options.samples)
        now, most = process.memory(exporter.pid)
    say(f"{refreshes.audits(exporter) - before} audits ended meanwhile")
    limit = _SMALL if options.live <= _MANY_LIVE else _LARGE
    return [
        Figure("from commit to /metrics, p99", probing.p99("from commit to /metrics", delays), None, _LIMIT),
        Figure("resident memory", now, None, limit, "bytes"),
        Figure("resident memory at most", most, None, limit, "bytes"),
    ]
