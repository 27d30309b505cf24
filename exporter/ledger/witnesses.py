"""Some of the rows that go on, by their ids: enough to see, looking at them again, whether changes are stamped."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

KEPT = 4096
"""Ids of a kind. Of texts the ledger itself keeps digests only, which no row can be found by."""

IN_PROGRESS, PENDING = 0, 1
"""The kinds: what is in progress is about to change."""


class Witnesses:
    """Ids in the order in which they are looked at next: those that came or were looked at longest ago first."""

    def __init__(self) -> None:
        self._kinds: tuple[dict[Any, None], ...] = ({}, {})

    def note(self, kind: int, ids: Sequence[Any]) -> None:
        """These rows go on; of more than are kept, the ones noted longest ago go."""
        mine, other = self._kinds[kind], self._kinds[1 - kind]
        for row in ids[-KEPT:]:
            other.pop(row, None)
            mine.pop(row, None)
            mine[row] = None
        for row in list(mine)[: len(mine) - KEPT] if len(mine) > KEPT else ():
            del mine[row]

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
