"""Some of the rows that go on, by their ids: enough to see, looking at them again, whether changes are stamped."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from exporter.source.records import Records

KEPT = 4096
"""Ids of a kind. Of texts the ledger itself keeps digests only, which no row can be found by."""

IN_PROGRESS, PENDING = 0, 1
"""The kinds: what is in progress is about to change; of what is pending nobody knows which is next."""


class Witnesses:
    """Ids in the order in which they are looked at next: those that came or were looked at longest ago first.

    Of rows in progress the newest are kept, of pending ones a fair sample of all that were noted. One that became of
    the other kind may be there still: whoever takes it finds out.
    """

    def __init__(self) -> None:
        self._kinds: tuple[dict[Any, None], ...] = ({}, {})
        self._noted = 0
        self._random = np.random.default_rng(0)

    def note(self, kind: int, rows: Records, places: NDArray[np.int64]) -> None:
        """The rows at these places go on."""
        mine, other = self._kinds[kind], self._kinds[1 - kind]
        noted = dict.fromkeys(rows.ids_at(self._fair(places) if kind == PENDING else places[-KEPT:]))
        for before in (other, mine):
            for row in before.keys() & noted.keys():
                del before[row]
        mine.update(noted)
        if (over := len(mine) - KEPT) > 0:
            kept = list(mine)
            chosen = self._random.choice(len(kept), over, replace=False).tolist() if kind == PENDING else range(over)
            for place in chosen:
                del mine[kept[place]]

    def _fair(self, places: NDArray[np.int64]) -> NDArray[np.int64]:
        """Those that are taken: the longer the stream, the fewer of it, so that each had the same chance."""
        place = self._noted + 1 + np.arange(len(places))
        self._noted += len(places)
        return places[self._random.random(len(places)) * place < KEPT]

    def next(self, kind: int, count: int) -> list[Any]:
        """The next ones of a kind; they come last from now on."""
        mine = self._kinds[kind]
        chosen = [row for row, _ in zip(mine, range(count), strict=False)]
        for row in chosen:
            del mine[row]
            mine[row] = None
        return chosen

    def drop(self, kind: int, ids: Iterable[Any]) -> None:
        """These are not of this kind, or not to be looked at any more."""
        for row in ids:
            self._kinds[kind].pop(row, None)

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
