"""The statements of a relation that is read by change: what changed, what is remembered, totals, rows by key."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from exporter.contract.availability import Available
from exporter.contract.relations import RELATIONS
from exporter.source.clean_rows import CleanRows, Read
from exporter.source.cleaning import Expression
from exporter.source.database import Compiled
from exporter.source.projections import Projection

_LOWS, _HIGHS = (sa.bindparam(name, type_=sa.ARRAY(sa.DateTime(timezone=True))) for name in ("lows", "highs"))
_LOW = sa.bindparam("low", type_=sa.DateTime(timezone=True))
_HIGH = sa.bindparam("high", type_=sa.DateTime(timezone=True))
_LOW_ONCE, _HIGH_ONCE = (sa.bindparam(name, type_=sa.DateTime(timezone=True)) for name in ("low_once", "high_once"))
MOST = sa.bindparam("most", type_=sa.BigInteger)
"""How many rows are counted at most."""


class Statements:
    """Every statement of a relation that is read by change, compiled once."""

    def __init__(self, available: Available, rows: CleanRows, projections: Sequence[Projection]) -> None:
        types = available.types[rows.relation]
        self.rows = rows
        self.layout = rows.layout
        self.projections = tuple(projections)
        self._campaign_type = (
            types["campaign_id"] if types["campaign_id"] == available.types["campaigns"]["campaign_id"] else None
        )
        mine = rows.of_campaigns(self._campaign_type)
        changed = rows.stamped(_LOW, _HIGH)
        # The bounds twice: see `copying`.
        self.changed = Compiled(rows.records(where(changed, rows.stamped(_LOW_ONCE, _HIGH_ONCE))))
        self.changed_within = Compiled(_within_bands(rows))
        self.remembered = Compiled(rows.records(where(mine, rows.remembered())))
        self.by_key = Compiled(rows.records(where(rows.of_keys(types[RELATIONS[rows.relation].key[0]]))))
        self.changed_keys = Compiled(_keys(rows, changed))
        self.all_keys = Compiled(_keys(rows, mine))
        some = sa.select(sa.literal(1)).select_from(rows.table).where(mine).limit(MOST).subquery()
        self.size = Compiled(sa.select(sa.func.count()).select_from(some))
        self.settled = {p.name: Compiled(p.grouped(rows, mine, rows.settled())) for p in projections}
        self.whole = {p.name: Compiled(p.grouped(rows, mine)) for p in projections}

    @staticmethod
    def bounds(low: datetime, high: datetime) -> dict[str, Any]:
        """The values of the parameters of `changed` and `changed_keys`."""
        return {"low": low, "high": high, "low_once": low, "high_once": high}

    def campaigns(self, ids: Sequence[str]) -> list[str]:
        """The ids that this relation's column can hold; there are no rows of the others."""
        if self._campaign_type in {"int2", "int4", "int8"}:
            return [campaign for campaign in ids if campaign.lstrip("-").isdigit()]
        return list(ids)


def where(*conditions: Expression) -> Read:
    """Those rows for which all of this holds."""

    def read(rows: sa.Select[Any]) -> tuple[sa.FromClause, sa.FromClause]:
        found = rows.where(*conditions).offset(0).subquery("found")
        return found, found

    return read


def _within_bands(rows: CleanRows) -> sa.Select[Any]:
    """Rows stamped within any of the bands, each found by the index on its own."""
    bands = sa.func.unnest(_LOWS, _HIGHS).table_valued(
        sa.column("low", sa.DateTime(timezone=True)), sa.column("high", sa.DateTime(timezone=True)), name="bands"
    )
    bands = bands.render_derived()

    def read(every: sa.Select[Any]) -> tuple[sa.FromClause, sa.FromClause]:
        # The offset also keeps the planner from joining the whole relation with the bands.
        found = every.where(rows.stamped(bands.c.low, bands.c.high)).offset(0).lateral("found")
        return found, bands.join(found, sa.true())

    return rows.records(read)


def _keys(rows: CleanRows, where: Expression) -> sa.Select[Any]:
    return sa.select(sa.cast(rows.id_column, sa.Text)).select_from(rows.table).where(where)
