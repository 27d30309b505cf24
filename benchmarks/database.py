"""The database that is measured: a server of our own, filled once, and how long it worked for us."""

from __future__ import annotations

import json
import shutil
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import psycopg
from psycopg import sql
from psycopg.conninfo import make_conninfo

from benchmarks.options import Options
from benchmarks.sql import script
from exporter.demo.platform.install import MONITOR_ROLE, install
from exporter.demo.runtime.server import EmbeddedServer

Connection = psycopg.Connection[Any]

NAME = "benchmark"
_SETTINGS: Mapping[str, str] = {
    "shared_buffers": "512MB",
    "work_mem": "32MB",
    "maintenance_work_mem": "512MB",
    "max_wal_size": "8GB",
    "checkpoint_timeout": "30min",
    "fsync": "off",
    "full_page_writes": "off",
}
_TABLES = ("lead", "attempt", "person")


@dataclass(frozen=True, slots=True)
class Target:
    """Where the filled database is. `monitor` is the role that exporters use."""

    owner: str
    monitor: str
    elsewhere: str
    """Another database of the same server, from which to look without being counted."""

    name: str = NAME


@contextmanager
def running(options: Options) -> Iterator[Target]:
    """The server with a database of these sizes; filled if the directory does not hold it already."""
    with EmbeddedServer(options.directory, _SETTINGS) as server:
        target = Target(server.url(NAME), server.url(NAME, MONITOR_ROLE), server.url())
        mark = _mark(options)
        if mark.exists() and json.loads(mark.read_text()) == options.sizes:
            say("the database is there already")
        else:
            mark.unlink(missing_ok=True)
            server.drop_database(NAME)
            server.create_database(NAME)
            fill(target.owner, options)
            mark.write_text(json.dumps(options.sizes))
        yield target


@contextmanager
def another(target: Target, name: str, options: Options) -> Iterator[Target]:
    """A database beside that of `target`, filled with these sizes, and dropped at the end."""
    with psycopg.connect(target.elsewhere, autocommit=True) as connection:
        drop = sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name))
        connection.execute(drop)
        connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
        try:
            found = Target(
                make_conninfo(target.owner, dbname=name), make_conninfo(target.monitor, dbname=name),
                target.elsewhere, name,
            )  # fmt: skip
            fill(found.owner, options)
            yield found
        finally:
            connection.execute(drop)


def spoil(options: Options) -> None:
    """The database is about to lose rows: the next run fills it anew."""
    _mark(options).unlink(missing_ok=True)


def _mark(options: Options) -> Path:
    return options.directory / "sizes.json"


def fill(url: str, options: Options) -> None:
    """Install the demo's platform and write rows into its tables; the newest is stamped a few minutes ago."""
    started = time.monotonic()
    lead = timedelta(seconds=options.interval * (options.intervals + 1))
    with psycopg.connect(url) as connection:
        install(connection)
        row = connection.execute("SELECT now()").fetchone()
        assert row is not None, "one row"
        at: datetime = row[0] - lead
        with _without_indexes(connection):
            connection.execute("SELECT setseed(0.5)")
            parameters = {**options.sizes, "at": at}
            for name in ("small", "large"):
                for statement in script(name).split(";\n"):
                    if statement.strip():
                        connection.execute(statement, parameters)
            install(connection)
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("VACUUM (FREEZE, ANALYZE)")
        connection.execute("CHECKPOINT")
    say(f"filled {options.tasks:,} tasks and {options.calls:,} calls in {time.monotonic() - started:.0f} s")


@contextmanager
def _without_indexes(connection: Connection) -> Iterator[None]:
    """Without triggers and without the indexes of indexes.sql, which `install` makes again."""
    connection.execute("SET session_replication_role = replica")
    found = connection.execute(
        """
        SELECT c.relname FROM pg_index AS i JOIN pg_class AS c ON c.oid = i.indexrelid
        JOIN pg_class AS t ON t.oid = i.indrelid
        WHERE t.relnamespace = 'dialler'::regnamespace AND t.relname = ANY (%s) AND NOT i.indisprimary
        """,
        [list(_TABLES)],
    )
    for (name,) in found.fetchall():
        connection.execute(sql.SQL("DROP INDEX {}").format(sql.Identifier("dialler", name)))
    yield
    connection.execute("SET session_replication_role = origin")


class ActiveTime:
    """Time that sessions of the measured database spent on statements, from `pg_stat_database.active_time`.

    Sessions report what they did when told to, or when they end; the look itself is from another database.
    """

    def __init__(self, target: Target) -> None:
        self._connection = psycopg.connect(target.elsewhere, autocommit=True)
        self._name = target.name

    def close(self) -> None:
        """End the session that looks."""
        self._connection.close()

    def read(self) -> float:
        """Seconds so far."""
        row = self._connection.execute(
            "SELECT active_time / 1000 FROM pg_stat_database WHERE datname = %s", [self._name]
        ).fetchone()
        assert row is not None, "the database exists"
        return float(row[0])


def report(connection: Connection) -> None:
    """Have a session add what it did to the statistics."""
    connection.execute("SELECT pg_catalog.pg_stat_force_next_flush()")
    connection.execute("SELECT 1")


def discard(options: Options) -> None:
    """Remove the data directory."""
    shutil.rmtree(options.directory, ignore_errors=True)


def say(text: str) -> None:
    """A line about what goes on, apart from the table."""
    print(f"  {text}", flush=True)
