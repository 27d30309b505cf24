"""The contract as plain tables in a database of its own, for tests that write any row they like."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import psycopg
from psycopg import sql

from exporter.contract.relations import RELATIONS, Column, Kind

SCHEMA = "campaign_monitoring"

_TYPES: Mapping[Kind, str] = {
    Kind.TEXT: "text",
    Kind.TIME: "timestamptz",
    Kind.INTEGER: "bigint",
    Kind.NUMBER: "numeric",
    Kind.BOOLEAN: "boolean",
    Kind.JSON: "jsonb",
}


def column_type(column: Column, id_type: str) -> str:
    """The type a test's table gives a column."""
    return id_type if column.kind is Kind.ID else _TYPES[column.kind]


def create(
    connection: psycopg.Connection[Any], id_type: str = "bigint", without: Mapping[str, set[str]] | None = None
) -> None:
    """Make the schema with a table for each relation, but for the relations and columns in `without`.

    `without` maps a relation to the columns it lacks; an empty set leaves out the whole relation.
    """
    without = without or {}
    connection.execute(sql.SQL("CREATE SCHEMA {}").format(sql.Identifier(SCHEMA)))
    for relation in RELATIONS.values():
        lacking = without.get(relation.name)
        if lacking == set():
            continue
        columns = sql.SQL(", ").join(
            sql.SQL("{} {}").format(sql.Identifier(column.name), sql.SQL(column_type(column, id_type)))
            for column in relation.columns
            if column.name not in (lacking or ())
        )
        connection.execute(
            sql.SQL("CREATE TABLE {}.{} ({})").format(sql.Identifier(SCHEMA), sql.Identifier(relation.name), columns)
        )
    for name in ("tasks", "calls"):
        for column in {"updated_at", "campaign_id"} - without.get(name, set()):
            connection.execute(
                sql.SQL("CREATE INDEX ON {}.{} ({})").format(*map(sql.Identifier, (SCHEMA, name, column)))
            )


def empty(connection: psycopg.Connection[Any]) -> None:
    """Delete all rows of all relations, so that another test can have the platform."""
    deletions = (sql.SQL("DELETE FROM {}").format(sql.Identifier(SCHEMA, name)) for name in RELATIONS)
    connection.execute(sql.SQL("; ").join(deletions))


def insert(connection: psycopg.Connection[Any], relation: str, **values: Any) -> None:
    """Insert a row."""
    connection.execute(
        sql.SQL("INSERT INTO {}.{} ({}) VALUES ({})").format(
            sql.Identifier(SCHEMA),
            sql.Identifier(relation),
            sql.SQL(", ").join(map(sql.Identifier, values)),
            sql.SQL(", ").join(sql.Placeholder() * len(values)),
        ),
        list(values.values()),
    )


@contextmanager
def session(url: str, **options: Any) -> Iterator[psycopg.Connection[Any]]:
    """A connection in autocommit, closed at the end."""
    with psycopg.connect(url, autocommit=True, **options) as connection:
        yield connection
