"""Rows looked at again, whatever their stamp: which ones, and which of them say something else than is remembered."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

import numpy as np

from exporter.ledger.fold import Fold, differing
from exporter.ledger.id_table import keys_of
from exporter.ledger.witnesses import IN_PROGRESS, PENDING
from exporter.source.records import Records, as_sent

_OF_THE_STAMP = frozenset({"updated", "since", "broken"})
"""What moves with a row's stamp or with the clock."""


def witnessed(fold: Fold, count: int) -> list[Any]:
    """Ids of remembered rows that go on, up to so many; of those in progress three quarters at most."""
    chosen: list[Any] = []
    for kind, most in ((IN_PROGRESS, count * 3 // 4), (PENDING, count)):
        ids = fold.witnesses.next(kind, most - len(chosen))
        slots = fold.held.find(keys_of(*as_sent(ids)))
        live = slots >= 0
        live[live] = fold.going_on(fold.held.take(slots[live]))[kind]
        fold.witnesses.drop(kind, (ids[place] for place in np.flatnonzero(~live).tolist()))
        chosen += [ids[place] for place in np.flatnonzero(live).tolist()]
    return chosen


def of_one_id(rows: Records) -> tuple[int, Records]:
    """How many ids more than one of these rows has, and the rows that have an id for themselves."""
    _, inverse, counts = np.unique(keys_of(rows.kind, rows.ids), axis=0, return_inverse=True, return_counts=True)
    alone = counts[inverse.ravel()] == 1
    return int((counts > 1).sum()), rows if alone.all() else rows.take(np.flatnonzero(alone))


def unlike(fold: Fold, rows: Records, behind: Collection[int] = ()) -> tuple[list[int], list[int]]:
    """The places of rows that say something else than is remembered of them: with the stamp they had, and with a newer.

    Rows that are not remembered say nothing, nor do those of campaigns that are known to be `behind`.
    """
    new = fold.decode(rows, fold.vocabulary.campaign.numbers(rows.texts["campaign"]))
    slots = fold.held.find(keys_of(rows.kind, rows.ids))
    places = np.flatnonzero(slots >= 0)
    places = places[~np.isin(fold.held["campaign"][slots[places]], list(behind))]
    held = fold.held.take(slots[places])
    other = np.zeros(len(places), bool)
    for name in new.keys() & held.keys() - _OF_THE_STAMP:
        other |= differing(held[name], new[name][places])
    newer = new["updated"][places] > held["updated"]
    return places[other & ~newer].tolist(), places[other & newer].tolist()
