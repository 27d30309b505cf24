"""Running totals of one projection: by campaign, a count and sums for each key; exact, in whole numbers."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import chain, islice
from operator import add
from typing import Any

import numpy as np
from numpy.typing import NDArray

Ints = NDArray[np.int64]
Cell = list[int]
"""A count, then the sums of the projection in their order."""

# A key is one whole number: campaign (20 bits, see `CampaignNumbers`), first key (28), second key (15). Nulls are -1,
# stored as 0.
_SECOND_BITS = 15
_FIRST_BITS = 28
_KEY_BITS = _FIRST_BITS + _SECOND_BITS
_KEY_MASK = (1 << _KEY_BITS) - 1
_SECOND_MASK = (1 << _SECOND_BITS) - 1


def pack(campaign: Ints, keys: Sequence[Ints]) -> Ints:
    """One number for campaign and up to two keys, all of shape (n,)."""
    packed = campaign << _KEY_BITS
    if keys:
        packed = packed | ((keys[0] + 1) << _SECOND_BITS)
    if len(keys) > 1:
        packed = packed | (keys[1] + 1)
    return packed


def split(packed: Ints) -> tuple[list[int], list[int]]:
    """The campaign of each, and the part that is the key."""
    return (packed >> _KEY_BITS).tolist(), (packed & _KEY_MASK).tolist()


def earliest(cells: Mapping[int, Cell]) -> int | None:
    """The smallest first key of the cells, which is their order; `None` where there is none."""
    return unpack_key(min(cells))[0] if cells else None


def pack_key(keys: Sequence[int]) -> int:
    """The part of `pack` that is the key, for one cell."""
    first = keys[0] + 1 if keys else 0
    second = keys[1] + 1 if len(keys) > 1 else 0
    return first << _SECOND_BITS | second


def count_of(cells: Mapping[int, Cell], second: int) -> int:
    """The rows of all cells whose second key is this."""
    wanted = second + 1
    return sum(cell[0] for key, cell in cells.items() if key & _SECOND_MASK == wanted)


def counts_by_first(cells: Mapping[int, Cell], second: int) -> dict[int, int]:
    """By first key, the rows of the cells whose second key is this."""
    wanted = second + 1
    return {(key >> _SECOND_BITS) - 1: cell[0] for key, cell in cells.items() if key & _SECOND_MASK == wanted}


def unpack_key(key: int) -> tuple[int, int]:
    """The two keys of a cell; -1 where there is none."""
    return (key >> _SECOND_BITS) - 1, (key & _SECOND_MASK) - 1


class Totals:
    """Cells by campaign and key. A cell whose count and sums are all zero does not exist; none is ever changed."""

    def __init__(self, width: int) -> None:
        self._width = width
        self._cells: dict[int, dict[int, Cell]] = {}

    def of(self, campaign: int) -> Mapping[int, Cell]:
        """The cells of a campaign, by key."""
        return self._cells.get(campaign, {})

    def __iter__(self) -> Iterator[tuple[int, Mapping[int, Cell]]]:
        return iter(self._cells.items())

    def saved(self) -> dict[str, Any]:
        """All that `restore` needs: campaigns, how many cells each has, their keys and values one after the other."""
        cells = list(self._cells.values())
        keys = np.array(list(chain.from_iterable(cells)), np.int64)
        values = chain.from_iterable(chain.from_iterable(each.values() for each in cells))
        return {
            "campaigns": list(self._cells),
            "sizes": [len(each) for each in cells],
            "keys": keys,
            "values": np.fromiter(values, np.int64, len(keys) * self._width).reshape(len(keys), self._width),
        }

    def restore(self, saved: Mapping[str, Any]) -> None:
        """Have the cells that another process had."""
        cells = iter(zip(saved["keys"].tolist(), saved["values"].tolist(), strict=True))
        self._cells = {
            campaign: dict(islice(cells, size))
            for campaign, size in zip(saved["campaigns"], saved["sizes"], strict=True)
        }

    def replace(self, campaign: int, cells: Mapping[int, Cell]) -> None:
        """Set all cells of a campaign; none drops it."""
        if cells:
            self._cells[campaign] = dict(cells)
        else:
            self._cells.pop(campaign, None)

    def add(self, packed: Ints, signs: Ints, sums: Sequence[Ints]) -> set[int]:
        """Add rows (sign +1) and take rows out (sign -1); the campaigns whose totals changed."""
        if not packed.size:
            return set()
        order = np.argsort(packed)
        ordered = packed[order]
        starts = np.flatnonzero(np.concatenate(([True], ordered[1:] != ordered[:-1])))
        keys, signs = ordered[starts], signs[order]
        deltas = np.empty((len(keys), self._width), np.int64)
        deltas[:, 0] = np.add.reduceat(signs, starts)
        for column, values in enumerate(sums, start=1):
            deltas[:, column] = np.add.reduceat(signs * values[order], starts)
        changed = deltas.any(axis=1)
        campaigns, cells_of = split(keys[changed])
        return self._apply(campaigns, cells_of, deltas[changed].tolist())

    def _apply(self, campaigns: Sequence[int], keys: Sequence[int], deltas: Sequence[Cell]) -> set[int]:
        changed = set(campaigns)
        of = {campaign: self._cells.setdefault(campaign, {}) for campaign in changed}
        for campaign, key, delta in zip(campaigns, keys, deltas, strict=True):
            cells = of[campaign]
            cell = cells.get(key)
            if cell is None:
                cells[key] = delta
            elif any(total := list(map(add, cell, delta))):
                cells[key] = total  # a new one: views keep the old
            else:
                del cells[key]
        return changed
