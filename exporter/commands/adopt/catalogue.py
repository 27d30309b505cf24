"""What a database's catalogue says of its tables: columns, keys and references. No row is read here."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from exporter.commands.adopt.sql import statement
from exporter.commands.adopt.words import words
from exporter.contract.codes import clean_name
from exporter.contract.identifiers import identifier
from exporter.errors import ConfigError
from exporter.source.database import Connection

_LITERAL = re.compile(r"'((?:[^']|'')*)'")
_TIMES = ("timestamptz", "timestamp", "date")
_LIST = re.compile(r"= ANY |\bOR\b|=")


@dataclass(frozen=True, slots=True)
class Column:
    """A column with its base type. `labels`: all values it may have, where the catalogue says so."""

    name: str
    type: str
    nullable: bool
    readable: bool
    labels: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Reference:
    """A foreign key."""

    columns: tuple[str, ...]
    target: int
    target_columns: tuple[str, ...]


@dataclass(slots=True)
class Table:
    """A table, or what reads like one. `rows` is an estimate, and `None` where nobody made one."""

    id: int
    schema: str
    name: str
    kind: str
    rows: float | None
    columns: dict[str, Column] = field(default_factory=dict)
    key: tuple[str, ...] = ()
    unique: list[tuple[str, ...]] = field(default_factory=list)
    found_by: set[str] = field(default_factory=set)
    """Columns that an index begins with."""
    references: list[Reference] = field(default_factory=list)

    @property
    def identifier(self) -> str:
        """Its name as SQL takes it."""
        return identifier(self.schema, self.name)

    @property
    def kept(self) -> bool:
        """Whether it has rows of its own, so that reading a few of them costs little."""
        return self.kind in "rmp"


def tables(connection: Connection, ours: Iterable[str]) -> Mapping[int, Table]:
    """All tables of a database by their ids, but for the schemas that are ours. Thousands take a second."""
    found = {
        row[0]: Table(row[0], row[1], row[2], row[3], row[4] if row[4] >= 0 else None)
        for row in connection.execute(statement("tables"), {"ours": list(ours)})
    }
    asked = {"ids": list(found)}
    for id_, name, type_, nullable, readable, labels in connection.execute(statement("columns"), asked):
        found[id_].columns[name] = Column(name, type_, nullable, readable, tuple(labels))
    for id_, main, unique, finds, columns in connection.execute(statement("indexes"), asked):
        _index(found[id_], tuple(columns), main=main, unique=unique, finds=finds)
    for id_, kind, columns, target, target_columns, definition in connection.execute(statement("constraints"), asked):
        if kind == "c":
            _checked(found[id_], columns[0], definition)
        elif target in found:
            found[id_].references.append(Reference(tuple(columns), target, tuple(target_columns)))
    for table in found.values():
        table.key = table.key or _guessed(table)
    return found


def named(found: Mapping[int, Table], name: str, option: str) -> Table:
    """A table by `schema.table`, quoted or not, or by its name where it is in `public`."""
    for table in found.values():
        if name in (f"{table.schema}.{table.name}", table.identifier) or (table.schema, table.name) == ("public", name):
            return table
    raise ConfigError(f"{option} {clean_name(name, 80)!r}: there is no such table; write schema.table")


def _guessed(table: Table) -> tuple[str, ...]:
    """The key of what declares none, as views and foreign tables do not: `id`, or the id that has the table's name."""
    own = {"id", *words(table.name)}
    ids = [name for name in table.columns if words(name)[-1:] == ("id",) and own.issuperset(words(name))]
    return (min(ids, key=lambda name: len(words(name))),) if ids else ()


def _index(table: Table, columns: tuple[str, ...], *, main: bool, unique: bool, finds: bool) -> None:
    if main or (unique and not table.key and not any(table.columns[name].nullable for name in columns)):
        # A key of a partitioned table has to hold what it is divided by, which is mostly a time.
        table.key = tuple(name for name in columns if table.columns[name].type not in _TIMES) or columns
    if unique:
        table.unique.append(columns)
    if finds:
        table.found_by.add(columns[0])


def _checked(table: Table, name: str, definition: str) -> None:
    """Codes that a CHECK lists. One that says more than that, such as a length, has no literals."""
    column = table.columns[name]
    if not column.labels and _LIST.search(definition) and "~" not in definition:
        table.columns[name] = Column(name, column.type, column.nullable, column.readable, _literals(definition))


def _literals(definition: str) -> tuple[str, ...]:
    return tuple(dict.fromkeys(text.replace("''", "'") for text in _LITERAL.findall(definition)))


def alike(one: Sequence[Column], other: Sequence[Column]) -> bool:
    """Whether columns can be compared as they are: numbers with numbers, texts with texts."""
    return len(one) == len(other) and all(_family(a.type) == _family(b.type) for a, b in zip(one, other, strict=True))


def _family(type_: str) -> str:
    if type_ in ("int2", "int4", "int8", "numeric"):
        return "number"
    return "text" if type_ in ("text", "varchar", "bpchar", "name") else type_
