"""Each campaign's current day and call windows as arrays: for many calls at once, which day, and outside or not."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray

from exporter.calendar.closed_times import NEVER_CLOSED, ClosedTimes
from exporter.calendar.days import Day
from exporter.source.interning import NONE


class Calendar:
    """Of the campaigns with these numbers: the current day and the next, and when their windows are closed.

    `places` are those of their windows in `closed`.
    """

    def __init__(
        self,
        days: Mapping[int, Day],
        places: Mapping[int, int] = MappingProxyType({}),
        closed: ClosedTimes = NEVER_CLOSED,
    ) -> None:
        size = 1 + max(days, default=-1)
        self._today = np.zeros(size, np.int64)
        self._midnights = np.full((3, size), np.inf)
        self._closed = closed
        self._places = np.full(size, NONE, np.int64)
        for campaign, day in days.items():
            self._today[campaign] = day.today
            self._midnights[:, campaign] = day.midnights
        for campaign, place in places.items():
            self._places[campaign] = place

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
        """Whether each call was started while its campaign's windows were closed, whenever that was."""
        outside = np.zeros(len(campaigns), bool)
        places = np.full(len(campaigns), NONE, np.int64)
        known = self._known(campaigns)
        places[known] = self._places[campaigns[known]]
        judged = np.flatnonzero((places >= 0) & ~np.isnan(started))
        outside[judged] = self._closed.outside(places[judged], started[judged])
        return outside

    def _known(self, campaigns: NDArray[np.int32]) -> NDArray[np.bool_]:
        known: NDArray[np.bool_] = (campaigns >= 0) & (campaigns < len(self._today))
        return known
