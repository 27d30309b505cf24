"""The few values of a column that holds codes: of its type, of a CHECK, of statistics, or of a small sample."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import psycopg
from psycopg import sql

from exporter.commands.adopt.catalogue import Column, Table
from exporter.commands.adopt.sql import statement
from exporter.source.database import Connection

SAMPLE_ROWS = 5_000
MOST_CODES = 60
_SECONDS = 2
_LONGEST = 48
_PERSONAL = re.compile(r"\d{7}|@")
"""What may be somebody's phone number or address is no code, and is not printed."""


@dataclass(frozen=True, slots=True)
class Codes:
    """The values that were found, and where; none where they are no codes or cannot be read."""

    values: tuple[str, ...] = ()
    source: str = ""


def codes_of(connection: Connection, table: Table, column: Column) -> Codes:
    """The codes of a column. A big table is never read through: its statistics, else its first rows."""
    if column.labels:
        return _if_codes(column.labels, "its type or CHECK")
    if column.type == "bool":
        return Codes(("true", "false"), "its type")
    if not column.readable:
        return Codes(source=f"this role may not read {table.identifier}")
    asked = {"schema": table.schema, "table": table.name, "column": column.name}
    statistics = connection.execute(statement("statistics"), asked).fetchone()
    if statistics is not None and statistics[1]:
        known, common = statistics
        known = -known * (table.rows or 0) if known < 0 else known
        if 0 < round(known) <= len(common):
            return _if_codes(common, "its statistics")
        if known > MOST_CODES:
            return Codes(source="too many values for codes")
    return _sampled(connection, table, column)


def _sampled(connection: Connection, table: Table, column: Column) -> Codes:
    query = sql.SQL(
        "SELECT DISTINCT v FROM (SELECT {}::text AS v FROM {} LIMIT {}) AS few WHERE v IS NOT NULL ORDER BY v LIMIT {}"
    ).format(sql.Identifier(column.name), sql.Identifier(table.schema, table.name), SAMPLE_ROWS, MOST_CODES + 1)
    try:
        found = [row[0] for row in rows_in_time(connection, query)]
    except psycopg.Error:
        return Codes(source=f"{table.identifier} could not be read within {_SECONDS} s")
    return _if_codes(found, f"its first {SAMPLE_ROWS:,} rows")


def rows_in_time(connection: Connection, query: bytes | sql.Composed) -> list[tuple[Any, ...]]:
    """What a query over a few rows says; `psycopg.Error` where it takes longer than that should."""
    with connection.transaction():
        connection.execute("SELECT pg_catalog.set_config('statement_timeout', %s, true)", (f"{_SECONDS}s",))
        return connection.execute(query).fetchall()


def _if_codes(values: Sequence[str], source: str) -> Codes:
    if len(values) > MOST_CODES or any(len(value) > _LONGEST or _PERSONAL.search(value) for value in values):
        return Codes(source="its values are no codes")
    return Codes(tuple(sorted(values)), source)
