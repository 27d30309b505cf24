"""How soon anybody could know: what calls tell of a share that fell, whatever the rule."""

from __future__ import annotations

import math

from benchmarks.alerts.incident import Incident

SURE = 1e-6
"""A rule that wakes nobody in vain errs at most so often: thirty days of the worlds' calls are about a million."""


def divergence(after: float, before: float) -> float:
    """Nats that one call tells, on average, of a share that became `after` and was `before` (Kullback and Leibler)."""
    pairs = ((after, before), (1 - after, 1 - before))
    return sum(now * math.log(now / then) for now, then in pairs if now > 0)


def soonest(incident: Incident) -> float | None:
    """Minutes that any rule needs on average to be sure that fewer calls are answered; `None` of other incidents.

    Wald's bound on sequential tests: ln(1 / SURE) over what a call tells. It takes the rate before as known, calls as
    even, and each as told at once; so it is never reached.
    """
    seen = incident.evidence
    if incident.kind != "answer_drop" or not 0 < seen.answers_before < seen.calls_before:
        return None
    factor = float(incident.parameters["factor"])
    before = seen.answers_before / seen.calls_before
    calls = math.log(1 / SURE) / divergence(factor * before, before)
    return calls / (seen.calls_before / 60)
