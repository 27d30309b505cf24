"""The day of each campaign's tenant, and when the campaign's windows are closed."""

from __future__ import annotations

import math
from collections.abc import Mapping

from exporter.calendar.closed_times import NEVER_CLOSED, ClosedTimes
from exporter.calendar.days import Day, day_at, zone
from exporter.source.platform import Platform


class Almanac:
    """Days and closed times from refresh to refresh, worked out when the platform or a day is another."""

    def __init__(self) -> None:
        self._platform: Platform | None = None
        self._now = math.inf
        self._days: dict[str, Day] = {}
        self._closed = NEVER_CLOSED

    def at(self, platform: Platform, now: float) -> tuple[dict[str, Day], ClosedTimes]:
        """The day of each campaign's tenant, and when windows are closed; the same objects while nothing changed."""
        midnight = min((day.midnights[1] for day in set(self._days.values())), default=math.inf)
        if platform is not self._platform or not self._now <= now < midnight:
            self._days = days_of(platform, now)
            closed = closed_of(platform, self._days)
            self._closed = self._closed if closed == self._closed else closed
            self._platform = platform
        self._now = now
        return self._days, self._closed


def closed_of(platform: Platform, days: Mapping[str, Day]) -> ClosedTimes:
    """When the windows of these campaigns are closed; of nobody whose windows cannot be read."""
    schedules = {campaign: schedule for campaign in days if (schedule := platform.schedules.get(campaign)) is not None}
    return ClosedTimes(
        {campaign: schedule for campaign, schedule in schedules.items() if not schedule.always},
        max((day.midnights[2] for day in days.values()), default=0.0),
    )


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
