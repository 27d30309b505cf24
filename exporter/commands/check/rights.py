"""What the role may do: it must not be able to write, and should see when transactions are open."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from psycopg.rows import class_row, dict_row

from exporter.commands.check.commands import Command
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
    """A row of `role.sql`; `identifier`, `database` and `temporary_by` are ready for SQL.

    Timeouts are in milliseconds, 0 for none, null where the server knows none.
    """

    name: str
    identifier: str
    inherits: bool
    monitors: bool
    connection_limit: int
    read_only: str
    statement_timeout: str
    idle_session_timeout: str | None
    database: str
    temporary: bool
    temporary_by: Sequence[str]
    large_objects: bool
    track_counts: str
    set_by: Mapping[str, str]
    """Where settings come from that are not the server's: `role`, `database`, `role in database` or `connection`."""


@dataclass(frozen=True, slots=True)
class _Write:
    """A row of `writes.sql`; all names but `kind` are ready for SQL."""

    kind: str
    name: str
    holder: str
    privileges: Sequence[str]
    grantors: Sequence[str]
    other_owner: str | None
    of_contract: bool


def read_role(connection: Connection) -> Role:
    """Who we are."""
    set_by = dict(connection.execute(statement("set_by")).fetchall())
    options = connection.info.options  # of database.url or PGOPTIONS
    set_by.update(dict.fromkeys(re.findall(r"(\w+)=", options), "connection"))
    with connection.cursor(row_factory=dict_row) as cursor:
        row = cursor.execute(statement("role")).fetchone()
    assert row is not None, "a session has a role"
    return Role(**row, set_by=set_by)


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
    ways: dict[str, list[str]] = {}
    for group, grantor, holder in connection.execute(statement("memberships")):
        leave = Command.LEAVE if grantor is None else Command.LEAVE_GRANTED_BY
        ways.setdefault(holder, []).append(leave.of(group=group, role=role.identifier, grantor=grantor))
    for holder, power in powers:
        own = holder == role.identifier
        what = f"has the attribute {power}" if own else f"is a member of {holder}"
        remedy = (
            Command.TAKE_ATTRIBUTE.of(holder=holder, attribute=power)
            if own
            else "\n".join(dict.fromkeys(ways.get(holder, ())))
        )
        yield _finding(Level.PROBLEM, "writing", what, remedy)
    with connection.cursor(row_factory=class_row(_Write)) as cursor:
        rows = cursor.execute(statement("writes"), {"schema": config.database.schema_}).fetchall()
    writes = _without_inherited(rows, role)
    for write in writes[:_SHOWN]:
        own = write.holder == role.identifier
        through = "" if own else f" as a member of {write.holder}"
        yield _finding(
            Level.PROBLEM,
            "writing",
            f"has {', '.join(write.privileges)} on {write.kind.lower()} {write.name}{through}",
            "\n".join(dict.fromkeys(_revoked(write, role) if own else ways.get(write.holder, ()))),
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


def _revoked(write: _Write, role: Role) -> Iterator[str]:
    """The commands that take away what the role itself has."""
    if "OWNER" in write.privileges:
        yield Command.CHANGE_OWNER.of(kind=write.kind, name=write.name, owner=write.other_owner)
        if write.of_contract and write.kind == "SCHEMA":
            yield Command.GRANT_USAGE.of(schema=write.name, role=role.identifier)
        elif write.of_contract:
            yield Command.GRANT_SELECT.of(relation=write.name, role=role.identifier)
        return
    revoke = Command.REVOKE.of(
        privileges=", ".join(write.privileges), kind=write.kind, name=write.name, role=role.identifier
    )
    yield revoke
    for grantor in write.grantors:  # a superuser revokes what the owner granted, and nobody else's grants
        yield "\n".join((Command.AS_GRANTOR.of(grantor=grantor), revoke, Command.AS_ONESELF.of()))


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
            _see(server, role),
        )
    else:
        yield _finding(Level.OK, "open transactions", "may see those of other sessions")
        row = connection.execute(statement("transactions")).fetchone()
        if row is not None and row[0] is not None and row[0] > _LONG_TRANSACTION_SECONDS:
            yield _finding(
                Level.ADVICE,
                "oldest writer",
                f"a transaction has been writing for {row[0] / 60:.0f} minutes; "
                "what was stamped since is read when it ends",
                "see pg_stat_activity (backend_xid is not null) and pg_prepared_xacts; end what was forgotten",
            )


