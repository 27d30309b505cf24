"""Minutes and hours of many instants at once."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from exporter.source.columns import DAYS_BACK, HOURS_BACK
from exporter.source.interning import NONE


def first_hour(now: float) -> int:
    """The earliest whole hour since 1970 that is still counted one by one."""
    return int(now // 3600) - HOURS_BACK + 1


def recent_hours(seconds: NDArray[np.float64], now: float) -> NDArray[np.int64]:
    """The whole hour of each instant (NaN: none) that is still counted one by one, else `NONE`."""
    hours = np.floor(np.nan_to_num(seconds, nan=-1.0) / 3600.0).astype(np.int64)
    return np.where(hours >= first_hour(now), hours, NONE)


def first_day(now: float) -> int:
    """The earliest whole day of UTC since 1970 that is still counted by itself."""
    return int(now // 86_400) - DAYS_BACK + 1


def recent_days(seconds: NDArray[np.float64], now: float) -> NDArray[np.int64]:
    """The whole day of each instant (NaN: none) that is still counted by itself, else `NONE`."""
    days = np.floor(np.nan_to_num(seconds, nan=-1.0) / 86_400.0).astype(np.int64)
    return np.where(days >= first_day(now), days, NONE)


def minutes(seconds: NDArray[np.float64]) -> NDArray[np.int64]:
    """The whole minute since 1970 of each instant; `NONE` for NaN."""
    whole = np.floor(np.nan_to_num(seconds, nan=0.0) / 60.0).astype(np.int64)
    return np.where(np.isnan(seconds), NONE, whole)
