"""What a batch of rows is as arrays: whole numbers, which rows are of exported campaigns, one row of each id."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from exporter.ledger.remembered_rows import Array
from exporter.ledger.totals import Ints
from exporter.source.interning import NONE


def whole_numbers(values: Sequence[int | None]) -> Ints:
    """Whole numbers with -1 for null; a double holds them exactly up to 2^53, beyond any clean value."""
    numbers = np.array(values, np.float64)
    numbers[np.isnan(numbers)] = NONE
    return numbers.astype(np.int64)


def in_scope(campaign: Array, scope: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Which of these campaigns are exported; a campaign without a number is not."""
    inside = np.zeros(len(campaign), bool)
    valid = (campaign >= 0) & (campaign < len(scope))
    inside[valid] = scope[campaign[valid]]
    return inside


def last_of_each(ids: Sequence[Any]) -> list[int] | None:
    """Where there is one row of each id, `None` for everywhere.

    A row that a view shows twice counts once, one without an id cannot be followed.
    """
    last = dict(zip(ids, range(len(ids)), strict=True))
    last.pop(None, None)
    return None if len(last) == len(ids) else list(last.values())
