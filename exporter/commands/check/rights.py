"""What the role may do: it must not be able to write, and should see when transactions are open."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from psycopg.rows import class_row

from exporter.commands.check.report import Finding, Level
from exporter.commands.check.sql import statement
from exporter.config import Config
from exporter.config.durations import format_duration
from exporter.source.database import Connection, Server

ABOUT = "role"
_SHOWN = 5
_LONG_TRANSACTION_SECONDS = 600.0


@dataclass(frozen=True, slots=True)
class Role:
    """A row of `check_role.sql`. Timeouts are in milliseconds, 0 for none, null where the server knows none."""

    name: str
    identifier: str
    connection_limit: int
    read_only: str
    statement_timeout: str
    idle_session_timeout: str | None
    database: str
    temporary: bool
    large_objects: bool
    track_counts: str


@dataclass(frozen=True, slots=True)
class _Write:
    """A row of `check_writes.sql`; all names but `kind` are quoted for SQL where need be."""

    kind: str
    name: str
    holder: str
    privileges: Sequence[str]


def read_role(connection: Connection) -> Role:
    """Who we are."""
    with connection.cursor(row_factory=class_row(Role)) as cursor:
        role = cursor.execute(statement("role")).fetchone()
    assert role is not None, "a session has a role"
    return role


def rights(connection: Connection, config: Config, server: Server, role: Role) -> Iterator[Finding]:
    """What there is to say about the role."""
    yield _finding(Level.OK, "name", role.name)
    powers = [(holder, power) for holder, power in connection.execute(statement("powers"))]
    if (role.identifier, "SUPERUSER") in powers:  # has every privilege, and is not to be changed: no use in details
        what = "is a superuser, who may do anything"
        yield _finding(Level.PROBLEM, "writing", what, "use a role of its own that may only read: see docs/contract.md")
        return
    yield from _writing(connection, config, role, powers)
    yield from _seeing(connection, config, server, role)
    yield from _settings(config, role)


def _finding(level: Level, thing: str, value: str, remedy: str = "") -> Finding:
    return Finding(ABOUT, level, thing, value, remedy)


def _writing(
    connection: Connection, config: Config, role: Role, powers: Sequence[tuple[str, str]]
) -> Iterator[Finding]:
    for holder, power in powers:
        own = holder == role.identifier
        what = f"has the attribute {power}" if own else f"is a member of {holder}"
        remedy = f"ALTER ROLE {holder} NO{power};" if own else f"REVOKE {holder} FROM {role.identifier};"
        yield _finding(Level.PROBLEM, "writing", what, remedy)
    with connection.cursor(row_factory=class_row(_Write)) as cursor:
        rows = cursor.execute(statement("writes"), {"schema": config.database.schema_}).fetchall()
    writes = _without_inherited(rows, role)
    for write in writes[:_SHOWN]:
        through = "" if write.holder == role.identifier else f" as a member of {write.holder}"
        yield _finding(
            Level.PROBLEM,
            "writing",
            f"has {', '.join(write.privileges)} on {write.kind.lower()} {write.name}{through}",
            _revoke(write, role),
        )
    if len(writes) > _SHOWN:
        more = f"may write in {len(writes) - _SHOWN} more places or so"
        yield _finding(Level.PROBLEM, "writing", more, "use a role of its own that may only read")
    if not powers and not writes:
        yield _finding(Level.OK, "writing", "may not write anywhere in this database")


def _without_inherited(rows: Sequence[_Write], role: Role) -> list[_Write]:
    """What the role has itself; what it has through another role is shown with that one."""
    others = {(row.kind, row.name) for row in rows if row.holder != role.identifier}
    return [row for row in rows if row.holder != role.identifier or (row.kind, row.name) not in others]


def _revoke(write: _Write, role: Role) -> str:
    if write.holder != role.identifier:
        return f"REVOKE {write.holder} FROM {role.identifier};"
    if "OWNER" in write.privileges:
        return f"ALTER {write.kind} {write.name} OWNER TO the platform's own role"
    privileges = ", ".join(write.privileges)
    return f"REVOKE {privileges} ON {write.kind} {write.name} FROM {role.identifier}, PUBLIC;"


def _seeing(connection: Connection, config: Config, server: Server, role: Role) -> Iterator[Finding]:
    overlap = format_duration(config.refresh.overlap)
    instead = f"the last {overlap} are read again at each refresh, and longer transactions are left to the audit"
    if server.replica:
        yield _finding(
            Level.ADVICE,
            "open transactions",
            f"this is a replica, which does not know those of the primary: {instead}",
            "connect to the primary, or set refresh.overlap to the length of the longest transaction",
        )
    elif not server.may_see:
        yield _finding(
            Level.PROBLEM,
            "open transactions",
            f"may not see those of other sessions: {instead}",
            f"GRANT pg_monitor TO {role.identifier};",
        )
    else:
        yield _finding(Level.OK, "open transactions", "may see those of other sessions")
        row = connection.execute(statement("transactions")).fetchone()
        if row is not None and row[0] is not None and row[0] > _LONG_TRANSACTION_SECONDS:
            yield _finding(
                Level.ADVICE,
                "oldest writer",
                f"a transaction has been writing for {row[0] / 60:.0f} minutes; "
                "every refresh reads again what changed since it began",
                "see pg_stat_activity (backend_xid is not null) and pg_prepared_xacts; end what was forgotten",
            )


def _settings(config: Config, role: Role) -> Iterator[Finding]:
    read_only = role.read_only == "on"
    yield _finding(
        Level.OK if read_only else Level.ADVICE,
        "default_transaction_read_only",
        role.read_only,
        "" if read_only else f"ALTER ROLE {role.identifier} SET default_transaction_read_only = on;",
    )
    limited = role.statement_timeout != "0"
    timeout = format_duration(int(role.statement_timeout) / 1000) if limited else "none but the exporter's own"
    yield _finding(
        Level.OK if limited else Level.ADVICE,
        "statement_timeout",
        timeout,
        ""
        if limited
        else f"ALTER ROLE {role.identifier} SET statement_timeout = "
        f"'{format_duration(config.database.statement_timeout)}';",
    )
    if idle := int(role.idle_session_timeout or 0):
        yield _finding(
            Level.ADVICE,
            "idle_session_timeout",
            f"{format_duration(idle / 1000)}: ends a session that rests for longer; the exporter then connects anew",
            f"ALTER ROLE {role.identifier} IN DATABASE {role.database} SET idle_session_timeout = 0;",
        )
    wanted = config.database.load_connections
    few, unlimited = 0 <= role.connection_limit < wanted, role.connection_limit < 0
    yield _finding(
        Level.ADVICE if few or unlimited else Level.OK,
        "connection limit",
        "none" if unlimited else str(role.connection_limit),
        f"ALTER ROLE {role.identifier} CONNECTION LIMIT {max(10, wanted)};  -- {wanted} are used while loading"
        if few or unlimited
        else "",
    )
    for (name, good), (what, remedy) in _ADVICE.items():
        if getattr(role, name) != good:
            yield _finding(Level.ADVICE, name.replace("_", " "), what, remedy.format(database=role.database))


_ADVICE: Mapping[tuple[str, object], tuple[str, str]] = {
    ("temporary", False): (
        "may create temporary tables in this database",
        "REVOKE TEMPORARY ON DATABASE {database} FROM PUBLIC;  -- others may need it: grant it to them",
    ),
    ("large_objects", False): (
        "may create large objects in this database, as every role may unless told otherwise",
        "REVOKE EXECUTE ON FUNCTION lo_creat(integer), lo_create(oid), lo_from_bytea(oid, bytea) FROM PUBLIC;"
        "  -- others may need it: grant it to them",
    ),
    ("track_counts", "on"): (
        "off: rows that are deleted are noticed within audit.period, not at once",
        "set track_counts = on in postgresql.conf",
    ),
}
