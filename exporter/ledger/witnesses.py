"""Some of the rows that go on, by their ids: enough to see, looking at them again, whether changes are stamped."""

from __future__ import annotations

import random
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

KEPT = 4096
"""Ids of a kind. Of texts the ledger itself keeps digests only, which no row can be found by."""

IN_PROGRESS, PENDING = 0, 1
"""The kinds: what is in progress is about to change; of what is pending nobody knows which is next."""


class Witnesses:
    """Ids in the order in which they are looked at next: those that came or were looked at longest ago first.

    Of rows in progress the newest are kept, of pending ones a fair sample of all that were noted.
    """

    def __init__(self) -> None:
        self._kinds: tuple[dict[Any, None], ...] = ({}, {})
        self._noted = 0
        self._random = random.Random(0)

    def note(self, kind: int, ids: Sequence[Any]) -> None:
        """These rows go on."""
        mine, other = self._kinds[kind], self._kinds[1 - kind]
        for row in ids:
            other.pop(row, None)
        for row in self._fair(ids) if kind == PENDING else ids[-KEPT:]:
            mine.pop(row, None)
            mine[row] = None
        if (over := len(mine) - KEPT) > 0:
            rows = list(mine)
            for row in self._random.sample(rows, over) if kind == PENDING else rows[:over]:
                del mine[row]

    def _fair(self, ids: Sequence[Any]) -> list[Any]:
        """Those that are taken: the longer the stream, the fewer of it, so that each had the same chance."""
        first, self._noted = self._noted, self._noted + len(ids)
        if self._noted <= KEPT:
            return list(ids)
        return [row for place, row in enumerate(ids, first + 1) if self._random.random() * place < KEPT]

    def next(self, kind: int, count: int) -> list[Any]:
        """The next ones of a kind; they come last from now on."""
        mine = self._kinds[kind]
        chosen = [row for row, _ in zip(mine, range(count), strict=False)]
        for row in chosen:
            del mine[row]
            mine[row] = None
        return chosen

    def drop(self, ids: Iterable[Any]) -> None:
        """These are not remembered any more, or over."""
        for row in ids:
            for kind in self._kinds:
                kind.pop(row, None)

    def saved(self) -> dict[str, Any]:
        """All that `restore` needs; bytes as a list of their digits."""
        kinds = [[[row.hex()] if isinstance(row, bytes) else row for row in kind] for kind in self._kinds]
        return {"kinds": kinds, "noted": self._noted}

    def restore(self, saved: Mapping[str, Any]) -> None:
        """Look on at what another process looked at."""
        going, pending = (
            dict.fromkeys(bytes.fromhex(row[0]) if isinstance(row, list) else row for row in kind)
            for kind in saved["kinds"]
        )
        self._kinds, self._noted = (going, pending), saved["noted"]
