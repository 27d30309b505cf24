"""Whether rows can have been deleted: what a campaign lost is carried only as far as deletions were seen.

PostgreSQL counts the rows deleted from a table, some seconds late; TRUNCATE and a dropped partition replace or remove a
table's file. A campaign that lost rows without any of that was corrected: a row moved to another, a view is another.
"""

from __future__ import annotations

import math
import time
from collections.abc import Mapping
from dataclasses import astuple
from typing import Any

from exporter.source.structure import Structure, Under, replaced

KEPT_SECONDS = 120.0
"""How long a deletion may explain a loss, and a loss wait for its explanation: counts of deleted rows come late."""


class Evidence:
    """Rows that may have been deleted under each view, and not been used to explain a loss yet."""

    def __init__(self) -> None:
        self._before: Structure | None = None
        self._rows: dict[str, float] = {}
        self._at: dict[str, float] = {}
        self._any: set[str] = set()
        self._used = False

    def note(self, now: Structure) -> tuple[set[str], set[str]]:
        """The structure of a new look: relations that were replaced since the last one, and those that lost rows."""
        before, self._before = self._before, now
        if before is None or self._used:
            self._any.clear()
            self._used = False
        if before is None:
            return set(), set()
        moved = replaced(before, now)
        lost = set()
        for relation, under in now.items():
            then = before.get(relation)
            deleted = under.deleted - then.deleted if then else 0
            if relation in moved or deleted < 0:  # a file may have been emptied, a count may have started anew
                self._any.add(relation)
            elif deleted:
                self._add(relation, deleted)
                lost.add(relation)
        return moved, lost

    def used(self) -> None:
        """All losses up to this look were explained or not: an emptied file explains none that come later."""
        self._used = True

    def saved(self) -> dict[str, Any]:
        """All that `restore` needs; ages instead of moments, as clocks of two processes share no beginning."""
        now = time.monotonic()
        return {
            "before": self._before and {relation: astuple(under) for relation, under in self._before.items()},
            "rows": [[relation, rows, now - self._at[relation]] for relation, rows in self._rows.items()],
            "any": list(self._any),
            "used": self._used,
        }

    def restore(self, saved: Mapping[str, Any]) -> None:
        """Compare with what another process saw, which had as much time to explain with it as is left."""
        now, before = time.monotonic(), saved["before"]
        self._before = before and {relation: Under(*under) for relation, under in before.items()}
        self._rows = {relation: rows for relation, rows, _ in saved["rows"]}
        self._at = {relation: now - age for relation, _, age in saved["rows"]}
        self._any, self._used = set(saved["any"]), saved["used"]

    def _add(self, relation: str, rows: float) -> None:
        at = time.monotonic()
        left = self._rows.get(relation, 0.0) if at - self._at.get(relation, -math.inf) < KEPT_SECONDS else 0.0
        self._rows[relation], self._at[relation] = left + rows, at

    def explains(self, relation: str, rows: int) -> bool:
        """Whether the loss of so many rows can be a deletion; they explain nothing else then."""
        if relation in self._any:
            return True
        if time.monotonic() - self._at.get(relation, -math.inf) >= KEPT_SECONDS:
            return False
        if self._rows[relation] < rows:
            return False
        self._rows[relation] -= rows
        return True
