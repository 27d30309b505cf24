"""The statements of a relation that is read by change: what changed, what is remembered, totals, rows by key."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from functools import cached_property
from typing import Any

import sqlalchemy as sa

from exporter.config import ShardConfig
from exporter.contract.availability import Available
from exporter.contract.relations import RELATIONS
from exporter.source.clean_rows import CleanRows, Read
from exporter.source.cleaning import Expression
from exporter.source.database import Compiled
from exporter.source.projections import Projection
from exporter.source.records import Layout

_LOWS, _HIGHS = (sa.bindparam(name, type_=sa.ARRAY(sa.DateTime(timezone=True))) for name in ("lows", "highs"))
_LOW = sa.bindparam("low", type_=sa.DateTime(timezone=True))
_HIGH = sa.bindparam("high", type_=sa.DateTime(timezone=True))
_LOW_ONCE, _HIGH_ONCE = (sa.bindparam(name, type_=sa.DateTime(timezone=True)) for name in ("low_once", "high_once"))
MOST = sa.bindparam("most", type_=sa.BigInteger)
"""How many rows are counted, or read, at most."""


class Statements:
    """Every statement of a relation that is read by change, made when it is first asked for.

    Of a shard, what changed is read of the campaigns in `:campaigns` alone: other shards read the rest.
    """

    def __init__(self, available: Available, rows: CleanRows, shard: ShardConfig | None = None) -> None:
        types = available.types[rows.relation]
        self.rows = rows
        self._campaign_type = (
            types["campaign_id"] if types["campaign_id"] == available.types["campaigns"]["campaign_id"] else None
        )
        self._key_type = types[RELATIONS[rows.relation].key[0]]
        self._mine = rows.of_campaigns(self._campaign_type)
        self._exported = () if shard is None else (rows.of_exported(self._campaign_type),)
        self._totals: dict[tuple[str, bool], Compiled] = {}

    @cached_property
    def layout(self) -> Layout:
        """How the rows come."""
        return self.rows.layout

    @cached_property
    def changed(self) -> Compiled:
        """Rows stamped between two moments; each is there twice: see `copying`."""
        within = where(self.rows.stamped(_LOW, _HIGH), self.rows.stamped(_LOW_ONCE, _HIGH_ONCE), *self._exported)
        return Compiled(self.rows.records(within))

    @cached_property
    def changed_within(self) -> Compiled:
        """Rows stamped within any of several bands."""
        return Compiled(_within_bands(self.rows, *self._exported))

    @cached_property
    def some_within(self) -> Compiled:
        """The same, up to a number of rows."""
        return Compiled(_within_bands(self.rows, *self._exported).limit(MOST))

    @cached_property
    def remembered(self) -> Compiled:
        """Rows of some campaigns that can still change."""
        return Compiled(self.rows.records(where(self._mine, self.rows.remembered())))

    @cached_property
    def by_key(self) -> Compiled:
        """Rows by their ids."""
        return Compiled(self.rows.records(where(self.rows.of_keys(self._key_type))))

    @cached_property
    def changed_keys(self) -> Compiled:
        """The ids of `changed`."""
        return Compiled(_keys(self.rows, self.rows.stamped(_LOW, _HIGH), *self._exported))

    @cached_property
    def all_keys(self) -> Compiled:
        """The ids of all rows of some campaigns."""
        return Compiled(_keys(self.rows, self._mine))

    @cached_property
    def size(self) -> Compiled:
        """How many rows campaigns have, up to a number."""
        some = sa.select(sa.literal(1)).select_from(self.rows.table).where(self._mine).limit(MOST).subquery()
        return Compiled(sa.select(sa.func.count()).select_from(some))

    def totals(self, projection: Projection, *, settled: bool) -> Compiled:
        """A projection's totals of some campaigns: of the rows that have settled, or of all."""
        if (key := (projection.name, settled)) not in self._totals:
            conditions = (self._mine, self.rows.settled()) if settled else (self._mine,)
            self._totals[key] = Compiled(projection.grouped(self.rows, *conditions))
        return self._totals[key]

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


def _within_bands(rows: CleanRows, *conditions: Expression) -> sa.Select[Any]:
    """Rows stamped within any of the bands, each found by the index on its own."""
    bands = sa.func.unnest(_LOWS, _HIGHS).table_valued(
        sa.column("low", sa.DateTime(timezone=True)), sa.column("high", sa.DateTime(timezone=True)), name="bands"
    )
    bands = bands.render_derived()

    def read(every: sa.Select[Any]) -> tuple[sa.FromClause, sa.FromClause]:
        # The offset also keeps the planner from joining the whole relation with the bands.
        found = every.where(rows.stamped(bands.c.low, bands.c.high), *conditions).offset(0).lateral("found")
        return found, bands.join(found, sa.true())

    return rows.records(read)


def _keys(rows: CleanRows, *conditions: Expression) -> sa.Select[Any]:
    return sa.select(sa.cast(rows.id_column, sa.Text)).select_from(rows.table).where(*conditions)
