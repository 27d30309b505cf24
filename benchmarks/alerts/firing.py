"""`for` and `keep_firing_for`: from when an expression had a result to when the alert fired, as Prometheus does it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Firing:
    """An alert from the evaluation that found it firing to the one that found it resolved (`None`: it goes on)."""

    fired: float
    resolved: float | None


def firings(evaluations: Iterable[float], present: frozenset[float], hold: float, keep: float) -> list[Firing]:
    """When an alert fired whose expression had a result at the evaluations that are `present`.

    This is `AlertingRule.Eval` of Prometheus for one alert. `hold` is `for`, `keep` is `keep_firing_for`, in seconds.
    """
    found: list[Firing] = []
    active: float | None = None
    fired: float | None = None
    gone: float | None = None
    for at in evaluations:
        if at in present:
            gone = None
            if active is None:
                active = at
            if fired is None and at - active >= hold:
                fired = at
        elif active is not None:
            if fired is not None and keep > 0:
                gone = at if gone is None else gone
                if at - gone < keep:
                    continue
            if fired is not None:
                found.append(Firing(fired, at))
            active = fired = gone = None
    if fired is not None:
        found.append(Firing(fired, None))
    return found
