"""What one run measures: sizes, rates, and where things are."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

CALL_ROWS = 5.4
"""Rows that a call changes on its way: two when dialled, one when answered (two in five), two at its end, one later."""

HOUR = 3600.0
RECENT_SHARE = 0.3
"""At most this share of the calls lies within the last hour."""


@dataclass(frozen=True, slots=True)
class Options:
    """Sizes and rates. `rate` is in changed rows a second, `interval` and `window` are in seconds."""

    tasks: int
    live: int
    calls: int
    campaigns: int
    rate: int
    interval: float
    intervals: int
    samples: int
    scrapes: int
    window: float
    series: int
    directory: Path
    query_exporter: Path
    sql_exporter: Path
    nginx: Path

    @property
    def recent(self) -> int:
        """Calls of the last hour: as many as the rate makes, so that the exporter remembers what it would."""
        return min(round(self.rate * HOUR / CALL_ROWS), round(self.calls * RECENT_SHARE))

    @property
    def batch(self) -> int:
        """Rows that change in one interval."""
        return round(self.rate * self.interval)

    @property
    def tenth(self) -> Options:
        """A tenth of the rows, at the same rates."""
        return replace(self, tasks=self.tasks // 10, live=self.live // 10, calls=self.calls // 10)

    @property
    def sizes(self) -> dict[str, int]:
        """What the filled database depends on."""
        return {
            "tasks": self.tasks,
            "live": self.live,
            "calls": self.calls,
            "campaigns": self.campaigns,
            "recent": self.recent,
        }
