"""Is a number, or the whole campaign, answered far less than it should be?

Judged by the calls that got through to somebody's line: where a connection fails, neither its numbers nor the list are
to blame. Whether somebody picks up has nothing to do with who was free to talk.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import NamedTuple

from exporter.diagnosis.dispatch.situation import Situation

MIN_CALLS = 30
"""Fewer say nothing (domain: rates need a minimum sample)."""

Z = 3.3
"""Standard deviations from which a difference is no chance: two in a thousand looks at most, two-sided."""

DROP = 0.6
"""An answer rate below this share of the usual one; the hour of the day alone moves it by a third."""

Counts = Mapping[str, tuple[int, int]]
"""By number: calls that got through, and those of them that somebody picked up."""


class WorstNumber(NamedTuple):
    """A number that is answered far less than the rest."""

    number: str
    answered: int
    calls: int
    others: float
    """The answer rate of the rest."""


class Drop(NamedTuple):
    """Answers that fell far below the campaign's own past."""

    answered: int
    calls: int
    usual: float
    """The answer rate of the past."""


def worst_number(by_number: Counts) -> WorstNumber | None:
    """The number that is answered far less than the rest; `None`: none is."""
    found: list[tuple[float, WorstNumber]] = []
    total = sum(calls for calls, _ in by_number.values())
    answers = sum(answered for _, answered in by_number.values())
    for number, (calls, answered) in by_number.items():
        others = total - calls
        if calls < MIN_CALLS or others < MIN_CALLS:
            continue
        rate = (answers - answered) / others
        spread = math.sqrt(max(rate * (1 - rate), 1e-6) * (1 / calls + 1 / others))
        z = (answered / calls - rate) / spread
        if answered / calls < DROP * rate and z < -Z:
            found.append((z, WorstNumber(number, answered, calls, rate)))
    return min(found)[1] if found else None


def drop(s: Situation) -> Drop | None:
    """By what the campaign's recent answers fell below its past; `None`: they did not, or too little is known."""
    late, usual = s.lately, s.usual
    calls, ever = late.through, usual.through
    if calls < MIN_CALLS or ever < 3 * calls:
        return None
    answered = late.answered + late.abandoned
    before = (usual.answered + usual.abandoned - answered) / max(1, ever - calls)
    if answered / calls >= DROP * before or deviations(answered, calls, before) >= -Z:
        return None
    return Drop(answered, calls, before)


def deviations(successes: int, tries: int, rate: float) -> float:
    """How many standard deviations a count is from what a rate lets expect (binomial, normal approximation)."""
    return (successes - tries * rate) / math.sqrt(max(tries * rate * (1 - rate), 1e-6))
