"""Whether a database is the dialler, and the version of it, that an adapter's views are for."""

from __future__ import annotations

import psycopg

from adapters import Adapter
from exporter.commands.adopt.sql import statement
from exporter.config import Config
from exporter.errors import ConfigError, DatabaseUnavailableError
from exporter.source.database import Database, reason


def fitting(config: Config, adapter: Adapter) -> None:
    """`ConfigError` naming each table and column that the views read and the database lacks."""
    database = Database(config)
    connection = database.connect()
    try:
        with database.snapshot(connection):
            rows = connection.execute(statement("named"), {"names": list(adapter.needs)}).fetchall()
    except psycopg.Error as error:
        raise DatabaseUnavailableError(f"the tables were not looked at: {reason(error)}; try again") from None
    finally:
        database.close(connection)
    there = {table: set(columns) for table, columns in rows}
    lacking = [
        f"the table {table} has no column {column}" if table in there else f"there is no table {table}"
        for table, columns in adapter.needs.items()
        for column in (columns if table in there else columns[:1])
        if column not in there.get(table, ())
    ]
    if lacking:
        raise ConfigError(
            f"--adapter {adapter.name}: these views are for {adapter.title}; in the schema public of this database"
            f" {'; '.join(lacking)}. It is another version, or not that database"
        )
