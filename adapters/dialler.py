"""What the diallers that tests make have in common: a database, a time that tests move, and how a row is written."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from psycopg import Connection, sql


@dataclass(slots=True)
class Dialler:
    """A dialler's own tables, at a time that its user moves."""

    connection: Connection[Any]
    now: datetime

    def _insert(self, table: str, returning: str = "id", /, **values: Any) -> int:
        """Write a row; the number that it has in the column `returning`."""
        statement = sql.SQL("INSERT INTO {} ({}) VALUES ({}) RETURNING {}").format(
            sql.Identifier(table),
            sql.SQL(", ").join(map(sql.Identifier, values)),
            sql.SQL(", ").join(map(sql.Literal, values.values())),
            sql.Identifier(returning),
        )
        (made,) = self._one(statement)
        return int(made)

    def _one(self, statement: Any, values: Any = None) -> tuple[Any, ...]:
        """The one row that a statement returns."""
        row = self.connection.execute(statement, values).fetchone()
        assert row is not None, "it was to be there"
        return tuple(row)
