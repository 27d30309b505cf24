"""Call windows of many campaigns as arrays: which of many instants lie outside them, here and in SQL alike."""

from __future__ import annotations

import math
from collections.abc import Mapping
from datetime import tzinfo
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from exporter.calendar.call_windows import CHUNK, WEEK_SECONDS, Schedule, offsets

Floats = NDArray[np.float64]


class ClosedTimes:
    """When the windows of campaigns are closed; each distinct schedule has a place, and so has each zone.

    An instant becomes a time of the local week. How often the windows have opened or closed since the week began says
    whether they are open. Offsets of zones are known until `until` (seconds since 1970); later, the last one holds.
    """

    def __init__(self, schedules: Mapping[str, Schedule], until: float = 0.0) -> None:
        self._made_of = schedules, until
        distinct: dict[Schedule, int] = {}
        zones: dict[tzinfo, int] = {}
        self.places = {key: distinct.setdefault(schedule, len(distinct)) for key, schedule in schedules.items()}
        """By campaign, the place of its schedule; of those that have one."""
        self.changes = [schedule.changes for schedule in distinct]
        """By schedule, at which seconds of the local week it opens or closes."""
        self.opens = [schedule.open_first for schedule in distinct]
        """By schedule, whether it is open as the week begins."""
        self.zones = [zones.setdefault(schedule.where, len(zones)) for schedule in distinct]
        """By schedule, the place of its zone."""
        chunks = math.ceil(until / CHUNK) + 1
        self.offsets = [_offsets(zone, chunks) for zone in zones]
        """By zone, from which instants on what is to be added for the local time since a Monday."""
        self._changes = np.full((max(map(len, self.changes), default=0), len(distinct)), np.inf)
        for place, changes in enumerate(self.changes):
            self._changes[: len(changes), place] = changes

    def __eq__(self, other: object) -> bool:
        return isinstance(other, ClosedTimes) and other._made_of == self._made_of

    __hash__ = None  # type: ignore[assignment]  # compared, never looked up

    def outside(self, places: NDArray[np.int64], at: Floats) -> NDArray[np.bool_]:
        """Whether each instant is one at which the schedule of that place is closed."""
        zones, local = np.array(self.zones, np.int64)[places], at.copy()
        for zone, (begins, added) in enumerate(self.offsets):
            here = zones == zone
            local[here] += added[np.searchsorted(begins, at[here], "right") - 1]
        rest = local % WEEK_SECONDS
        is_open = np.array(self.opens, bool)[places]
        for changes in self._changes:
            is_open ^= rest >= changes[places]
        return ~is_open


@lru_cache(maxsize=256)
def _offsets(where: tzinfo, chunks: int) -> tuple[Floats, Floats]:
    """When each offset of a zone begins, from 1970 on, and the offset."""
    begins, added = [0.0], [offsets(where, 0)[1][0]]
    for chunk in range(chunks):
        for begin, offset in zip(*offsets(where, chunk), strict=True):
            if offset != added[-1]:
                begins.append(begin)
                added.append(offset)
    return np.array(begins), np.array(added)


NEVER_CLOSED = ClosedTimes({})
"""Of nobody who has windows."""
