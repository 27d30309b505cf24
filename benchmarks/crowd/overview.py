"""How long each panel of the overview waits for its answers."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks.crowd.prometheus import Prometheus
from dashboards.vocabulary.board import every_panel
from exporter.config.durations import parse_duration

FOLDER = Path(__file__).parents[2] / "dashboards" / "generated"
SPAN_SECONDS = 6 * 3600.0
"""The board's own."""

Panel = Mapping[str, Any]

_WIDTH_POINTS, _LEAST_STEP = 1440, 15.0
_VARIABLE = re.compile(r"\$(?:\{(\w+)(?::\w+)?\}|(\w+))")


@dataclass(frozen=True, slots=True)
class Drawn:
    """A panel: its questions one after the other, in seconds, and the bytes of the answers."""

    title: str
    took: float
    worked: float
    size: int
    slowest: str


def panels(board: str = "overview") -> list[Panel]:
    """Those with questions."""
    content = json.loads((FOLDER / f"{board}.json").read_text())
    return [each for each in every_panel(content["panels"]) if each.get("targets")]


def expressions(found: list[Panel]) -> Iterator[tuple[str, bool]]:
    """What they ask, as Grafana sends it for all tenants, and whether over time."""
    for panel in found:
        for target in panel["targets"]:
            yield _interpolated(target["expr"], _step(panel)), not target.get("instant")


def draw(prometheus: Prometheus, found: list[Panel], at: float) -> list[Drawn]:
    """All panels, one question at a time."""
    drawn = []
    for panel in found:
        step = _step(panel)
        took, worked, size, slowest = 0.0, 0.0, 0, (0.0, "")
        for target in panel["targets"]:
            text = _interpolated(target["expr"], step)
            if target.get("instant"):
                answer = prometheus.now(text, at)
            else:
                end = at // step * step
                answer = prometheus.span(text, end - SPAN_SECONDS, end, step)
            took, worked, size = took + answer.waited, worked + answer.worked, size + answer.size
            slowest = max(slowest, (answer.worked, text))
        drawn.append(Drawn(panel["title"], took, worked, size, slowest[1]))
    return drawn


def _step(panel: Panel) -> float:
    least = parse_duration(panel.get("interval") or "15s")
    assert isinstance(least, int | float), "the boards' own"
    return max(least, _LEAST_STEP, SPAN_SECONDS / _WIDTH_POINTS)


def _interpolated(expression: str, step: float) -> str:
    rate = f"{max(step + 15, 60):g}s"
    known = {"tenant": ".*", "__rate_interval": rate, "__interval": f"{step:g}s", "__range": "6h", "__range_s": "21600"}
    return _VARIABLE.sub(lambda found: known.get(found[1] or found[2], found[0]), expression)
