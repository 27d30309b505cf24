"""What the rules say of a simulated world: recorded level by level, then each alert's expression minute by minute."""

from __future__ import annotations

import tempfile
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from benchmarks.alerts.firing import firings
from benchmarks.alerts.incident import Run
from benchmarks.alerts.prometheus import Prometheus, Series, add, linked, running
from benchmarks.alerts.rules import Alert, Recording, Rules

Labels = tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Fired:
    """One alert, from when it fired to when it was resolved (`None`: not before the end). Labels are sorted."""

    labels: Labels
    fired: float
    resolved: float | None

    @property
    def by_name(self) -> dict[str, str]:
        """Its labels."""
        return dict(self.labels)


def evaluate(run: Run, blocks: Path, rules: Rules) -> list[Fired]:
    """The alerts of a run, in the order in which they fired; the blocks stay as they are."""
    # A sample is looked back for until just before the next look: as with the markers that a scrape leaves where a
    # series ends, which blocks cannot carry. Looks and evaluations are at the same moments.
    lookback = run.interval - 1
    with tempfile.TemporaryDirectory(prefix="evaluation-", dir=blocks.parent) as scratch:
        data = Path(scratch) / "data"
        linked(blocks, data)
        for level in rules.levels():
            with running(data, lookback) as prometheus:
                add(data, list(_recorded(prometheus, run, level)))
        with running(data, lookback) as prometheus:
            found = [fired for alert in rules.alerts for fired in _fired(prometheus, run, alert)]
    return sorted(found, key=lambda each: (each.fired, each.labels))


def _recorded(prometheus: Prometheus, run: Run, level: list[Recording]) -> Iterator[tuple[str, Series]]:
    for rule in level:
        for labels, values in prometheus.range(rule.expression, run.begin, run.end, run.interval):
            yield rule.name, ({name: value for name, value in {**labels, **rule.labels}.items() if value}, values)


def _fired(prometheus: Prometheus, run: Run, alert: Alert) -> Iterator[Fired]:
    present: dict[Labels, set[float]] = defaultdict(set)
    for labels, values in prometheus.range(alert.expression, run.start, run.end, alert.interval):
        present[tuple(sorted(alert.labelled(labels).items()))].update(at for at, _ in values)
    count = int((run.end - run.start) // alert.interval) + 1
    evaluations = [run.start + place * alert.interval for place in range(count)]
    for key, moments in present.items():
        for each in firings(evaluations, frozenset(moments), alert.hold, alert.keep):
            yield Fired(key, each.fired, each.resolved)
