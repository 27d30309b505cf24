"""Rows that can still change, remembered compactly: arrays by slot, not a Python object a row."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from types import MappingProxyType
from typing import Any

import numpy as np
from numpy.typing import NDArray

from exporter.ledger.id_table import Keys, SlotTable, drawn

Array = NDArray[Any]
Slots = NDArray[np.int64]


_NARROW = (np.int8, np.int16, np.int32, np.int64)


class HeldRows:
    """Columns of remembered rows by slot; free slots are used again.

    Whole numbers lie in as few bytes as those of their column have needed so far, be they numbers of labels or amounts;
    those of `units` are all multiples of one, and lie as how many.
    """

    def __init__(self, types: Mapping[str, Any], units: Mapping[str, int] = MappingProxyType({})) -> None:
        self._types = {name: np.dtype(kind) for name, kind in types.items()}
        self._units = units
        self._columns: dict[str, Array] = {
            name: np.zeros(0, np.int8 if kind.kind == "i" else kind) for name, kind in self._types.items()
        }
        self._table = SlotTable()
        self._free: list[int] = []
        self._next = 0

    def __len__(self) -> int:
        return len(self._table)

    def __getitem__(self, name: str) -> Array:
        """The whole column as it lies, by slot; free slots hold what they last held, with campaign -1."""
        assert name not in self._units, "it lies in another unit"
        return self._columns[name]

    def find(self, ids: Keys) -> Slots:
        """The slot of each id, -1 where the row is not remembered; shape (n,)."""
        return self._table.find(ids)

    def allocate(self, ids: Keys) -> Slots:
        """New slots for rows that are not remembered yet."""
        slots, self._next = drawn(self._free, self._next, len(ids))
        self._table.put(ids, slots)
        capacity = len(self._columns["campaign"])
        if self._next > capacity:
            size = max(1024, self._next, capacity + capacity // 8)
            for name, column in self._columns.items():
                fill = -1 if name == "campaign" else 0
                grown = np.full(size, fill, column.dtype)
                grown[:capacity] = column
                self._columns[name] = grown
        return slots

    def take(self, slots: Slots, names: Iterable[str] | None = None) -> dict[str, Array]:
        """A copy of the rows in these slots, by column: all, or those of these names."""
        return {name: self._taken(name, slots) for name in (self._types if names is None else names)}

    def _taken(self, name: str, slots: Slots) -> Array:
        found = self._columns[name][slots].astype(self._types[name], copy=False)
        if name in self._units:
            found *= self._units[name]
        return found

    def put(self, slots: Slots, columns: Mapping[str, Array]) -> None:
        """Store the rows in these slots; columns we do not hold are left out."""
        for name, column in self._columns.items():
            values = columns[name]
            if name in self._units:
                values = values // self._units[name]
            if column.dtype.kind == "i" and values.size:
                column = self._columns[name] = _wide_enough(column, int(values.min()), int(values.max()))
            column[slots] = values

    def drop(self, slots: Slots) -> None:
        """Forget the rows in these slots."""
        self._columns["campaign"][slots] = -1
        self._table.drop(slots)
        self._free += slots.tolist()

    def saved(self) -> dict[str, Any]:
        """All that `restore` needs: the columns themselves, to be written before anything changes."""
        columns = {name: column[: self._next] for name, column in self._columns.items()}
        return {"columns": columns, "keys": self._table.saved(self._next)}

    def restore(self, saved: Mapping[str, Any]) -> None:
        """Remember what another process remembered, in the same slots."""
        columns = {name: saved["columns"][name] for name in self._types}
        taken = columns["campaign"] >= 0
        self._table.restore(saved["keys"], np.flatnonzero(taken))
        self._columns, self._next = columns, len(taken)
        self._free = np.flatnonzero(~taken).tolist()

    def of_campaign(self, campaign: int) -> Slots:
        """The slots of a campaign's rows."""
        return np.flatnonzero(self._columns["campaign"] == campaign)


def _wide_enough(column: Array, least: int, most: int) -> Array:
    """The column, in more bytes if these need them."""
    for kind in _NARROW[_NARROW.index(column.dtype.type) :]:
        if np.iinfo(kind).min <= least and most <= np.iinfo(kind).max:
            return column.astype(kind, copy=False)
    raise AssertionError("whole numbers have eight bytes at most")
