"""The instant that a read is for, as the expressions that depend on the clock need it."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import Any

from exporter.calendar.days import Day
from exporter.source.call_columns import ABANDONED_AFTER, ABANDONED_LEAST
from exporter.source.clean_rows import SETTLED_BEFORE
from exporter.source.task_columns import CAMPAIGN_ATTEMPTS


@dataclass(frozen=True, slots=True)
class Moment:
    """What the clock-dependent expressions need: the refresh's instant, in seconds since 1970, and two spans."""

    now: float
    settle_after: float
    stale_after: float
    abandoned: tuple[float, float] = (2.0, 2.0)
    """As `AbandonmentConfig.spans` has it."""

    @property
    def before_all_settled(self) -> Moment:
        """The same, but as if nothing had settled yet."""
        return replace(self, settle_after=math.inf)

    def parameters(self, day: Day | None = None) -> dict[str, Any]:
        """Values of the parameters of cleaned rows."""
        values: dict[str, Any] = {
            "now": self.now,
            "stale_after": self.stale_after,
            ABANDONED_AFTER.key: self.abandoned[0],
            ABANDONED_LEAST.key: self.abandoned[1],
            SETTLED_BEFORE.key: self.now - self.settle_after,
            CAMPAIGN_ATTEMPTS.key: None,
        }
        if day is not None:
            values["today"] = day.today
            values.update({f"midnight_{n}": midnight for n, midnight in enumerate(day.midnights)})
        return values
