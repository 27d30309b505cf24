"""How a transaction of ours begins: what it sets ends with it, as the session may be lent to others by a pooler."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Mapping, Sequence
from enum import Enum
from functools import lru_cache

import psycopg
from psycopg import sql

from exporter.config import DatabaseConfig
from exporter.errors import DatabaseUnavailableError
from exporter.source.connecting import Connection, within
from exporter.source.encodings import encoding_for
from exporter.source.reasons import reason

APPLICATION_NAME = "campaign-exporter"

_TRANSACTION_TIMEOUT_SINCE = 170_000


class Isolation(Enum):
    """A transaction in which each statement sees the present, or all see one snapshot."""

    LOOK = "READ COMMITTED"
    SNAPSHOT = "REPEATABLE READ"


def settings(config: DatabaseConfig, connection: Connection) -> Mapping[str, str]:
    """What the role, the database, the server or a pooler may have set otherwise, and what we rely on.

    Not `search_path`: the platform's own functions may need what it holds. Not what costs the server memory.
    """
    chosen = {
        # Not when connecting: PgBouncer leaves that name to the next client that has none.
        "application_name": APPLICATION_NAME,
        "statement_timeout": milliseconds(config.statement_timeout),
        "lock_timeout": milliseconds(config.lock_timeout),
        "idle_in_transaction_session_timeout": milliseconds(config.statement_timeout * 4),
        # Small relations travel as text, and other texts go back in statements.
        "client_encoding": encoding_for(connection),
        "timezone": "UTC",
        "datestyle": "ISO, YMD",
        "intervalstyle": "postgres",
        "extra_float_digits": "1",
        "standard_conforming_strings": "on",
        # A row that cannot be read is an error that we expect and go on from.
        "exit_on_error": "off",
        # Compiling costs more than it saves on statements that read a few thousand rows.
        "jit": "off",
    }
    if connection.info.server_version >= _TRANSACTION_TIMEOUT_SINCE:
        chosen["transaction_timeout"] = "0"  # all is loaded in one; its statements have limits of their own
    return chosen


@contextlib.contextmanager
def transaction(
    connection: Connection, isolation: Isolation, chosen: Mapping[str, str], patience: float, place: str
) -> Iterator[None]:
    """A read-only transaction that sets this for itself. It begins within `patience` seconds or not at all.

    `SET LOCAL` and no query, as a query would take the snapshot. All in one message: no limit can end the session
    before it is overridden. `DatabaseUnavailableError` names the place.
    """
    opening = _opening(isolation, tuple(chosen.items()))
    try:
        with within(connection, patience) as late:
            try:
                connection.execute(opening)
            except psycopg.Error as error:
                raise DatabaseUnavailableError(_why(place, error, patience if late.is_set() else None)) from None
        yield
    finally:
        with contextlib.suppress(psycopg.Error), within(connection, patience):
            connection.execute("ROLLBACK")


@lru_cache(maxsize=64)
def _opening(isolation: Isolation, chosen: Sequence[tuple[str, str]]) -> bytes:
    parts = [sql.SQL("BEGIN ISOLATION LEVEL {}, READ ONLY, NOT DEFERRABLE").format(sql.SQL(isolation.value))]
    parts += [sql.SQL("SET LOCAL {} = {}").format(sql.Identifier(name), value) for name, value in chosen]
    return sql.SQL("; ").join(parts).as_bytes(None)


def _why(place: str, error: psycopg.Error, waited: float | None) -> str:
    if isinstance(error, psycopg.errors.IdleSessionTimeout):
        return f"cannot use {place}: {reason(error)}; campaign-exporter check has the ALTER ROLE that lets it rest"
    if waited is None:
        return f"cannot use {place}: {reason(error)}"
    return (
        f"cannot use {place}: no transaction began within {waited:g} s: the server hangs, or a pooler has no session "
        "free (raise its default_pool_size, or end who holds them) or is paused"
    )


def milliseconds(seconds: float) -> str:
    """A span as PostgreSQL takes it; 0 would be without limit."""
    return f"{max(1, round(seconds * 1000))}ms"
