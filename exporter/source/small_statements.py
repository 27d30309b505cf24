"""The statements of a small relation: the rows that matter, in SQL, so that no others can crowd them out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import sqlalchemy as sa

from exporter.config import ShardConfig
from exporter.contract.availability import Available
from exporter.contract.codes import ENDED_STATUSES
from exporter.contract.relations import RELATIONS
from exporter.contract.types import Kind
from exporter.source.clean_rows import CAMPAIGNS, ROW_KEYS, is_one_of
from exporter.source.cleaning import EARLIEST, Expression
from exporter.source.database import Compiled
from exporter.source.shards import of_shard

_TENANTS = sa.bindparam("tenants", type_=sa.ARRAY(sa.Text))
_ENDED_AFTER = sa.bindparam("ended_after", type_=sa.Double)
_SLACK = 1.0
"""Seconds: what a double loses of an instant must not cost a campaign; `exported` decides in the end."""


@dataclass(frozen=True, slots=True)
class Exported:
    """Whose rows are wanted: what ended since `ended_after` or goes on; its campaigns and tenants, once known."""

    ended_after: float
    campaigns: Sequence[str] = field(default_factory=tuple)
    tenants: Sequence[str] = field(default_factory=tuple)

    def parameters(self) -> dict[str, Any]:
        """Values of the parameters of the statements."""
        return {
            CAMPAIGNS.key: list(self.campaigns),
            _TENANTS.key: list(self.tenants),
            _ENDED_AFTER.key: self.ended_after - _SLACK,
        }


class Choice:
    """Some rows of a relation. `rows`: up to one more than the limit. `first`: the same at every look, where it is."""

    def __init__(
        self, table: sa.Table, columns: Sequence[Expression], key: Expression, order: Sequence[Expression],
        where: Sequence[Expression], limit: int,
    ) -> None:  # fmt: skip
        rows = sa.select(*columns).select_from(table).where(*where)
        self.rows = Compiled(rows.limit(limit + 1))
        self.first = Compiled(rows.order_by(*order).limit(limit))
        self.count = Compiled(sa.select(sa.func.count()).select_from(table).where(*where))
        keys = sa.select(key).select_from(table).where(*where)
        self.keys = Compiled(keys.order_by(*order).limit(limit))


class SmallStatements:
    """Of one relation. `exported` needs the parameters of an `Exported`; `all` are everybody's rows.

    Of a shard, everybody are its tenants.
    Every column travels as text, so that no odd value can fail to arrive; `entities` makes sense of them.
    """

    def __init__(
        self, available: Available, relation: str, columns: Sequence[str], limit: int, shard: ShardConfig | None = None
    ) -> None:
        table = available.tables[relation]
        texts = [_text(available, relation, name) for name in columns]
        own = [available.column(relation, name) for name in RELATIONS[relation].key]
        key: Expression = sa.func.concat_ws("|", *(sa.cast(column, sa.Text) for column in own))
        order: list[Expression] = [sa.cast(column, sa.Text) for column in own]
        everybody = _everybody(available, relation, columns, shard)
        where = everybody
        preferred: list[Expression] = []
        if relation == "campaigns":
            status = sa.func.coalesce(sa.cast(available.column(relation, "status"), sa.Text), "")
            ended = sa.or_(*(status == code for code in ENDED_STATUSES))
            ended_at = available.column(relation, "ended_at")
            long_over = sa.and_(ended, ended_at >= EARLIEST, ended_at < sa.func.to_timestamp(_ENDED_AFTER))
            where = [status != "draft", sa.not_(sa.func.coalesce(long_over, sa.false())), *everybody]
            order = [sa.case((status == "draft", 2), (ended, 1), else_=0), *order]
        elif "campaign_id" in columns:
            where = [_or_nobodys(available, relation, _is_one_of(available, relation, "campaign_id", CAMPAIGNS), shard)]
        else:
            preferred = [sa.case((_is_one_of(available, relation, "tenant_id", _TENANTS), 0), else_=1)]
        self.exported = Choice(table, texts, key, [*preferred, *order], where, limit)
        self.all = Choice(table, texts, key, order, everybody, limit)
        self.by_key: Compiled = Compiled(sa.select(*texts).select_from(table).where(key == sa.any_(ROW_KEYS)))


def _everybody(
    available: Available, relation: str, columns: Sequence[str], shard: ShardConfig | None
) -> list[Expression]:
    """Which rows are read at all: of a shard, those of its tenants and of their campaigns."""
    if shard is None:
        return []
    if "tenant_id" in columns:
        return [of_shard(available.column(relation, "tenant_id"), shard)]
    theirs = sa.select(sa.cast(available.column("campaigns", "campaign_id"), sa.Text)).where(
        of_shard(available.column("campaigns", "tenant_id"), shard)
    )
    own = sa.cast(available.column(relation, "campaign_id"), sa.Text).in_(theirs)
    return [_or_nobodys(available, relation, own, shard)]


def _or_nobodys(available: Available, relation: str, own: Expression, shard: ShardConfig | None) -> Expression:
    """Rows without a campaign as well: a breach of the contract, to be counted once, so by the first shard."""
    nobodys = available.column(relation, "campaign_id").is_(None)
    return own if shard is not None and shard.index else sa.or_(own, nobodys)


def _text(available: Available, relation: str, name: str) -> Expression:
    """A column as text; JSON as JSON, whatever type it has."""
    column = available.column(relation, name)
    kind, typname = RELATIONS[relation].column(name).kind, available.types[relation].get(name)
    if kind is Kind.JSON and typname is not None and not kind.accepts(typname):
        column = sa.func.to_jsonb(column)
    return sa.cast(column, sa.Text)


def _same_type(available: Available, relation: str, column: str) -> str | None:
    """The type of a reference, where the relation has the one that `campaigns` has."""
    typname = available.types[relation].get(column)
    return typname if typname == available.types["campaigns"].get(column) else None


def _is_one_of(available: Available, relation: str, name: str, texts: sa.BindParameter[Any]) -> Expression:
    """Whether a reference is one of some ids."""
    return is_one_of(available.column(relation, name), _same_type(available, relation, name), texts)


def owners_in(rows: Sequence[tuple[Any, ...]], columns: Sequence[str], since: float) -> Exported:
    """Whose rows to read beside these rows of `campaigns`."""
    named: Mapping[str, list[str]] = {
        name: list(dict.fromkeys(row[columns.index(name)] for row in rows if row[columns.index(name)] is not None))
        for name in ("campaign_id", "tenant_id")
    }
    return Exported(since, named["campaign_id"], named["tenant_id"])
