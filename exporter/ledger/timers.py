"""When time alone changes a row: slots by the minute in which they must be looked at again."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Slots = NDArray[np.int64]
Seconds = NDArray[np.float64]


class Agenda:
    """Slots by minute. A row that changed since is found out when its minute comes, by its own `due`."""

    def __init__(self) -> None:
        self._minutes: dict[int, list[Slots]] = {}
        self.size = 0
        """Entries: more than there are slots, as one that is noted anew is not taken out."""

    def put(self, slots: Slots, due: Seconds) -> None:
        """Note the slots whose `due` (seconds since 1970) is finite."""
        finite = np.isfinite(due)
        if not finite.any():
            return
        slots, minutes = slots[finite], (due[finite] // 60).astype(np.int64)
        order = np.argsort(minutes, kind="stable")
        slots, minutes = slots[order], minutes[order]
        starts = np.flatnonzero(np.r_[True, minutes[1:] != minutes[:-1]])
        for minute, group in zip(minutes[starts].tolist(), np.split(slots, starts[1:]), strict=True):
            self._minutes.setdefault(minute, []).append(group)
        self.size += len(slots)

    def pop(self, now: float) -> Slots:
        """The distinct slots noted up to the minute of `now`, taken out."""
        current = int(now // 60)
        passed = [minute for minute in self._minutes if minute <= current]
        groups = [group for minute in passed for group in self._minutes.pop(minute)]
        self.size -= sum(len(group) for group in groups)
        return np.unique(np.concatenate(groups)) if groups else np.zeros(0, np.int64)

    def renew(self, slots: Slots, due: Seconds) -> None:
        """Note these, and nothing else."""
        self._minutes.clear()
        self.size = 0
        self.put(slots, due)

    def put_back(self, slots: Slots, due: Seconds, now: float) -> None:
        """Note again what `pop` returned but whose time, in this very minute, has not come."""
        later = (due > now) & (due < (now // 60 + 1) * 60)
        self.put(slots[later], due[later])
