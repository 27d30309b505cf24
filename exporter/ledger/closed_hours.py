"""The day of each campaign's tenant, and when its windows are closed in it."""

from __future__ import annotations

import math
from collections.abc import Mapping

from exporter.calendar.call_windows import Schedule
from exporter.calendar.days import Day, day_at, zone
from exporter.ledger.call_days import Spans
from exporter.source.platform import Platform


class Almanac:
    """Days and closed hours from refresh to refresh, worked out when the platform or a day is another."""

    def __init__(self) -> None:
        self._spans: dict[tuple[Schedule, Day], Spans] = {}
        self._platform: Platform | None = None
        self._now = math.inf
        self._days: dict[str, Day] = {}
        self._closed: dict[str, Spans] = {}

    def at(self, platform: Platform, now: float) -> tuple[dict[str, Day], dict[str, Spans]]:
        """The day of each campaign's tenant, and its closed hours; the same objects while nothing changed."""
        midnight = min((day.midnights[1] for day in set(self._days.values())), default=math.inf)
        if platform is not self._platform or not self._now <= now < midnight:
            self._days = days_of(platform, now)
            self._closed = self.closed(platform, self._days)
            self._platform = platform
        self._now = now
        return self._days, self._closed

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
