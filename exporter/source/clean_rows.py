"""A relation's cleaned rows: named expressions over its view, and which rows are read or counted.

The same expressions serve the rows that changed and the totals by `GROUP BY`, so that both always agree.
"""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from exporter.source.cleaning import EARLIEST, NOW, Expression

CAMPAIGNS = sa.bindparam("campaigns", type_=sa.ARRAY(sa.Text))
"""Ids of campaigns, as text."""

ROW_KEYS = sa.bindparam("row_keys", type_=sa.ARRAY(sa.Text))
"""Ids of rows, as text."""

SETTLED_BEFORE = sa.bindparam("settled_before", type_=sa.Double)
"""Rows that are over and were last stamped before this instant are settled."""

_ONLY_IN_TOTALS = frozenset(
    {"effective", "band", "ready_minute", "since_minute", "stale", "day", "hour", "outside_minute"}
)


@dataclass(frozen=True, slots=True)
class CleanRows:
    """A relation's cleaned rows: named expressions over its view, and the predicates that select among them."""

    relation: str
    columns: Mapping[str, Expression]
    table: sa.Table
    id_column: Expression
    campaign_column: Expression
    created_at: Expression
    updated_at: Expression
    live: Expression

    @property
    def fetched(self) -> tuple[str, ...]:
        """Names of the columns that the ledger needs of a changed row, in the order of `select`."""
        return tuple(name for name in self.columns if name not in _ONLY_IN_TOTALS)

    def select(self, *where: Expression) -> sa.Select[Any]:
        """The rows the ledger folds."""
        names = self.fetched
        return sa.select(*(self.columns[name].label(name) for name in names)).select_from(self.table).where(*where)

    def of_campaigns(self, same_type: str | None) -> Expression:
        """Rows of the campaigns in `:campaigns`, whose ids are of this type in both relations (else as text)."""
        return _one_of(self.campaign_column, same_type, CAMPAIGNS)

    def of_keys(self, typname: str) -> Expression:
        """Rows with the ids in `:row_keys`."""
        return _one_of(self.id_column, typname, ROW_KEYS)

    def settled(self) -> Expression:
        """Rows that are over and rest: their totals are kept, they are not."""
        return sa.not_(self.remembered())

    def remembered(self) -> Expression:
        """Rows that can still change, one by one: live, or stamped lately (a null or odd stamp included)."""
        rests = sa.and_(
            self.updated_at >= EARLIEST,
            self.updated_at < sa.func.to_timestamp(SETTLED_BEFORE),
            self.created_at >= EARLIEST,
            self.created_at <= sa.func.to_timestamp(NOW),
            sa.not_(sa.func.coalesce(self.live, sa.false())),
        )
        return sa.not_(sa.func.coalesce(rests, sa.false()))

    def stamped(self, low: Expression, high: Expression) -> Expression:
        """Rows stamped from `low` to before `high`: the change query, served by an index on `updated_at`."""
        return sa.and_(self.updated_at >= low, self.updated_at < high)


ID_TYPES: Mapping[str, sa.types.TypeEngine[Any]] = {
    "uuid": sa.Uuid(as_uuid=False),
    "int2": sa.SmallInteger(),
    "int4": sa.Integer(),
    "int8": sa.BigInteger(),
    "text": sa.Text(),
    "varchar": sa.Text(),
}
"""Types of ids that are compared as themselves, so that their index serves; any other is compared as text."""


def key_text(row_id: int | str | bytes) -> str:
    """An id as `:row_keys` takes it: as text, where the ledger has a whole number or the 16 bytes of a uuid."""
    return str(uuid.UUID(bytes=row_id)) if isinstance(row_id, bytes) else str(row_id)


def _one_of(column: Expression, typname: str | None, texts: sa.BindParameter[Any]) -> Expression:
    """Whether the column is one of some ids given as texts: cast to its own type, so that its index serves."""
    kind = ID_TYPES.get(typname or "")
    if kind is None:
        return sa.cast(column, sa.Text) == sa.any_(texts)
    return column == sa.any_(sa.cast(texts, sa.ARRAY(kind)))
