"""Rows that can still change, remembered compactly: arrays by slot, not a Python object a row."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from exporter.ledger.id_table import Keys, SlotTable, drawn

Array = NDArray[Any]
Slots = NDArray[np.int64]


class HeldRows:
    """Columns of remembered rows by slot; free slots are used again."""

    def __init__(self, types: Mapping[str, Any]) -> None:
        self._types = dict(types)
        self._columns = {name: np.zeros(0, kind) for name, kind in self._types.items()}
        self._table = SlotTable()
        self._free: list[int] = []
        self._next = 0

    def __len__(self) -> int:
        return len(self._table)

    def __getitem__(self, name: str) -> Array:
        """The whole column, by slot; free slots hold what they last held, with campaign -1."""
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
        self._table.drop(slots)
        self._free += slots.tolist()

    def saved(self) -> dict[str, Any]:
        """All that `restore` needs: the columns themselves, to be written before anything changes."""
        columns = {name: column[: self._next] for name, column in self._columns.items()}
        return {"columns": columns, "keys": self._table.keys(self._next)}

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
