"""Read-only sessions on the platform's database: connecting, what is there, and cutting off one that hangs."""

from __future__ import annotations

import contextlib
import math
import os
import threading
from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass, field, replace
from typing import Any

import psycopg
from psycopg import pq
from psycopg.conninfo import make_conninfo

from exporter.config import Config
from exporter.config.address import SECRETS
from exporter.contract.availability import Available, compare
from exporter.errors import ConfigError, ContractError, DatabaseUnavailableError, RowError
from exporter.source.compiled import Compiled
from exporter.source.connecting import (
    Attempt,
    Connection,
    GivenUpError,
    Rows,
    cancel,
    cancelling,
    hang_up,
    resting,
    without_files,
)
from exporter.source.encodings import set_adapters
from exporter.source.opening import Isolation, settings, transaction
from exporter.source.policies import hidden, secured
from exporter.source.pooler import Pooler
from exporter.source.reasons import NOT_A_ROWS_FAULT, reason
from exporter.source.sql import statement

__all__ = [
    "Compiled", "Connection", "Database", "Rows", "Server", "columns_of", "fetch", "reading", "reason",
]  # fmt: skip

_PIDS_ASKED = 3
_CANCEL_SECONDS = 1.0
_KEEPALIVES: Mapping[str, Any] = {
    "keepalives_idle": 30, "keepalives_interval": 10, "keepalives_count": 3, "tcp_user_timeout": 15_000,
}  # fmt: skip
_NO_PASSWORD = "no password supplied"


Place = tuple[int, float, bool]
"""Which database of which server, by its postmaster's start, and whether it is a replica: cheap to ask."""


@dataclass(frozen=True, slots=True)
class Server:
    """What we talk to; since when (seconds since 1970) its processes run, which tells one run from the next."""

    version: int
    encoding: str
    database: int
    postmaster: float
    checkpointer: float | None = field(compare=False)
    statistics: float | None = field(compare=False)
    replica: bool
    prepares: bool
    may_see: bool = field(compare=False)
    process: int = field(compare=False)
    """The one that answered."""
    role: str = field(compare=False)
    """As whom we read: a view may show others other rows."""
    system: int | None = None
    """The cluster's identifier; unknown where the role may not ask."""

    def goes_on(self, later: Server) -> bool:
        """Whether this is the same run of the same server as before: another may have lost what was not written."""
        seen = self.checkpointer is not None and later.checkpointer is not None
        runs = (self.checkpointer, later.checkpointer) if seen else (self.statistics, later.statistics)
        return self == later and runs[0] == runs[1]

    @property
    def place(self) -> Place:
        """What no other server shares."""
        return self.database, self.postmaster, self.replica


class Database:
    """Connections of one configuration. One thread uses it; another may call `abort` and `end`."""

    def __init__(self, config: Config) -> None:
        self.config = config
        self._lock = threading.Lock()
        self._open: set[Connection] = set()
        self._attempts: set[Attempt] = set()
        self._ended = False
        self._place = "the database"
        self.parting: str | None = None
        """What a server said when it ended a connection; the error of a lost connection does not hold it."""

    def connect(self) -> Connection:
        """A connection, of which only the transactions of `look` and `snapshot` are to be used: they are read-only,
        and have all settings and limits. `DatabaseUnavailableError` says where and why not.
        """
        config = self.config.database
        parameters: dict[str, Any] = dict(config.secret_parameters())
        if "@" in os.environ.get("PGHOST", "") and "host" not in parameters:
            raise ConfigError(
                "PGHOST holds an @, so it is no host and may hold a password; put the name of a host in it"
            )
        patience = max(2, math.ceil(config.connect_timeout))
        # Without a name, nor that of the environment: see `opening`.
        parameters = {**_KEEPALIVES, **parameters, "application_name": "", "connect_timeout": patience}
        self._place = _where(parameters)
        try:
            connection = self._connected(make_conninfo(**parameters))
        except (psycopg.Error, OSError) as error:
            why = without_files() or (reason(error) if isinstance(error, psycopg.Error) else str(error.strerror))
            for secret in filter(None, map(parameters.get, SECRETS)):
                why = why.replace(str(secret), "…")
            if _NO_PASSWORD in why:
                why = f"{_NO_PASSWORD}; put it into a file and name that in database.password_file"
            raise DatabaseUnavailableError(f"cannot connect to {self._place}: {why}") from None
        set_adapters(connection)
        return connection

    def look(self, connection: Connection) -> AbstractContextManager[None]:
        """A read-only transaction each statement of which sees the present."""
        return self._transaction(connection, Isolation.LOOK)

    @contextlib.contextmanager
    def snapshot(self, connection: Connection, exported: str | None = None) -> Iterator[None]:
        """One consistent, read-only look at the database; the same as another's when its snapshot is named."""
        with self._transaction(connection, Isolation.SNAPSHOT):
            if exported is not None:
                connection.execute(psycopg.sql.SQL("SET TRANSACTION SNAPSHOT {}").format(exported))
            yield

    def _transaction(self, connection: Connection, isolation: Isolation) -> AbstractContextManager[None]:
        config = self.config.database
        patience = max(2.0, config.connect_timeout)
        return transaction(connection, isolation, settings(config, connection), patience, self._place)

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
            before, after = ([request for request in map(cancelling, working) if request] for _ in range(2))
        # A pooler knows by a connection what to cancel; but who is cancelled, or was between two statements, may begin
        # the next one.
        patience = min(seconds, _CANCEL_SECONDS)
        cancel(before, patience)
        with self._lock:
            for connection in self._open.intersection(working):
                hang_up(connection)
            self._open.difference_update(working)
        cancel(after, patience)

    def pooler(self, connection: Connection) -> Pooler:
        """Whether something lends us the server's sessions, as far as some empty transactions tell."""
        found = Pooler(connection.info.backend_pid)
        for _ in range(_PIDS_ASKED):
            with self.look(connection):
                found.note(self.seen(connection).process)
        return found

    def server(self, connection: Connection) -> Server:
        """What this transaction talks to."""
        found = self.seen(connection)
        try:
            with connection.transaction():  # a refusal must not break a transaction under way
                system = connection.execute(statement("system")).fetchall()[0][0]
        except psycopg.errors.InsufficientPrivilege:  # some hosts keep that to themselves
            system = None
        return replace(found, system=system)

    def seen(self, connection: Connection) -> Server:
        """The same but for the cluster's identifier: for each look."""
        (row,) = connection.execute(statement("server")).fetchall()
        return Server(*row)

    def discover(self, connection: Connection) -> Available:
        """What the database has of the contract. `ContractError` when a required part is missing."""
        schema = self.config.database.schema_
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
def reading(query: Compiled) -> Iterator[None]:
    """Tell an error that a view raises for some row, as `RowError`, from all others; both name what was read."""
    try:
        yield
    except psycopg.Error as error:
        known = error.sqlstate is not None and error.sqlstate[:2] not in NOT_A_ROWS_FAULT
        if known or isinstance(error, psycopg.DataError):
            raise RowError(f"{query.views or 'a view'} cannot show some row: {reason(error)}") from None
        if query.views:
            error.add_note(f"while {query.views} was read")
        raise


def fetch(connection: Connection, query: Compiled, **values: Any) -> Rows:
    """All rows of a statement, in PostgreSQL's binary format."""
    with reading(query), connection.cursor(binary=True) as cursor:
        cursor.execute(query.text.encode(), query.bind(**values))
        return cursor.fetchall()
