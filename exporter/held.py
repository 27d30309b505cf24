"""Rows that can still change, remembered compactly: arrays by slot, not a Python object a row."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]
Slots = NDArray[np.int64]


class HeldRows:
    """Columns of remembered rows by slot; free slots are used again."""

    def __init__(self, types: Mapping[str, Any]) -> None:
        self._types = dict(types)
        self._columns = {name: np.zeros(0, kind) for name, kind in self._types.items()}
        self._slots: dict[Any, int] = {}
        self._ids: list[Any] = []
        self._free: list[int] = []

    def __len__(self) -> int:
        return len(self._slots)

    def __getitem__(self, name: str) -> Array:
        """The whole column, by slot; free slots hold what they last held, with campaign -1."""
        return self._columns[name]

    def find(self, ids: Iterable[Any], count: int) -> Slots:
        """The slot of each id, -1 where the row is not remembered; shape (count,)."""
        slots = self._slots
        return np.fromiter((slots.get(row, -1) for row in ids), np.int64, count)

    def allocate(self, ids: Sequence[Any]) -> Slots:
        """New slots for rows that are not remembered yet."""
        taken = []
        for row in ids:
            if self._free:
                slot = self._free.pop()
                self._ids[slot] = row
            else:
                slot = len(self._ids)
                self._ids.append(row)
            self._slots[row] = slot
            taken.append(slot)
        capacity = len(self._columns["campaign"])
        if len(self._ids) > capacity:
            size = max(1024, len(self._ids), capacity + capacity // 4)
            for name, column in self._columns.items():
                fill = -1 if name == "campaign" else 0
                grown = np.full(size, fill, column.dtype)
                grown[:capacity] = column
                self._columns[name] = grown
        return np.array(taken, np.int64)

    def take(self, slots: Slots) -> dict[str, Array]:
        """A copy of the rows in these slots, by column."""
        return {name: column[slots] for name, column in self._columns.items()}

    def put(self, slots: Slots, columns: Mapping[str, Array]) -> None:
        """Store the rows in these slots; columns we do not hold are left out."""
        for name, column in self._columns.items():
            column[slots] = columns[name]

    def drop(self, slots: Slots) -> None:
        """Forget the rows in these slots."""
        self._columns["campaign"][slots] = -1
        for slot in slots.tolist():
            del self._slots[self._ids[slot]]
            self._ids[slot] = None
            self._free.append(slot)

    def of_campaign(self, campaign: int) -> Slots:
        """The slots of a campaign's rows."""
        return np.flatnonzero(self._columns["campaign"] == campaign)
