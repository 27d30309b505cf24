"""From the database's time to the time that rows are stamped with: the same, but for simulations."""

from __future__ import annotations

from collections.abc import Callable

Clock = Callable[[float], float]
"""Seconds since 1970 by the database's clock, to seconds since 1970 as rows know them."""


def database_clock(now: float) -> float:
    """The clock of production: the database's own."""
    return now
