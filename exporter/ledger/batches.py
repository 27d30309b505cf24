"""What a batch of records is: which rows are of exported campaigns, and one row of each id."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from exporter.ledger.id_table import Keys, mixed
from exporter.ledger.remembered_rows import Array
from exporter.source.texts import Texts


def in_scope(campaign: Array, scope: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Which of these campaigns are exported; a campaign without a number is not."""
    inside = np.zeros(len(campaign), bool)
    valid = (campaign >= 0) & (campaign < len(scope))
    inside[valid] = scope[campaign[valid]]
    return inside


def last_of_each(ids: Texts, keys: Keys) -> NDArray[np.int64] | None:
    """Where there is one row of each id, `None` for everywhere.

    A row that a view shows twice counts once, one without an id cannot be followed.
    """
    given, ordered = ids.lengths >= 0, np.sort(mixed(keys))
    if given.all() and not (ordered[1:] == ordered[:-1]).any():
        return None
    last = {tuple(keys[place].tolist()): place for place in np.flatnonzero(given).tolist()}
    return np.array(sorted(last.values()), np.int64)
