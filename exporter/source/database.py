"""Read-only sessions on the platform's database: connecting, what is there, and cutting off one that hangs."""

from __future__ import annotations

import contextlib
import math
import os
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import psycopg
import sqlalchemy as sa
from psycopg import pq
from psycopg.conninfo import make_conninfo
from sqlalchemy.dialects.postgresql.psycopg import PGDialect_psycopg

from exporter.config import Config
from exporter.config.address import SECRETS
from exporter.contract.availability import Available, compare
from exporter.errors import ConfigError, ContractError, DatabaseUnavailableError, RowError
from exporter.source.connecting import (
    Attempt,
    Connection,
    GivenUpError,
    cancel,
    cancelling,
    hang_up,
    resting,
    within,
    without_files,
)
from exporter.source.encodings import set_encoding
from exporter.source.policies import hidden, secured
from exporter.source.reasons import NOT_A_ROWS_FAULT, reason
from exporter.source.sql import statement

__all__ = [
    "APPLICATION_NAME", "Compiled", "Connection", "Database", "Server", "columns_of", "compile_statement",
    "fetch", "reading", "reason", "snapshot",
]  # fmt: skip

APPLICATION_NAME = "campaign-exporter"

_KEEPALIVES: Mapping[str, Any] = {"keepalives_idle": 30, "keepalives_interval": 10, "keepalives_count": 3}
_NO_PASSWORD = "no password supplied"
_DIALECT = PGDialect_psycopg()  # type: ignore[no-untyped-call]  # SQLAlchemy does not type it


@dataclass(frozen=True, slots=True)
class Compiled:
    """A statement as text with its parameters' names; made once, run often."""

    text: str
    fixed: Mapping[str, Any]

    def bind(self, **values: Any) -> dict[str, Any]:
        """The parameters of one execution."""
        return {**self.fixed, **{name: value for name, value in values.items() if name in self.fixed}}


def compile_statement(query: sa.Select[*tuple[Any, ...]]) -> Compiled:
    """A SQLAlchemy statement as psycopg runs it."""
    compiled = query.compile(dialect=_DIALECT)
    return Compiled(str(compiled), compiled.construct_params(_check=False))


@dataclass(frozen=True, slots=True)
class Server:
    """What we talk to. `started` (seconds since 1970) tells one run of the server from the next."""

    version: int
    encoding: str
    database: int
    started: float
    replica: bool
    prepares: bool
    may_see: bool = field(compare=False)
    system: int | None = None
    """The cluster's identifier; unknown where the role may not ask."""


class Database:
    """Connections of one configuration. One thread uses it; another may call `abort` and `end`."""

    def __init__(self, config: Config) -> None:
        self._config = config
        self._lock = threading.Lock()
        self._open: set[Connection] = set()
        self._attempts: set[Attempt] = set()
        self._ended = False
        self.parting: str | None = None
        """What a server said when it ended a connection; the error of a lost connection does not hold it."""

    def connect(self) -> Connection:
        """A read-only session with all timeouts set. `DatabaseUnavailableError` says where and why not."""
        settings = self._config.database
        parameters: dict[str, Any] = dict(settings.secret_parameters())
        if "@" in os.environ.get("PGHOST", "") and "host" not in parameters:
            raise ConfigError(
                "PGHOST holds an @, so it is no host and may hold a password; put the name of a host in it"
            )
        patience = max(2, math.ceil(settings.connect_timeout))
        parameters = {**_KEEPALIVES, **parameters, "application_name": APPLICATION_NAME, "connect_timeout": patience}
        try:
            connection = self._connected(make_conninfo(**parameters))
        except (psycopg.Error, OSError) as error:
            why = without_files() or (reason(error) if isinstance(error, psycopg.Error) else str(error.strerror))
            for secret in filter(None, map(parameters.get, SECRETS)):
                why = why.replace(str(secret), "…")
            if _NO_PASSWORD in why:
                why = f"{_NO_PASSWORD}; put it into a file and name that in database.password_file"
            raise DatabaseUnavailableError(f"cannot connect to {_where(parameters)}: {why}") from None
        try:
            with within(connection, 2 * patience):
                self._prepare(connection)
        except psycopg.Error as error:
            self.close(connection)
            raise DatabaseUnavailableError(f"cannot use {_where(parameters)}: {reason(error)}") from None
        return connection

    def _connected(self, parameters: str) -> Connection:
        attempt = Attempt(lambda: psycopg.connect(parameters, autocommit=True, prepare_threshold=None))
        with self._lock:
            self._refuse_if_ended()
            self._attempts.add(attempt)
        try:
            connection = attempt.wait()
        except GivenUpError:
            raise DatabaseUnavailableError("the exporter stops") from None
        finally:
            with self._lock:
                self._attempts.discard(attempt)
        connection.add_notice_handler(self._note_parting)
        try:
            with self._lock:
                self._refuse_if_ended()
                self._open.add(connection)
        except DatabaseUnavailableError:
            connection.close()
            raise
        return connection

    def _refuse_if_ended(self) -> None:
        if self._ended:
            raise DatabaseUnavailableError("the exporter stops")

    def _note_parting(self, notice: psycopg.errors.Diagnostic) -> None:
        if (notice.sqlstate or "").startswith("57P"):
            self.parting = f"{notice.message_primary} ({notice.sqlstate})"

    def _prepare(self, connection: Connection) -> None:
        settings = self._config.database
        set_encoding(connection)
        for name, value in (
            ("default_transaction_read_only", "on"),
            ("statement_timeout", _milliseconds(settings.statement_timeout)),
            ("lock_timeout", _milliseconds(settings.lock_timeout)),
            ("idle_in_transaction_session_timeout", _milliseconds(settings.statement_timeout * 4)),
            # A database may write dates and numbers in its own way; small relations travel as text.
            ("timezone", "UTC"),
            ("datestyle", "ISO"),
            ("extra_float_digits", "1"),
            # Compiling costs more than it saves on statements that read a few thousand rows.
            ("jit", "off"),
        ):
            connection.execute("SELECT pg_catalog.set_config(%s, %s, false)", (name, value))

    def close(self, connection: Connection) -> None:
        """Close a connection, whatever state it is in."""
        with self._lock:
            self._open.discard(connection)
        with contextlib.suppress(psycopg.Error, OSError):
            connection.close()

    def abort(self) -> None:
        """Cut all connections, from another thread: whoever waits on one gets an error at once."""
        with self._lock:
            for connection in self._open:
                hang_up(connection)

    def end(self, seconds: float) -> None:
        """Make no more connections, give up those being made, and cut those at work, from another thread.

        The server is asked to cancel what it works on, and is waited for this long at most: it would go on for
        nobody. A connection that rests is left to whoever closes it.
        """
        with self._lock:
            self._ended = True
            for attempt in self._attempts:
                attempt.give_up()
            working = [connection for connection in self._open if not resting(connection)]
            requests = [request for request in map(cancelling, working) if request is not None]
            for connection in working:
                hang_up(connection)
            self._open.difference_update(working)
        deadline = time.monotonic() + seconds
        senders = [threading.Thread(target=cancel, args=(each, seconds), daemon=True) for each in requests]
        for sender in senders:
            sender.start()
        for sender in senders:
            sender.join(max(0.0, deadline - time.monotonic()))

    def server(self, connection: Connection) -> Server:
        """What this connection talks to."""
        (row,) = connection.execute(statement("server")).fetchall()
        try:
            with connection.transaction():  # a refusal must not break a transaction under way
                system = connection.execute(statement("system")).fetchall()[0][0]
        except psycopg.errors.InsufficientPrivilege:  # some hosts keep that to themselves
            system = None
        return replace(Server(*row), system=system)

    def discover(self, connection: Connection) -> Available:
        """What the database has of the contract. `ContractError` when a required part is missing."""
        schema = self._config.database.schema_
        available = compare(schema, *columns_of(connection, schema), hidden(secured(connection, schema)))
        if not available.usable:
            raise ContractError("; ".join(str(problem) for problem in available.problems if problem.fatal))
        return available


