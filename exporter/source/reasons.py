"""What a server says of an error, on one line, without what may quote a row or a secret."""

from __future__ import annotations

import re

import psycopg

from exporter.source.pooler import remedy

NOT_A_ROWS_FAULT = frozenset(
    {"08", "0A", "25", "26", "28", "2D", "34", "3B", "3D", "3F", "40", "42", "53", "55", "57", "58", "72", "F0", "HV"}
)
"""Classes of SQLSTATE that speak of the connection, the server or the statement, whatever the row."""

_SERVERS_OWN = NOT_A_ROWS_FAULT | {"20", "21", "22", "23", "24", "44", "XX"}
"""Classes whose words are the server's; those of all others are some function's."""

# Data exceptions and constraint violations quote the value of a row, after a colon or in the language's quotes.
_QUOTES_DATA = ("22", "23")
_QUOTED = re.compile(r"[:\"'«»„“”‚‘’‹›「『].*", re.DOTALL)
_RAISED = frozenset({"exec_stmt_raise", "exec_stmt_assert"})
"""Functions of PostgreSQL that pass on what a view's own function says, which may be anything of a row."""

_PERSONAL = re.compile(r"\+?\d[\d\s()/.-]{5,}\d|\S+@\S+")
_DATA_DETAIL = ("DETAIL", "CONTEXT", "HINT", "LINE")


def reason(error: psycopg.Error) -> str:
    """The server's own words on one line, without details that may quote a row; a pooler's, with what helps."""
    words = _words(error)
    # PgBouncer's own words come as a protocol violation, or while connecting; a function's may hold anything.
    helps = remedy(words) if (error.sqlstate or "08").startswith("08") else None
    return f"{words}: {helps}" if helps else words


def _words(error: psycopg.Error) -> str:
    if error.diag.message_primary:
        message = error.diag.message_primary
        state = error.sqlstate or ""
        if error.diag.source_function in _RAISED or state[:2] not in _SERVERS_OWN:
            message = "an exception raised by a function"
        elif state.startswith(_QUOTES_DATA):
            message = _QUOTED.sub("…", message)
        return f"{_PERSONAL.sub('…', message)} ({state})"
    lines = [line.strip() for line in str(error).splitlines()]
    kept = [line for line in lines if line and not line.startswith(_DATA_DETAIL)]
    return _without_secrets("; ".join(kept)) or type(error).__name__


def _without_secrets(text: str) -> str:
    """libpq quotes a connection string it cannot read: never pass that on."""
    return text if "://" not in text and "password=" not in text else "the connection failed"
