"""New rows that were read, held against the inserts that PostgreSQL counts: a difference that stays is a suspicion.

Rows that come with old stamps (an import, a restore) are inserted and never read; rows whose creation is set anew are
read as new and never inserted. Counts come some seconds late, so a difference counts only if it stays for a while.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Mapping
from dataclasses import astuple, dataclass
from typing import Any

from exporter.source.structure import Structure

WINDOW_SECONDS = 15.0
LONGEST_SECONDS = 3600.0


@dataclass(slots=True)
class _Relation:
    """What is left over of one relation: now, and between which values since the window began."""

    inserted: int | None = None
    left: int = 0
    low: int = 0
    high: int = 0
    unsure: int = 0
    """How many rows were read since then that may have been inserted, or be old ones that changed."""


class Balance:
    """Suspicions; those that audits find to be nothing come ever less often, up to once an hour."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._relations: dict[str, _Relation] = {}
        self._since = clock()
        self._wait = WINDOW_SECONDS
        self._suspected = False
        self._corrections = 0.0

    def note(self, structure: Structure) -> None:
        """The counts of inserts at a new look; relations over several tables have none that would tell."""
        for relation, under in structure.items():
            known = self._relations.setdefault(relation, _Relation())
            if under.inserted is None or known.inserted is None or under.inserted < known.inserted:
                self._relations[relation] = _Relation(under.inserted)
            else:
                known.left += under.inserted - known.inserted
                known.inserted = under.inserted

    def read(self, relation: str, new: int, unsure: int = 0) -> None:
        """So many rows were read that were not known; and so many that may be new, or have been forgotten."""
        if (known := self._relations.get(relation)) is not None and known.inserted is not None:
            known.left -= new
            known.unsure += unsure

    def begin_anew(self, relations: Collection[str] | None = None) -> None:
        """Everything was loaded, or all of these relations: whatever was inserted is known."""
        for name in self._relations if relations is None else self._relations.keys() & set(relations):
            self._relations[name] = _Relation(self._relations[name].inserted)

    def suspects(self, corrections: float) -> dict[str, int]:
        """Rows by relation that were inserted unread, or read without having been inserted (below zero).

        `corrections`: how many differences audits have found by now, in all.
        """
        for known in self._relations.values():
            known.low, known.high = min(known.low, known.left - known.unsure), max(known.high, known.left)
        if self._clock() - self._since < self._wait:
            return {}
        self._since = self._clock()
        found = {}
        for relation, known in self._relations.items():
            stays = known.low if known.low > 0 else min(known.high, 0)
            if stays:
                found[relation] = stays
                known.left -= stays
            known.left -= max(0, min(known.left, known.unsure))
            known.low, known.high, known.unsure = known.left, known.left, 0
        if self._suspected:
            in_vain = corrections == self._corrections
            self._wait = min(self._wait * 2, LONGEST_SECONDS) if in_vain else WINDOW_SECONDS
        self._suspected, self._corrections = bool(found), corrections
        return found

    def saved(self) -> dict[str, Any]:
        """All that `restore` needs; how long the next suspicion waits begins anew."""
        return {relation: astuple(known) for relation, known in self._relations.items()}

    def restore(self, saved: Mapping[str, Any]) -> None:
        """Go on with what was left over for another process."""
        self._relations = {relation: _Relation(*known) for relation, known in saved.items()}