def columns_of(connection: Connection, schema: str) -> tuple[Mapping[str, Mapping[str, str]], str]:
    """The columns that this role may read and their types, by relation; and the database's `TimeZone`."""
    found: dict[str, dict[str, str]] = {}
    rows = connection.execute(statement("discover"), {"schema": schema}).fetchall()
    for relation, column, typname, _ in rows:
        found.setdefault(relation, {})[column] = typname
    return found, rows[0][3] if rows else "UTC"


def _milliseconds(seconds: float) -> str:
    return f"{max(1, round(seconds * 1000))}ms"


def _where(parameters: Mapping[str, Any]) -> str:
    """Host, port, database and user as libpq takes them, the environment's too, without what is secret."""
    if "service" in parameters:
        return f"the database of the service {parameters['service']!r}"
    with contextlib.suppress(psycopg.Error):
        found = {each.keyword.decode(): each.val.decode() for each in pq.Conninfo.get_defaults() if each.val}
        parameters = {**found, **parameters}
    host = parameters.get("host") or parameters.get("hostaddr") or "the local socket"
    name, user = parameters.get("dbname"), parameters.get("user")
    as_whom = f"as {user!r}" if user else "as nobody (this process has no user name: write one into database.url)"
    database = f"database {(name or user)!r}" + ("" if name else " (none is named, so libpq takes the user's name)")
    return f"{database} on {host} port {parameters.get('port')} {as_whom}"


@contextlib.contextmanager
def reading() -> Iterator[None]:
    """Tell an error that a view raises for some row, as `RowError`, from all others."""
    try:
        yield
    except psycopg.Error as error:
        known = error.sqlstate is not None and error.sqlstate[:2] not in NOT_A_ROWS_FAULT
        if known or isinstance(error, psycopg.DataError):
            raise RowError(f"a view cannot show some row: {reason(error)}") from None
        raise


@contextlib.contextmanager
def snapshot(connection: Connection, exported: str | None = None) -> Iterator[None]:
    """One consistent, read-only look at the database; the same as another's when its snapshot is named."""
    connection.execute("BEGIN ISOLATION LEVEL REPEATABLE READ, READ ONLY")
    try:
        if exported is not None:
            connection.execute(psycopg.sql.SQL("SET TRANSACTION SNAPSHOT {}").format(exported))
        yield
    finally:
        with contextlib.suppress(psycopg.Error):
            connection.execute("ROLLBACK")


def fetch(connection: Connection, query: Compiled, **values: Any) -> Sequence[tuple[Any, ...]]:
    """All rows of a statement, in PostgreSQL's binary format."""
    with reading(), connection.cursor(binary=True) as cursor:
        cursor.execute(query.text.encode(), query.bind(**values))
        return cursor.fetchall()
