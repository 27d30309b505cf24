"""The boards' questions as Grafana sends them, on a Prometheus that holds the demo's history."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import MappingProxyType

from dashboards.vocabulary.queries import seconds
from exporter.demo.stack.blocks import Recorder
from tests.support import prometheus
from tests.support.prometheus import Prometheus

Series = dict[tuple[tuple[str, str], ...], float]
Change = Callable[[float, bytes], bytes]
STEP = "55m"
"""`$__rate_interval` of a graph over a month: so that quiet campaigns have their minimum of calls in one."""

_VARIABLE = re.compile(r"\$(?:\{(\w+)(?::\w+)?\}|(\w+))")


def interpolated(expression: str, values: Mapping[str, str], span: str, step: str = STEP) -> str:
    """An expression with the viewer's choice put in; several values are a pattern already."""
    known = {"__rate_interval": step, "__interval": step, "__interval_ms": f"{seconds(step)}000", "__range": span,
             "__range_s": seconds(span), **values}  # fmt: skip
    return _VARIABLE.sub(lambda found: known.get(found[1] or found[2], found[0]), expression)


def unchanged(_at: float, text: bytes) -> bytes:
    """An exporter that shows what there is."""
    return text


@contextmanager
def remembering(
    directory: Path,
    scrapes: Sequence[tuple[float, bytes]],
    instances: Mapping[str, Change] = MappingProxyType({"one:1": unchanged}),
    of: Mapping[str, Mapping[str, str]] = MappingProxyType({}),
    **labels: str,
) -> Iterator[Prometheus]:
    """A Prometheus that scraped these bodies from each of these exporters, each as it shows them.

    `labels` are those of the scrape, `of` those of one exporter's.
    """
    for number, (instance, change) in enumerate(instances.items()):
        target = {"instance": instance, "job": "campaign-exporter", **labels, **of.get(instance, {})}
        recorder = Recorder(directory / f"recording-{number}", target)
        for at, text in scrapes:
            if shown := change(at, text):
                recorder.record(at, shown)
        recorder.blocks(directory / "data")
    with prometheus.running(directory) as running:
        yield running
