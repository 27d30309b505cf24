"""The statements of a relation that is read by change: what changed, what is remembered, totals, rows by key."""

from __future__ import annotations

from collections.abc import Collection, Sequence
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
from exporter.source.together import Together

_LOWS, _HIGHS = (sa.bindparam(name, type_=sa.ARRAY(sa.DateTime(timezone=True))) for name in ("lows", "highs"))
_LOW = sa.bindparam("low", type_=sa.DateTime(timezone=True))
_HIGH = sa.bindparam("high", type_=sa.DateTime(timezone=True))
_LOW_ONCE, _HIGH_ONCE = (sa.bindparam(name, type_=sa.DateTime(timezone=True)) for name in ("low_once", "high_once"))
MOST = sa.bindparam("most", type_=sa.BigInteger)
"""How many rows are counted, or read, at most."""

WHOSE = ("created", "campaign")
"""What tells of a row, beside its id, whose it is and whether it may have been there before."""


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
        self._others = rows.of_exported(self._campaign_type)
        self._exported = () if shard is None else (self._others,)
        self._changed: dict[tuple[bool, ...], Compiled] = {}
        self._totals: dict[tuple[str, bool], Compiled] = {}
        self._together: dict[tuple[tuple[str, ...], bool], Together] = {}

    @cached_property
    def layout(self) -> Layout:
        """How the rows come."""
        return self.rows.layout

    def changed(self, *, bands: bool = False, few: bool = False, but: bool = False, whose: bool = False) -> Compiled:
        """Rows stamped between two moments, each of which is there twice: see `copying`.

        `bands`: within any of several; of these `few`: up to a number of rows. `but`: without those of the campaigns
        in `:campaigns` (a shard leaves them out of its own there). `whose`: only whose each row is, in `whose`' layout.
        """
        if (key := (bands, few, but, whose)) not in self._changed:
            names = WHOSE if whose else None
            conditions = (*self._exported, *((sa.not_(self._others),) if but and not self._exported else ()))
            if bands:
                query = _within_bands(self.rows, *conditions, names=names)
                self._changed[key] = Compiled(query.limit(MOST) if few else query)
            else:
                stamped = self.rows.stamped(_LOW, _HIGH), self.rows.stamped(_LOW_ONCE, _HIGH_ONCE)
                self._changed[key] = Compiled(self.rows.records(where(*stamped, *conditions), names))
        return self._changed[key]

    @cached_property
    def whose(self) -> Layout:
        """How rows come of which only their campaign is asked."""
        return self.rows.layout_of(WHOSE)

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
    def changed_keys_but(self) -> Compiled:
        """The same without those of the campaigns in `:campaigns`."""
        others = self._exported or (sa.not_(self._others),)
        return Compiled(_keys(self.rows, self.rows.stamped(_LOW, _HIGH), *others))

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

    def together(self, projections: Sequence[Projection], *, settled: bool) -> Together:
        """The same of several projections by one statement."""
        key = tuple(each.name for each in projections), settled
        if key not in self._together:
            conditions = (self._mine, self.rows.settled()) if settled else (self._mine,)
            self._together[key] = Together(self.rows, projections, *conditions)
        return self._together[key]

    @staticmethod
    def bounds(low: datetime, high: datetime) -> dict[str, Any]:
        """The values of the parameters of `changed` between two moments, and of `changed_keys`."""
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


def _within_bands(rows: CleanRows, *conditions: Expression, names: Collection[str] | None) -> sa.Select[Any]:
    """Rows stamped within any of the bands, each found by the index on its own."""
    bands = sa.func.unnest(_LOWS, _HIGHS).table_valued(
        sa.column("low", sa.DateTime(timezone=True)), sa.column("high", sa.DateTime(timezone=True)), name="bands"
    )
    bands = bands.render_derived()

    def read(every: sa.Select[Any]) -> tuple[sa.FromClause, sa.FromClause]:
        # The offset also keeps the planner from joining the whole relation with the bands.
        found = every.where(rows.stamped(bands.c.low, bands.c.high), *conditions).offset(0).lateral("found")
        return found, bands.join(found, sa.true())

    return rows.records(read, names)


def _keys(rows: CleanRows, *conditions: Expression) -> sa.Select[Any]:
    return sa.select(sa.cast(rows.id_column, sa.Text)).select_from(rows.table).where(*conditions)
