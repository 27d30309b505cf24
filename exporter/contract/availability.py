"""What of the contract a database has: held against `contract`."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from types import MappingProxyType
from typing import Any

import sqlalchemy as sa

from exporter.contract.identifiers import forced, identifier
from exporter.contract.relations import OPTIONAL_FEATURES, RELATIONS, Column, Relation
from exporter.contract.types import Kind, cast, provided

Shape = tuple[tuple[str, tuple[tuple[str, str], ...]], ...]
"""Relations with their columns' PostgreSQL types."""


@dataclass(frozen=True, slots=True)
class Available:
    """What of the contract a database has: usable columns and their PostgreSQL types, by relation."""

    schema: str
    types: Mapping[str, Mapping[str, str]]
    problems: tuple[Problem, ...] = ()
    hidden: Mapping[str, str] = field(default_factory=dict)
    """Relations that show this role fewer rows than there are, and what hides them: nothing rests on these. A required
    one has its columns all the same, and is not read."""
    tables: Mapping[str, sa.Table] = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "tables", _tables(self.schema, self.shape))

    @property
    def shape(self) -> Shape:
        """`types`, to tell databases alike by."""
        return tuple((relation, tuple(types.items())) for relation, types in self.types.items())

    def has(self, relation: str, *columns: str) -> bool:
        """Whether the relation and all these columns can be read."""
        types = self.types.get(relation)
        return types is not None and all(column in types for column in columns)

    def column(self, relation: str, name: str) -> sa.ColumnElement[Any]:
        """The column as SQL, or a null of its kind where the database has none."""
        kind = RELATIONS[relation].column(name).kind
        if self.has(relation, name):
            return self.tables[relation].c[name]
        return sa.cast(sa.null(), _NULL_TYPES[kind])

    @property
    def counted(self) -> frozenset[str]:
        """Relations without a stamp that would tell which rows changed: all of them is counted anew each time."""
        return frozenset(each for each in ("tasks", "calls") if each in self.types and not self.has(each, "updated_at"))

    @property
    def notes(self) -> tuple[str, ...]:
        """What hides rows, what that costs and what mends it, in a sentence for each relation."""
        return tuple(str(problem) for problem in self.problems if problem.relation in self.hidden)

    @property
    def usable(self) -> bool:
        """Whether all required relations can be read."""
        return not any(problem.fatal for problem in self.problems)


@dataclass(frozen=True, slots=True)
class Problem:
    """One way in which a database differs from the contract, what it costs, and how to mend it.

    `feature` is what an optional column would give that is simply not there.
    """

    relation: str
    column: str | None
    what: str
    effect: str
    remedy: str
    fatal: bool
    feature: str = ""

    def __str__(self) -> str:
        thing = self.relation if self.column is None else f"{self.relation}.{self.column}"
        return f"{thing}: {self.what}; {self.effect}; {self.remedy}"


def in_short(problems: Sequence[Problem]) -> Iterator[str]:
    """One sentence a relation: optional columns that it lacks are named together, all else by itself."""
    for relation in dict.fromkeys(problem.relation for problem in problems):
        own = [problem for problem in problems if problem.relation == relation]
        lacking = [(problem.column or "", problem.feature) for problem in own if problem.feature]
        parts = [str(problem) for problem in own if not problem.feature]
        if lacking:
            parts.append(f"{relation}: {without(lacking)}")
        yield "; ".join(parts)


def without(lacking: Sequence[tuple[str, str]]) -> str:
    """Columns that are not there, and the features that are lost with them where these are more than the column."""
    features = dict.fromkeys(feature for column, feature in lacking if feature != _itself(column))
    lost = f"; lost: {', '.join(features)}" if features else ""
    return f"without {', '.join(column for column, _ in lacking)}{lost}"


def _itself(column: str) -> str:
    return column.replace("_", " ")


@lru_cache(maxsize=8)
def _tables(schema: str, shape: Shape) -> Mapping[str, sa.Table]:
    """The same of databases alike, so that a statement may be made of expressions of either."""
    metadata = sa.MetaData(schema=forced(schema))
    return MappingProxyType(
        {
            relation: sa.Table(
                relation, metadata, *(sa.Column(name, _SQL_TYPES.get(kind, _AnyType())) for name, kind in types)
            )
            for relation, types in shape
        }
    )


class _AnyType(sa.types.UserDefinedType[Any]):
    """A type we do not tell SQLAlchemy about: every expression casts what it needs."""

    cache_ok = True

    def get_col_spec(self, **_: Any) -> str:
        return "text"


_SQL_TYPES: Mapping[str, sa.types.TypeEngine[Any]] = MappingProxyType(
    {
        **{name: sa.Text() for name in ("text", "varchar", "bpchar", "name", "citext", "enum")},
        "uuid": _AnyType(),
        "int2": sa.BigInteger(),
        "int4": sa.BigInteger(),
        "int8": sa.BigInteger(),
        "numeric": sa.Numeric(),
        "float4": sa.Double(),
        "float8": sa.Double(),
        "bool": sa.Boolean(),
        "timestamptz": sa.DateTime(timezone=True),
        "json": _AnyType(),
        "jsonb": _AnyType(),
    }
)

