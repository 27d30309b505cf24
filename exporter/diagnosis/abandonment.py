"""Calls that were abandoned in the current period of a campaign, as the law measures it.

The safe harbour of 16 CFR 310.4(b)(4)(i): of the calls that a person answered, at most 3 % are abandoned, measured over
a campaign, or separately over each successive 30-day period of it. So a period does not roll: it begins anew. Periods
are whole days of UTC, the first from the day on which the campaign started.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

from exporter.source.columns import DAYS_BACK

DAY = 86_400
LIMIT = 0.03
"""The share that the safe harbour allows."""

LEAST, ALL = 100, 1000
"""Answered calls: of fewer a share says nothing; of so many it hardly moves any more."""

_CHANCE = 2.0
"""Standard deviations (binomial) above a share from which few calls are above it for certain."""


@dataclass(frozen=True, slots=True)
class Period:
    """What came of the calls of the current period that a person answered, and when it began."""

    began: float
    answered: int
    abandoned: int

    @property
    def left(self) -> int:
        """How many of the calls so far may still be abandoned; negative: so many are too many."""
        return math.floor(LIMIT * self.answered) - self.abandoned

    @property
    def over(self) -> bool:
        """Whether the limit is broken for certain."""
        spread = _CHANCE * math.sqrt(LIMIT * (1 - LIMIT) * self.answered) if self.answered < ALL else 0.0
        return self.answered >= LEAST and self.abandoned > LIMIT * self.answered + spread


def period_of(days: Mapping[int, tuple[int, int]], started_at: float | None, now: float) -> Period | None:
    """The current period of a campaign that started then; `days`: calls answered and abandoned, by day."""
    if started_at is None or started_at > now:
        return None
    first, today = int(started_at // DAY), int(now // DAY)
    began = today - (today - first) % DAYS_BACK
    counted = [counts for day, counts in days.items() if day >= began]
    return Period(
        max(float(began * DAY), started_at), sum(each[0] for each in counted), sum(each[1] for each in counted)
    )
