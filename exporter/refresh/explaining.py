"""What a failed refresh is told as: its kind, and a line with the thing and the remedy."""

from __future__ import annotations

from collections.abc import Callable

import psycopg
import structlog

from exporter.errors import ConfigError, ContractError, DatabaseUnavailableError, ReplacedError, RowError
from exporter.source.database import reason

MORE_THREADS = "raise the limit of its threads: TasksMax of the service, pids of the container, ulimit -u of the user"

log = structlog.get_logger()


def explain(error: Exception, parting: str | None = None) -> tuple[str, str]:
    """The kind of an error, and a line with the thing and the remedy; never a secret, never a row.

    `parting`: what the server said when it ended a connection, if it said something.
    """
    if isinstance(error, psycopg.Error):
        for kind, belongs, remedy in _BY_WORDS:
            if belongs(error):
                return kind, f"{_told(error)}{remedy}"
    for kind, types, remedy in _KINDS:
        if isinstance(error, types):
            text = _told(error) if isinstance(error, psycopg.Error) else str(error)
            if parting is not None and isinstance(error, psycopg.Error) and error.sqlstate is None:
                text = f"{text}; the server said: {parting}"
            return kind, f"{text}{remedy}"
    if isinstance(error, psycopg.Error):
        return "other", _told(error)
    if isinstance(error, RuntimeError) and "start new thread" in str(error):
        return "other", f"{error}; {MORE_THREADS}"
    log.error("unexpected error", exc_info=error)
    return "other", f"{type(error).__name__}: please report this with the lines above"


def _told(error: psycopg.Error) -> str:
    """The server's words, and what was read meanwhile."""
    return " ".join([reason(error), *(f"({note})" for note in getattr(error, "__notes__", ()))])


def _of_another_server(error: psycopg.Error) -> bool:
    """This one goes on: what it says of a connection is of its own to another."""
    state, function = error.sqlstate or "", error.diag.source_function or ""
    return state.startswith("HV") or (
        state.startswith("08") and (function.startswith("pgfdw_") or function == "connect_pg_server")
    )


def _conflicts_with_recovery(error: psycopg.Error) -> bool:
    """A session that only reads has no conflict of its own: a replica's replay is in the way.

    By what raised it, as the server's words may be in any language.
    """
    if isinstance(error, psycopg.errors.SerializationFailure | psycopg.errors.DeadlockDetected):
        return error.diag.source_function != "DeadLockReport"
    return "conflict with recovery" in (error.diag.message_primary or "")


def _cancelled_by_somebody(error: psycopg.Error) -> bool:
    return isinstance(error, psycopg.errors.QueryCanceled) and "user request" in (error.diag.message_primary or "")


def _filtered_by_a_policy(error: psycopg.Error) -> bool:
    return error.diag.source_function == "check_enable_rls"


_BY_WORDS: tuple[tuple[str, Callable[[psycopg.Error], bool], str], ...] = (
    (
        "unavailable",
        _of_another_server,
        "; that is another server, to which foreign tables below it lead: see that the database's host can reach it, "
        "and its user mapping; tried again soon",
    ),
    (
        "unavailable",
        _conflicts_with_recovery,
        "; the replica had to replay what the statement still read: raise max_standby_streaming_delay there, or turn "
        "on hot_standby_feedback, or connect to the primary; tried again soon",
    ),
    (
        "contract",
        _filtered_by_a_policy,
        "; a function that a view calls reads that table, and row-level security would hide rows from it, so nothing "
        "is shown: let the role that it runs as see all rows (ALTER ROLE … BYPASSRLS: the exporter's, or that of the "
        "owner of a SECURITY DEFINER function)",
    ),
    (
        "other",
        _cancelled_by_somebody,
        "; somebody cancelled the statement (pg_cancel_backend, a pooler, a job that ends long statements): see the "
        "server's log; tried again soon",
    ),
)
"""Errors that share their class with others, which have another remedy."""

_KINDS: tuple[tuple[str, tuple[type[Exception], ...], str], ...] = (
    ("unavailable", (DatabaseUnavailableError,), ""),
    ("contract", (ContractError, ConfigError, ReplacedError), ""),
    (
        "contract",
        (RowError,),
        "; nor can it list its rows' ids, so that the others could be read: mend the view, and mark the functions "
        "it calls STABLE or IMMUTABLE",
    ),
    (
        "locked",
        (psycopg.errors.LockNotAvailable,),
        "; somebody holds a table under the views (an ALTER?): see pg_locks; tried again soon",
    ),
    (
        "locked",
        (psycopg.errors.DeadlockDetected,),
        "; it and somebody's lock on a table under the views (an ALTER?) waited for each other; tried again soon",
    ),
    (
        "timeout",
        (psycopg.errors.QueryCanceled,),
        "; a statement took longer than database.statement_timeout: see campaign-exporter check for missing indexes",
    ),
    (
        "contract",
        (
            psycopg.errors.UndefinedTable,
            psycopg.errors.UndefinedColumn,
            psycopg.errors.InsufficientPrivilege,
            psycopg.errors.UndefinedFunction,
        ),
        "; a view was changed or a right was taken: see campaign-exporter check; looked at anew at the next try",
    ),
    (
        "unavailable",
        (psycopg.errors.AdminShutdown,),
        "; the server shuts down, or somebody ended the session (pg_terminate_backend, a pooler); tried again soon",
    ),
    (
        "unavailable",
        (psycopg.errors.CrashShutdown,),
        "; another process of the server crashed, and all sessions end: see the server's log; tried again soon",
    ),
    (
        "unavailable",
        (psycopg.errors.CannotConnectNow,),
        "; the server starts, stops or recovers; tried again soon",
    ),
    (
        "unavailable",
        (psycopg.errors.ConfigurationLimitExceeded,),
        "; only a superuser may raise that limit: ALTER ROLE … SET temp_file_limit = …; or give the role more "
        "work_mem, so that less is written to files",
    ),
    (
        "unavailable",
        (psycopg.errors.InsufficientResources, psycopg.errors.DiskFull, psycopg.errors.OutOfMemory),
        "; the server lacks memory, disk or connections: see its log; tried again soon",
    ),
    (
        "unavailable",
        (psycopg.errors.IdleInTransactionSessionTimeout,),
        "; this host was too slow between two statements: has it processor and memory enough? tried again soon",
    ),
    ("unavailable", (psycopg.OperationalError, psycopg.InterfaceError), "; the connection was lost; tried again soon"),
)
