"""Each campaign's current day and closed windows as arrays: for many calls at once, which day, and outside or not."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from exporter.calendar.days import Day
from exporter.source.interning import NONE

Spans = tuple[tuple[float, float], ...]
"""Spans of time as (start, end), in seconds since 1970."""


class Calendar:
    """Of the campaigns with these numbers: the current day and the next, and when their windows are closed in them."""

    def __init__(self, days: Mapping[int, Day], closed: Mapping[int, Spans]) -> None:
        size = 1 + max(days, default=-1)
        width = max((len(spans) for spans in closed.values()), default=0)
        self._today = np.zeros(size, np.int64)
        self._midnights = np.full((3, size), np.inf)
        self._closed = np.full((width, 2, size), np.inf)
        for campaign, day in days.items():
            self._today[campaign] = day.today
            self._midnights[:, campaign] = day.midnights
        for campaign, spans in closed.items():
            for place, span in enumerate(spans):
                self._closed[place, :, campaign] = span

    def days(self, campaigns: NDArray[np.int32], started: NDArray[np.float64]) -> NDArray[np.int64]:
        """The ordinal of the day on which each call was started, where that is the current one or the next."""
        known = self._known(campaigns)
        place = np.where(known, campaigns, 0)
        day = np.full(len(campaigns), NONE, np.int64)
        if not known.any():
            return day
        first, second, third = self._midnights[:, place]
        now, then = known & (started >= first) & (started < second), known & (started >= second) & (started < third)
        day[now] = self._today[place[now]]
        day[then] = self._today[place[then]] + 1
        return day

    def outside(self, campaigns: NDArray[np.int32], started: NDArray[np.float64]) -> NDArray[np.bool_]:
        """Whether each call was started while its campaign's windows were closed, in those two days."""
        outside = np.zeros(len(campaigns), bool)
        known = self._known(campaigns)
        if not known.any():
            return outside
        place = np.where(known, campaigns, 0)
        for start, end in self._closed:
            outside |= (started >= start[place]) & (started < end[place])
        return outside & known

    def _known(self, campaigns: NDArray[np.int32]) -> NDArray[np.bool_]:
        known: NDArray[np.bool_] = (campaigns >= 0) & (campaigns < len(self._today))
        return known
