"""A relation's cleaned rows: named expressions over its view, and which rows are read or counted.

The same expressions serve the rows that changed and the totals by `GROUP BY`, so that both always agree.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

import sqlalchemy as sa

from exporter.source.cleaning import EARLIEST, NOW, Expression
from exporter.source.closed_calls import CLOSED
from exporter.source.records import NOTHING, IdKind, Layout

CAMPAIGNS = sa.bindparam("campaigns", type_=sa.ARRAY(sa.Text))
"""Ids of campaigns, as text."""

ROW_KEYS = sa.bindparam("row_keys", type_=sa.ARRAY(sa.Text))
"""Ids of rows, as text."""

SETTLED_BEFORE = sa.bindparam("settled_before", type_=sa.Double)
"""Rows that are over and were last stamped before this instant are settled."""

_ONLY_IN_TOTALS = frozenset(
    {
        "effective", "band", "ready_minute", "since_minute", "stale", "day", "hour", "outside",
        "talk_bucket", "score_bucket", "delay_bucket", "word_bucket",
        "ring_bucket", "unanswered_bucket", "heard_day", "mark",
    }
)  # fmt: skip
_TEXTS = frozenset(
    {
        "campaign", "task", "status", "outcome", "blocker", "disposition", "number", "variant", "provider", "error",
        "sentiment",
    }
)  # fmt: skip
_SECONDS = frozenset({"eligible", "since", "created", "updated", "started"})
_NO_TIME: Expression = sa.literal_column("'NaN'::float8", sa.Double)


Raw = Callable[[str], Expression]
"""The view's column of a name, or a null of its kind."""

Read = Callable[[sa.Select[Any]], tuple[sa.FromClause, sa.FromClause]]
"""Makes of a select without conditions one that stands in a `FROM`: by itself, and with what it is joined to."""

Parts = Mapping[str, Expression]
"""Cleaned values that several columns are made of, by name."""


@dataclass(frozen=True, slots=True)
class CleanRows:
    """A relation's cleaned rows: named expressions over its view, and the predicates that select among them.

    `made` makes the columns of the view's and of `parts`.
    """

    relation: str
    raw: Raw
    parts: Parts
    made: Callable[[Raw, Parts], Mapping[str, Expression]]
    columns: Mapping[str, Expression] = field(init=False)
    """The same, as expressions over the view alone."""
    table: sa.Table
    id_kind: IdKind
    id_column: Expression
    campaign_column: Expression
    created_at: Expression
    updated_at: Expression
    live: Expression

    def __post_init__(self) -> None:
        object.__setattr__(self, "columns", MappingProxyType(dict(self.made(self.raw, self.parts))))

    @property
    def beside_windows(self) -> sa.FromClause:
        """The rows of campaigns that have call windows, with these."""
        return self.table.join(CLOSED, CLOSED.c.campaign == sa.cast(self.campaign_column, sa.Text))

    @property
    def fetched(self) -> tuple[str, ...]:
        """Names of the columns that the ledger needs of a changed row."""
        return tuple(name for name in self.columns if name not in _ONLY_IN_TOTALS)

    @property
    def layout(self) -> Layout:
        """How `records` come."""
        return self.layout_of(name for name in self.fetched if name != "id")

    def layout_of(self, columns: Iterable[str]) -> Layout:
        """How records of some of the columns come."""
        names = tuple(columns)
        return Layout(
            self.id_kind,
            tuple(name for name in names if name in _SECONDS),
            tuple(name for name in names if name not in _SECONDS and name not in _TEXTS),
            tuple(name for name in names if name in _TEXTS),
        )

    def records(self, read: Read, names: Collection[str] | None = None) -> sa.Select[Any]:
        """The rows that the ledger folds, as `layout` has them, or some columns of them as `layout_of` does.

        `read` says which of the table are read.
        """
        columns, source = self._once(read)
        layout = self.layout if names is None else self.layout_of(names)
        wire = [sa.func.coalesce(columns[name], _NO_TIME) for name in layout.seconds]
        wire += [sa.func.coalesce(sa.cast(columns[name], sa.BigInteger), NOTHING) for name in layout.whole]
        return sa.select(*wire, columns["id"], *(columns[name] for name in layout.texts)).select_from(source)

    def cleaned(self, names: Iterable[str], *where: Expression) -> Mapping[str, Expression]:
        """These columns of the rows for which all of this holds, made once however often a statement reads them."""

        def read(rows: sa.Select[Any]) -> tuple[sa.FromClause, sa.FromClause]:
            found = rows.where(*where).offset(0).subquery("found")
            return found, found

        columns, source = self._once(read)
        clean = sa.select(*(columns[name].label(name) for name in names)).select_from(source).cte("clean")
        return dict(clean.c.items())

    def _once(self, read: Read) -> tuple[Mapping[str, Expression], sa.FromClause]:
        """The columns, and what they are read from, in two steps: what several of them need is worked out once a row,
        in the inner one. Its offset keeps the planner from putting it in everywhere.
        """
        used: dict[str, Expression] = {}

        def note(name: str) -> Expression:
            return used.setdefault(name, self.raw(name))

        self.made(note, self.parts)
        own = [used[name].label(name) for name in used if name in self.table.c]
        parts = [part.label(f"clean_{name}") for name, part in self.parts.items()]
        inner, source = read(sa.select(*own, *parts).select_from(self.table))
        columns = self.made(
            lambda name: inner.c[name] if name in self.table.c else self.raw(name),
            {name: inner.c[f"clean_{name}"] for name in self.parts},
        )
        return columns, source

    def select(self, *where: Expression) -> sa.Select[Any]:
        """The same as plain rows, for people to look at."""
        names = self.fetched
        return sa.select(*(self.columns[name].label(name) for name in names)).select_from(self.table).where(*where)

    def of_campaigns(self, same_type: str | None) -> Expression:
        """Rows of the campaigns in `:campaigns`, whose ids are of this type in both relations (else as text)."""
        return _one_of(self.campaign_column, same_type, CAMPAIGNS)

    def of_exported(self, same_type: str | None) -> Expression:
        """The same, of many campaigns and in rows that are found by another condition.

        Within a function the planner takes it for a filter, never for a join: no index on campaigns tempts it.
        """
        return sa.func.coalesce(is_one_of(self.campaign_column, same_type, CAMPAIGNS), sa.false())

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


def is_one_of(column: Expression, typname: str | None, texts: sa.BindParameter[Any]) -> Expression:
    """Whether a column is one of some ids; hashed in every version of PostgreSQL, as they may be many."""
    kind = ID_TYPES.get(typname or "")
    if kind is None:
        return sa.cast(column, sa.Text).in_(sa.select(sa.func.unnest(sa.cast(texts, sa.ARRAY(sa.Text)))))
    return column.in_(sa.select(sa.func.unnest(sa.cast(texts, sa.ARRAY(kind)))))


def _one_of(column: Expression, typname: str | None, texts: sa.BindParameter[Any]) -> Expression:
    """Whether the column is one of some ids given as texts: cast to its own type, so that its index serves."""
    kind = ID_TYPES.get(typname or "")
    if kind is None:
        return sa.cast(column, sa.Text) == sa.any_(texts)
    return column == sa.any_(sa.cast(texts, sa.ARRAY(kind)))
