"""Calls that were started while the windows of their campaign were closed, as SQL: the twin of `ClosedTimes`."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import sqlalchemy as sa

from exporter.calendar.call_windows import WEEK_SECONDS
from exporter.calendar.closed_times import ClosedTimes
from exporter.source.cleaning import Expression
from exporter.source.sql import statement

CLOSED = (
    sa.text(statement("closed_times"))
    .columns(
        sa.column("campaign", sa.Text),
        sa.column("opens", sa.Integer),
        *(sa.column(name, sa.ARRAY(sa.Double)) for name in ("changes", "begins")),
        sa.column("added", sa.ARRAY(sa.BigInteger)),
    )
    .cte("closed")
)
"""To be joined with the calls of its campaigns: see `parameters`."""


def was_outside(started: Expression) -> Expression:
    """1 of a call that was started (in seconds since 1970) while the windows were closed; null of any other."""
    # Whole seconds will do: windows and zones change at such. Each expression stands once, as each costs every call.
    added = CLOSED.c.added[sa.func.width_bucket(started, CLOSED.c.begins)]
    rest = (sa.cast(sa.func.floor(started), sa.BigInteger) + added) % WEEK_SECONDS
    passed = CLOSED.c.opens + sa.func.width_bucket(sa.cast(rest, sa.Double), CLOSED.c.changes)
    return sa.case((passed % 2 == 0, 1), else_=sa.null())


def parameters(closed: ClosedTimes, campaigns: Iterable[str]) -> dict[str, Any]:
    """The values of the parameters of `CLOSED`, for these campaigns."""
    mine = [campaign for campaign in campaigns if campaign in closed.places]
    return {
        "closed_campaigns": mine,
        "closed_places": [closed.places[campaign] for campaign in mine],
        "week_opens": list(map(int, closed.opens)),
        "week_changes": [_array(changes) for changes in closed.changes],
        "week_zones": list(closed.zones),
        "zone_begins": [_array(begins.tolist()) for begins, _ in closed.offsets],
        "zone_added": [_array(map(int, added)) for _, added in closed.offsets],
    }


def _array(values: Iterable[float]) -> str:
    return "{" + ",".join(map(str, values)) + "}"