def _see(server: Server, role: Role) -> str:
    """How the role gets what members of `pg_monitor` may see, also where it is one that does not inherit."""
    if server.version >= 160_000:
        grant = Command.INHERIT_MONITOR if role.monitors or not role.inherits else Command.GRANT_MONITOR
        return grant.of(role=role.identifier)
    commands = [] if role.monitors else [Command.GRANT_MONITOR.of(role=role.identifier)]
    return "\n".join([*commands, *([] if role.inherits else [Command.INHERIT.of(role=role.identifier)])])


def _settings(config: Config, role: Role) -> Iterator[Finding]:
    read_only = role.read_only == "on"
    yield _finding(
        Level.OK if read_only else Level.ADVICE,
        "default_transaction_read_only",
        role.read_only,
        "" if read_only else set_for(role, "default_transaction_read_only", "on"),
    )
    limited = role.statement_timeout != "0"
    timeout = format_duration(int(role.statement_timeout) / 1000) if limited else "none but the exporter's own"
    milliseconds = round(config.database.statement_timeout * 1000)  # PostgreSQL does not know our `m` for minutes
    wanted_timeout = f"'{milliseconds}ms'" if milliseconds % 1000 else f"'{milliseconds // 1000}s'"
    yield _finding(
        Level.OK if limited else Level.ADVICE,
        "statement_timeout",
        timeout,
        "" if limited else set_for(role, "statement_timeout", wanted_timeout),
    )
    if idle := int(role.idle_session_timeout or 0):
        yield _finding(
            Level.ADVICE,
            "idle_session_timeout",
            f"{format_duration(idle / 1000)}: ends a session that rests for longer; the exporter then connects anew",
            set_for(role, "idle_session_timeout", "0"),
        )
    wanted = config.database.load_connections
    few, unlimited = 0 <= role.connection_limit < wanted, role.connection_limit < 0
    yield _finding(
        Level.ADVICE if few or unlimited else Level.OK,
        "connection limit",
        "none" if unlimited else str(role.connection_limit),
        Command.LIMIT.of(role=role.identifier, limit=max(10, wanted), wanted=wanted) if few or unlimited else "",
    )
    if role.temporary:
        what = "may create temporary tables in this database"
        holders = ", ".join(role.temporary_by)
        remedy = Command.REVOKE_TEMPORARY.of(database=role.database, holders=holders)
        yield _finding(Level.ADVICE, "temporary", what, remedy)
    if role.large_objects:
        what = "may create large objects in this database, as every role may unless told otherwise"
        remedy = Command.REVOKE_LARGE_OBJECTS.of(role=role.identifier)
        yield _finding(Level.ADVICE, "large objects", what, remedy)
    # What is set for this role alone says nothing of the platform's.
    if role.track_counts != "on" and role.set_by.get("track_counts", "database") == "database":
        what = "off: rows that are deleted are noticed within audit.period, not at once"
        yield _finding(Level.ADVICE, "track counts", what, _count(role))


def set_for(role: Role, name: str, value: str) -> str:
    """The command that sets something for the role's sessions, over what is set where it comes from now."""
    place = role.set_by.get(name)
    if place == "connection":
        return f"leave {name} out of the options in database.url and PGOPTIONS"
    command = Command.SET_IN_DATABASE if place == "role in database" else Command.SET
    return command.of(role=role.identifier, database=role.database, setting=name, value=value)


def _count(role: Role) -> str:
    if "track_counts" in role.set_by:
        return Command.RESET_DATABASE.of(database=role.database, setting="track_counts")
    return "\n".join((Command.SET_SYSTEM.of(setting="track_counts", value="on"), Command.RELOAD.of()))
