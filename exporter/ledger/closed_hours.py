"""The day of each campaign's tenant, and when its windows are closed in it."""

from __future__ import annotations

from collections.abc import Mapping

from exporter.calendar.call_windows import Schedule
from exporter.calendar.days import Day, day_at, zone
from exporter.ledger.call_days import Spans
from exporter.source.platform import Platform


class Almanac:
    """Closed hours from refresh to refresh: worked out once for each schedule and day."""

    def __init__(self) -> None:
        self._spans: dict[tuple[Schedule, Day], Spans] = {}

    def closed(self, platform: Platform, days: Mapping[str, Day]) -> dict[str, Spans]:
        """When each campaign's windows are closed on its current day and the next; none where they cannot be read."""
        before, self._spans = self._spans, {}
        closed: dict[str, Spans] = {}
        for campaign, day in days.items():
            schedule = platform.schedules.get(campaign)
            if schedule is None or schedule.always:
                continue
            key = (schedule, day)
            if key not in self._spans:
                first, _, last = day.midnights
                self._spans[key] = before[key] if key in before else schedule.closed_between(first, last)
            closed[campaign] = self._spans[key]
        return closed


def days_of(platform: Platform, now: float) -> dict[str, Day]:
    """The day of each exported campaign's tenant."""
    by_zone: dict[str | None, Day] = {}
    days: dict[str, Day] = {}
    for key, campaign in platform.campaigns.items():
        name = platform.zone_of(campaign)
        if name not in by_zone:
            where = zone(name)
            assert where is not None, "unknown zones were left out"
            by_zone[name] = day_at(now, where)
        days[key] = by_zone[name]
    return days