_NULL_TYPES: Mapping[Kind, sa.types.TypeEngine[Any]] = MappingProxyType(
    {
        Kind.ID: sa.Text(),
        Kind.TEXT: sa.Text(),
        Kind.TIME: sa.DateTime(timezone=True),
        Kind.INTEGER: sa.BigInteger(),
        Kind.NUMBER: sa.Numeric(),
        Kind.BOOLEAN: sa.Boolean(),
        Kind.JSON: sa.Text(),
    }
)


def compare(
    schema: str,
    found: Mapping[str, Mapping[str, str]],
    zone: str = "UTC",
    hidden: Mapping[str, str] = MappingProxyType({}),
) -> Available:
    """Hold what a database has (`relation -> column -> type`, as `discover.sql` names it) against the contract.

    Columns of a wrong type count as missing, and are named as a problem of their own. `zone` is the database's
    setting `TimeZone`. `hidden`: see `Available`.
    """
    types: dict[str, dict[str, str]] = {}
    problems: list[Problem] = []
    for relation in RELATIONS.values():
        columns = found.get(relation.name)
        if columns is None:
            problems.append(_missing_relation(schema, relation))
            continue
        if relation.name in hidden:
            problems.append(_hidden_relation(relation, hidden[relation.name]))
            if relation.optional:
                continue
        usable = {
            column.name: columns[column.name]
            for column in relation.columns
            if column.name in columns and column.accepts(columns[column.name])
        }
        problems += [
            _column_problem(schema, relation, column, columns.get(column.name), zone)
            for column in relation.columns
            if column.name not in usable
        ]
        if not all(
            column.optional for column in relation.columns if column.name not in usable
        ):  # without a required column the relation cannot be read at all
            continue
        types[relation.name] = usable
    return Available(schema, types, tuple(problems), {name: why for name, why in hidden.items() if name in found})


def _missing_relation(schema: str, relation: Relation) -> Problem:
    return Problem(
        relation.name,
        None,
        f"the schema {schema!r} has no such relation that this role may read",
        f"lost without it: {relation.without}" if relation.optional else "nothing can be exported without it",
        f"create the view {identifier(schema, relation.name)} as docs/contract.md shows, and grant SELECT on it",
        fatal=not relation.optional,
    )


def _hidden_relation(relation: Relation, why: str) -> Problem:
    shown = "its visible rows are shown" if relation.name == "campaigns" else "nothing that rests on it is shown"
    return Problem(
        relation.name,
        None,
        why,
        f"lost without it: {relation.without}" if relation.optional else shown,
        "campaign-exporter check has the remedy",
        fatal=False,
    )


def _column_problem(schema: str, relation: Relation, column: Column, typname: str | None, zone: str) -> Problem:
    if column.optional:
        effect = f"lost without it: {_feature(relation, column)}"
    elif relation.optional:
        effect = f"the whole relation is left out; lost without it: {relation.without}"
    else:
        effect = "nothing can be exported without it"
    view, feature = identifier(schema, relation.name), ""
    if typname is None:
        feature = _feature(relation, column) if column.optional else ""
        what, remedy = "missing", f"add it to the view {view} as {_WANTED[column.kind]}"
    else:
        taken = column.kind.value
        what = f"has the type {typname}, not " + (taken[0] if len(taken) == 1 else f"one of {', '.join(taken)}")
        remedy = _of_another_type(view, column, typname, zone)
    fatal = not column.optional and not relation.optional
    return Problem(relation.name, column.name, what, effect, remedy, fatal, feature)


def _feature(relation: Relation, column: Column) -> str:
    return OPTIONAL_FEATURES.get((relation.name, column.name), _itself(column.name))


def _of_another_type(view: str, column: Column, typname: str, zone: str) -> str:
    expression = cast(column.kind, column.name, typname, zone)
    if expression is None:
        return f"show it in the view {view} as {_WANTED[column.kind]}, or leave it out"
    condition = provided(column.kind, column.name, typname, zone)
    remedy = f"write in the view {view}: {expression} AS {identifier(column.name)}"
    return f"{remedy} ({condition}{'; ' if condition else ''}DROP VIEW first, as REPLACE keeps types)"


_WANTED: Mapping[Kind, str] = MappingProxyType(
    {
        Kind.ID: "bigint, uuid or text",
        Kind.TEXT: "text",
        Kind.TIME: "timestamptz",
        Kind.INTEGER: "bigint",
        Kind.NUMBER: "numeric",
        Kind.BOOLEAN: "boolean",
        Kind.JSON: "jsonb",
    }
)
"""What to make a column that is not there."""
