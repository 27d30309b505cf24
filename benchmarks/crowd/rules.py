"""How long Prometheus takes for one evaluation of all rules."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from benchmarks.alerts.rules import Rules, load
from benchmarks.crowd import remote
from benchmarks.crowd.prometheus import Prometheus

FOLDER = Path(__file__).parents[2] / "alerts" / "generated"
_LEVELS: Mapping[str, tuple[str, tuple[str, ...]]] = {
    "campaign": ("campaign_calls_total", ("tenant", "campaign")),
    "campaign:cost": ("campaign_call_cost_total", ("tenant", "campaign", "currency")),
    "campaign_attempt": ("campaign_attempt_calls_total", ("tenant", "campaign", "attempt")),
    "campaign_number": ("campaign_number_calls_total", ("tenant", "campaign", "number")),
    "campaign_provider": ("campaign_call_errors_total", ("tenant", "campaign", "provider")),
    "tenant_number": ("campaign_number_calls_total", ("tenant", "number")),
    "tenant_provider": ("campaign_call_errors_total", ("tenant", "provider")),
}
"""Of recorded series, the family and the labels that they are made by; what is about something else is not looked back
at."""


@dataclass(frozen=True, slots=True)
class Evaluated:
    """A rule: seconds that the engine took and that the process was at work, and series that it made."""

    name: str
    took: float
    worked: float
    series: int


def rules(folder: Path = FOLDER) -> Rules:
    """Those that are shipped."""
    return load([folder])


def expressions(found: Rules) -> list[str]:
    """All that they ask."""
    return [*(each.expression for each in found.recordings), *(each.expression for each in found.alerts)]


def recorded(names: Iterable[str]) -> dict[str, tuple[str, tuple[str, ...]]]:
    """What is known of recorded series' labels."""
    found = {}
    for name in names:
        level = name.split(":")
        how = _LEVELS.get(":".join(level[:2]), _LEVELS.get(level[0]))
        if len(level) > 1 and how is not None:
            found[name] = how
    return found


def evaluate(prometheus: Prometheus, found: Rules, at: float) -> list[Evaluated]:
    """All rules at a moment, one after the other; what is recorded is there for those that rest on it."""
    done: list[Evaluated] = []
    clock = remote.Clock(np.array([at]))
    for level in found.levels():
        for rule in level:
            answer = prometheus.now(rule.expression, at)
            done.append(Evaluated(rule.name, answer.engine, answer.worked, len(answer.result)))
            remote.write(
                prometheus.base,
                (
                    (remote.labels_of({**each["metric"], **rule.labels, "__name__": rule.name}),
                     clock.samples(np.array([float(each["value"][1])])))
                    for each in answer.result
                ),
            )  # fmt: skip
    for alert in found.alerts:
        answer = prometheus.now(alert.expression, at)
        done.append(Evaluated(alert.name, answer.engine, answer.worked, len(answer.result)))
    return done
