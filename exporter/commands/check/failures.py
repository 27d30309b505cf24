"""A read that failed: what that says, which is not always a missing right, and what to do about it."""

from __future__ import annotations

import psycopg

from exporter.commands.check.commands import Command
from exporter.commands.check.report import Finding, Level
from exporter.commands.check.sql import statement
from exporter.config.durations import format_duration
from exporter.contract.identifiers import identifier
from exporter.errors import RowError
from exporter.source.database import Connection, reason

CHECK_SECONDS = 10.0
"""How long a statement of `check` may take, where `database.statement_timeout` is not shorter."""

_GONE = "something it uses is gone or of another type: make the view {view} anew"
_REMEDIES = {
    "55P03": "see pg_locks for who holds a table below {view} (an ALTER, a LOCK), and check again when that is over",
    "40001": "check again",
    "08001": "see that the database's host can reach the server behind the foreign tables below {view}, "
    "and its user mapping",
    "42P01": _GONE,
    "42703": _GONE,
    "42883": _GONE,
}


def failed(
    connection: Connection, schema: str, relation: str, thing: str, error: psycopg.Error | RowError, limit: float
) -> Finding:
    """What to say of a relation that cannot be read. `limit` is how long the statement might take, in seconds."""
    view = identifier(schema, relation)
    if isinstance(error, RowError):
        remedy = f"mend the expression in {view} that fails (a cast, a division)"
        return Finding(relation, Level.PROBLEM, thing, f"cannot be read: {error}", remedy)
    what, state = f"cannot be read: {reason(error)}", error.sqlstate or ""
    if isinstance(error, psycopg.errors.QueryCanceled) and "user request" not in (error.diag.message_primary or ""):
        what = f"takes longer than {format_duration(limit)}, so that it was given up: nothing is known of its rows"
        remedy = f"see what takes so long with EXPLAIN SELECT * FROM {view}, and make that cheaper"
    elif isinstance(error, psycopg.errors.InsufficientPrivilege):
        remedy = _missing_rights(connection, schema, relation) or (
            f"grant what is named to this role, or to the owner of {view} if the view asks for it"
        )
    else:
        remedy = _REMEDIES.get(state, "mend the view {view}").format(view=view)
    return Finding(relation, Level.PROBLEM, thing, what, remedy)


def _missing_rights(connection: Connection, schema: str, relation: str) -> str:
    """The commands that grant what is missing below a view, as far as the catalogue knows."""
    commands = []
    for kind, name, role in connection.execute(statement("below"), {"schema": schema, "relation": relation}):
        if kind == "function":
            commands.append(Command.GRANT_EXECUTE.of(function=name, role=role))
        else:
            commands.append(Command.GRANT_SELECT.of(relation=name, role=role))
    return "\n".join(commands)
