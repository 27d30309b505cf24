"""Which slot a row has, by its id: an open hash table of whole arrays, 16 to 32 bytes a row."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from exporter.source.records import IdKind
from exporter.source.texts import Texts

Slots = NDArray[np.int64]
Keys = NDArray[np.uint64]
"""Ids as 128 bits each, shape (n, 2)."""

_EMPTY, _GONE = -1, -2
_FILLED = 0.6
_MIX = np.uint64(0x9E3779B97F4A7C15)
_HALF = np.uint64(32)


def keys_of(kind: IdKind, ids: Texts) -> Keys:
    """Whole numbers and 16 bytes (a uuid) as they are; of anything else the 128 bits of a digest."""
    keys = np.zeros((len(ids), 2), np.uint64)
    if kind is IdKind.TEXT:
        raw = b"".join(map(_digest, ids.raws()))
        return np.frombuffer(raw, np.uint64).reshape(len(ids), 2)
    if kind is IdKind.WHOLE:
        keys[:, 1] = ids.words().byteswap()  # the low bits where `mixed` takes them from
    else:
        keys[:, 0], keys[:, 1] = ids.words(), ids.words(8)
    return keys


def _digest(text: bytes | None) -> bytes:
    return hashlib.blake2b(text or b"", digest_size=16).digest()


def mixed(keys: Keys) -> NDArray[np.uint64]:
    """Of each key a number that is rarely that of another, evenly spread in its low bits."""
    found = (keys[:, 0] ^ (keys[:, 1] * _MIX)) * _MIX
    return found ^ (found >> _HALF)


class SlotTable:
    """Slots by key. The keys themselves are kept by slot, so that a hit is certain."""

    def __init__(self) -> None:
        self._table: NDArray[np.int32] = np.full(1024, _EMPTY, np.int32)
        self._low: NDArray[np.uint64] = np.zeros(0, np.uint64)
        self._high: NDArray[np.uint64] = np.zeros(0, np.uint64)
        """The halves of keys by slot; of the high ones none while all are zero, as of whole numbers."""
        self._used = 0
        self._count = 0

    def __len__(self) -> int:
        return self._count

    def find(self, keys: Keys) -> Slots:
        """The slot of each key, -1 for one that is not there."""
        found = np.full(len(keys), -1, np.int64)
        rows = np.arange(len(keys))
        places = self._first(keys)
        while rows.size:
            slots = self._table[places].astype(np.int64)
            hit = slots >= 0
            hit[hit] = self._are(slots[hit], keys[rows[hit]])
            found[rows[hit]] = slots[hit]
            on = ~hit & (slots != _EMPTY)
            rows, places = rows[on], self._next(places[on])
        return found

    def put(self, keys: Keys, slots: Slots) -> None:
        """Add distinct keys that are not there yet."""
        highest = int(slots.max(initial=-1)) + 1
        if highest > len(self._low):
            size = max(1024, highest, len(self._low) * 9 // 8)
            self._low = _grown(self._low, size)
            if len(self._high):
                self._high = _grown(self._high, size)
        if not len(self._high) and keys[:, 0].any():
            self._high = np.zeros(len(self._low), np.uint64)
        if self._used + len(slots) > _FILLED * len(self._table):
            self._rebuild(len(slots))
        self._low[slots] = keys[:, 1]
        if len(self._high):
            self._high[slots] = keys[:, 0]
        self._insert(keys, slots)
        self._count += len(slots)

    def drop(self, slots: Slots) -> None:
        """Take out slots that are there."""
        rows = np.arange(len(slots))
        places = self._first(self._keys(slots))
        while rows.size:
            mine = self._table[places] == slots[rows]
            self._table[places[mine]] = _GONE
            rows, places = rows[~mine], self._next(places[~mine])
        self._count -= len(slots)

    def saved(self, slots: int) -> dict[str, Any]:
        """The keys of so many slots, from the first; of a slot that is free, what it last had."""
        return {"low": self._low[:slots], "high": self._high[:slots]}

    def restore(self, saved: Mapping[str, Any], taken: Slots) -> None:
        """Have these keys by slot, of which these slots are taken."""
        self._low, self._high, self._count = saved["low"], saved["high"], 0
        self._table, self._used = np.full(1024, _EMPTY, np.int32), 0
        self.put(self._keys(taken), taken)

    def _keys(self, slots: Slots) -> Keys:
        keys = np.zeros((len(slots), 2), np.uint64)
        keys[:, 1] = self._low[slots]
        if len(self._high):
            keys[:, 0] = self._high[slots]
        return keys

    def _are(self, slots: Slots, keys: Keys) -> NDArray[np.bool_]:
        """Which of these slots have these keys."""
        high = self._high[slots] if len(self._high) else 0
        same: NDArray[np.bool_] = (self._low[slots] == keys[:, 1]) & (keys[:, 0] == high)
        return same

    def _insert(self, keys: Keys, slots: Slots) -> None:
        places = self._first(keys)
        while slots.size:
            free = self._table[places] == _EMPTY
            self._table[places[free]] = slots[free]  # of those that want one place, the last gets it
            waits = self._table[places] != slots
            self._used += int((~waits).sum())
            slots, places = slots[waits], self._next(places[waits])

    def _rebuild(self, more: int) -> None:
        slots = self._table[self._table >= 0].astype(np.int64)
        size = len(self._table)
        while (len(slots) + more) > _FILLED * 0.8 * size:
            size *= 2
        self._table = np.full(size, _EMPTY, np.int32)
        self._used = 0
        self._insert(self._keys(slots), slots)

    def _first(self, keys: Keys) -> Slots:
        return (mixed(keys) & np.uint64(len(self._table) - 1)).astype(np.int64)

    def _next(self, places: Slots) -> Slots:
        return (places + 1) & (len(self._table) - 1)


def _grown(halves: NDArray[np.uint64], size: int) -> NDArray[np.uint64]:
    grown = np.zeros(size, np.uint64)
    grown[: len(halves)] = halves
    return grown


def drawn(free: list[int], next_slot: int, count: int) -> tuple[Slots, int]:
    """`count` slots, those that are free first; and the next one that was never used."""
    reused = min(len(free), count)
    taken = free[len(free) - reused :]
    del free[len(free) - reused :]
    fresh: Iterable[int] = range(next_slot, next_slot + count - reused)
    return np.array([*taken, *fresh], np.int64), next_slot + count - reused
