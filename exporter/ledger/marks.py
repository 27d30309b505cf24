"""The marks of rows: whole numbers made of their stamps, as `cleaning.mark` has them in SQL.

Where a campaign has as many rows as SQL counts, and the sum of their marks is the same, nothing came, went or was
stamped that the ledger does not know.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from exporter.source.projections import MARK


def held_as(name: str) -> str:
    """The remembered column that a sum is made of."""
    return "updated" if name == MARK else name


def marks(updated: NDArray[np.float64]) -> NDArray[np.int64]:
    """The last 32 bits of the microseconds of stamps in seconds; 0 of none (NaN)."""
    return np.rint(np.nan_to_num(updated, nan=0.0) * 1_000_000).astype(np.int64) & 0xFFFF_FFFF
