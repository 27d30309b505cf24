"""Figures 9 and 10: how often it refreshes while settled rows change, and while audits run."""

from __future__ import annotations

from collections.abc import Iterator

from benchmarks import process, refreshes, trickle
from benchmarks.database import Target, say
from benchmarks.figure import Figure
from benchmarks.options import Options

FEW, MANY = 5, 50
"""Changed rows a second."""

_TRIES = 3
_ROOM = 4
_AT_LEAST = 0.9


def measure(target: Target, options: Options, exporter: process.Exporter) -> list[Figure]:
    """Refreshes a second while these change, over those while as many live rows do."""
    rows = round(options.window * (FEW + MANY) * _ROOM)
    live = trickle.live(target, options, rows)
    settled = trickle.settled(target, options, rows)
    calm = {rate: _pace(target, options, exporter, f"{rate} live rows a second", live, rate) for rate in (FEW, MANY)}
    figures = []
    for rate, theirs in calm.items():
        ours = _pace(target, options, exporter, f"{rate} settled rows a second", settled, rate)
        figures.append(Figure(f"refreshes while {rate} settled rows a second change", ours, theirs, _AT_LEAST, "/s"))
    refreshes.wait_until_done(exporter)
    with trickle.suspected(target):
        ours = _pace(target, options, exporter, f"{FEW} live rows a second and audits", live, FEW, audits=True)
    return [*figures, Figure("refreshes while audits run", ours, calm[FEW], _AT_LEAST, "/s")]


def _pace(
    target: Target,
    options: Options,
    exporter: process.Exporter,
    name: str,
    changes: Iterator[trickle.Change],
    rate: int,
    *,
    audits: bool = False,
) -> float:
    """Refreshes a second while these change; where no audit should run, once more if one came up by its turn."""
    with trickle.trickling(target, changes, rate):
        refreshes.wait(exporter, 1)
        for _ in range(_TRIES):
            watched = refreshes.watch(exporter, options.window)
            if audits or not watched.audits:
                break
    say(f"{name}: {watched.pace:.3g} refreshes a second, {watched.audits} audits meanwhile")
    refreshes.wait(exporter)
    return watched.pace
