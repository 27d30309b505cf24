"""Some rows of a relation, found by key or by time and never more than asked for, as values that JSON can hold."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from exporter.calendar.call_windows import EARLIEST, LATEST
from exporter.contract.availability import Available
from exporter.contract.relations import RELATIONS, Kind
from exporter.source.clean_rows import ID_TYPES
from exporter.source.database import Compiled, Connection, fetch

Row = dict[str, Any]
Expression = sa.ColumnElement[Any]

LONGEST_TEXT = 20_000
"""Characters of a value that are read: a hostile one must not fill a disk."""

_KEYS = "keys"
_PLAIN_TIME = re.compile(r"(\d{4,}-\d\d-\d\d) (\d\d:\d\d:\d\d(?:\.\d+)?)\+00\Z")


@dataclass(frozen=True, slots=True)
class Rows:
    """What was found. `cut`: there is more than was read."""

    relation: str
    columns: tuple[str, ...]
    rows: tuple[Row, ...]
    cut: bool = False


def one_of(available: Available, relation: str, column: str) -> Expression:
    """Whether the column is one of the ids given as texts: cast to its own type, so that its index serves."""
    texts = sa.bindparam(_KEYS, type_=sa.ARRAY(sa.Text))
    kind = ID_TYPES.get(available.types[relation][column])
    if kind is None:
        return sa.cast(available.column(relation, column), sa.Text) == sa.any_(texts)
    return available.column(relation, column) == sa.any_(sa.cast(texts, sa.ARRAY(kind)))


def read(
    connection: Connection,
    available: Available,
    relation: str,
    where: Sequence[Expression],
    newest_by: str,
    limit: int,
    *,
    columns: Sequence[str] | None = None,
    **values: Any,
) -> Rows:
    """The newest rows that satisfy all of `where`, in a savepoint: an error leaves the transaction usable.

    Every value travels as text, so that no odd one can fail to arrive. `keys` are the ids for `one_of`.
    """
    present = available.types[relation]
    names = tuple(
        column.name
        for column in RELATIONS[relation].columns
        if column.name in present and (columns is None or column.name in columns)
    )
    table = available.tables[relation]
    shown = [sa.func.left(sa.cast(table.c[name], sa.Text), LONGEST_TEXT).label(name) for name in names]
    newest_by = newest_by if newest_by in present else "created_at"
    order = [table.c[newest_by].desc(), sa.cast(table.c[RELATIONS[relation].key[0]], sa.Text)]
    query = sa.select(*shown).select_from(table).where(*where).order_by(*order).limit(limit + 1)
    with connection.transaction():
        found = fetch(connection, Compiled(query), **values)
    rows = tuple(
        {name: typed(relation, name, text) for name, text in zip(names, row, strict=True)} for row in found[:limit]
    )
    return Rows(relation, names, rows, len(found) > limit)


def typed(relation: str, name: str, text: str | None) -> Any:
    """A value as JSON writes it; an odd one stays the text it is."""
    if text is None:
        return None
    match RELATIONS[relation].column(name).kind:
        case Kind.INTEGER | Kind.NUMBER:
            return _number(text)
        case Kind.BOOLEAN:
            return text in ("t", "true")
        case Kind.TIME:
            moment = _PLAIN_TIME.match(text)
            return f"{moment[1]}T{moment[2]}Z" if moment else text
        case Kind.JSON:
            try:
                return json.loads(text)
            except (ValueError, RecursionError):  # cut at the longest, or nested beyond reason
                return text
    return text


def seconds(moment: Any) -> float | None:
    """A time of a row in seconds since 1970; `None` for none, and for one that no clock can show."""
    try:
        at = datetime.fromisoformat(moment).timestamp()
    except (TypeError, ValueError, OverflowError):
        return None
    return at if EARLIEST <= at < LATEST else None


def _number(text: str) -> int | float | str:
    try:
        return int(text)
    except ValueError:
        pass
    try:
        number = float(text)
    except ValueError:
        return text
    return number if math.isfinite(number) else text
