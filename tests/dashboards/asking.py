"""The boards' questions as Grafana sends them, on a Prometheus that holds the demo's history."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

from exporter.demo.recorder import Recorder
from tests.support import prometheus
from tests.support.prometheus import Prometheus

Series = dict[tuple[tuple[str, str], ...], float]
STEP = "55m"
"""`$__rate_interval` of a graph over a month: so that quiet campaigns have their minimum of calls in one."""

_VARIABLE = re.compile(r"\$(?:\{(\w+)(?::\w+)?\}|(\w+))")


def interpolated(expression: str, values: Mapping[str, str], span: str, step: str = STEP) -> str:
    """An expression with the viewer's choice put in; several values are a pattern already."""
    known = {"__rate_interval": step, "__interval": "1m", "__range": span, **values}
    return _VARIABLE.sub(lambda found: known.get(found[1] or found[2], found[0]), expression)


@contextmanager
def remembering(
    directory: Path, scrapes: Sequence[tuple[float, bytes]], instances: Sequence[str] = ("one:1",)
) -> Iterator[Prometheus]:
    """A Prometheus that scraped these bodies from each of these exporters."""
    for number, instance in enumerate(instances):
        recorder = Recorder(directory / f"recording-{number}", {"instance": instance, "job": "campaign-exporter"})
        for at, text in scrapes:
            recorder.record(at, text)
        recorder.blocks(directory / "data")
    with prometheus.running(directory) as running:
        yield running
