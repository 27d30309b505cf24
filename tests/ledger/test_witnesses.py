"""Which rows are looked at again: the newest in progress, a fair sample of the pending, each in its turn."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from exporter.ledger.witnesses import IN_PROGRESS, KEPT, PENDING, Witnesses
from exporter.source.records import Records, as_sent


def note(witnesses: Witnesses, kind: int, ids: Sequence[int]) -> None:
    """Rows with these ids go on."""
    witnesses.note(kind, Records(*as_sent(ids), {}, {}), np.arange(len(ids)))


def test_each_has_its_turn_before_one_has_a_second() -> None:
    witnesses = Witnesses()
    note(witnesses, IN_PROGRESS, range(10))
    turns = [row for _ in range(5) for row in witnesses.next(IN_PROGRESS, 4)]
    assert turns == [*range(10), *range(10)]


def test_of_rows_in_progress_the_newest_are_kept() -> None:
    witnesses = Witnesses()
    note(witnesses, IN_PROGRESS, range(KEPT))
    note(witnesses, IN_PROGRESS, range(KEPT, KEPT + 10))
    assert witnesses.next(IN_PROGRESS, 2 * KEPT) == list(range(10, KEPT + 10))


def test_of_pending_rows_old_and_new_ones_are_kept_alike() -> None:
    witnesses = Witnesses()
    for start in range(0, 20 * KEPT, 1000):
        note(witnesses, PENDING, range(start, start + 1000))
    kept = witnesses.next(PENDING, 2 * KEPT)
    old = sum(row < 10 * KEPT for row in kept)
    assert len(kept) == KEPT
    assert 0.4 < old / KEPT < 0.6


def test_a_row_that_is_taken_up_changes_its_kind() -> None:
    witnesses = Witnesses()
    note(witnesses, PENDING, [1, 2])
    note(witnesses, IN_PROGRESS, [1])
    assert (witnesses.next(IN_PROGRESS, 9), witnesses.next(PENDING, 9)) == ([1], [2])
    witnesses.drop(IN_PROGRESS, [1])
    assert witnesses.next(IN_PROGRESS, 9) == []
