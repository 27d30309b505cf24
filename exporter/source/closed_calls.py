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
        sa.column("opens", sa.Boolean),
        *(sa.column(name, sa.ARRAY(sa.Double)) for name in ("changes", "begins", "added")),
    )
    .cte("closed")
)
"""To be joined with the calls of its campaigns: see `parameters`."""


def was_outside(started: Expression) -> Expression:
    """1 of a call that was started (in seconds since 1970) while the windows were closed; null of any other."""
    added = CLOSED.c.added[sa.func.width_bucket(started, CLOSED.c.begins)]
    local = started + added
    rest = local - sa.func.floor(local / WEEK_SECONDS) * WEEK_SECONDS
    passed = sa.func.width_bucket(rest, CLOSED.c.changes)
    is_open = sa.cast(CLOSED.c.opens, sa.Integer) + passed
    return sa.case((is_open % 2 == 0, 1), else_=sa.null())


def parameters(closed: ClosedTimes, campaigns: Iterable[str]) -> dict[str, Any]:
    """The values of the parameters of `CLOSED`, for these campaigns."""
    mine = [campaign for campaign in campaigns if campaign in closed.places]
    return {
        "closed_campaigns": mine,
        "closed_places": [closed.places[campaign] for campaign in mine],
        "week_opens": list(closed.opens),
        "week_changes": [_array(changes) for changes in closed.changes],
        "week_zones": list(closed.zones),
        "zone_begins": [_array(begins.tolist()) for begins, _ in closed.offsets],
        "zone_added": [_array(added.tolist()) for _, added in closed.offsets],
    }


def _array(values: Iterable[float]) -> str:
    return "{" + ",".join(map(str, values)) + "}"
