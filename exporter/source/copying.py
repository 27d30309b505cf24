"""Rows by binary `COPY`: in batches, each row as the bytes of its message."""

from __future__ import annotations

import contextlib
import functools
from collections.abc import Iterator, Mapping, Sequence
from types import MappingProxyType
from typing import Any

from psycopg.abc import PQGen
from psycopg.errors import error_from_result
from psycopg.generators import fetch_many
from psycopg.pq import abc
from psycopg.waiting import Wait

from exporter.source.database import Compiled, Connection, reading
from exporter.source.query_time import Meter

Messages = list[memoryview]

BATCH = 10_000
"""Rows at once, so that memory does not follow how many there are."""

_HEADER = len(b"PGCOPY\n\xff\r\n\0") + 8
_TRAILER = b"\xff\xff"

_SETTINGS: Mapping[str, tuple[str, str]] = MappingProxyType(
    {
        # Of these the planner must know the values, to choose an index.
        "low": ("timestamptz", "{}"),
        "high": ("timestamptz", "{}"),
        "lows": ("timestamptz[]", "{}"),
        "highs": ("timestamptz[]", "{}"),
        # Worked out once, not for each row; and known to another server, to which a foreign table leads.
        "low_once": ("timestamptz", "(SELECT {})"),
        "high_once": ("timestamptz", "(SELECT {})"),
        "now": ("float8", "(SELECT {})"),
        "campaigns": ("text[]", "{}"),
    }
)
"""Parameters that are others at each refresh: their types, and how they are read from a setting."""


def copied(
    connection: Connection, query: Compiled, values: Mapping[str, Any], meter: Meter, *, repeated: bool = False
) -> Iterator[Messages]:
    """The rows of a statement. Until the last was taken, the connection can do nothing else.

    COPY takes no parameters, so psycopg quotes the values and writes them into it. Of one that is `repeated` at each
    refresh what varies goes by settings that end with the transaction: before version 16, pg_stat_statements would have
    an entry for each text.
    """
    bound = query.bind(**values)
    text, varying = by_settings(query) if repeated else (query.text, b"")
    with reading(query), connection.cursor() as cursor, contextlib.ExitStack() as stack:
        if varying:
            meter.timed(lambda: cursor.execute(varying, bound))
        copying = cursor.copy(f"COPY ({text}) TO STDOUT (FORMAT binary)".encode(), bound)
        copy = meter.timed(lambda: stack.enter_context(copying))
        first = memoryview(meter.timed(copy.read))[_HEADER:]
        over = first == _TRAILER
        messages = [] if over or not first else [first]
        while not over:
            filling = _fill(connection.pgconn, messages, connection.info.encoding)
            over = meter.timed(functools.partial(connection.wait, filling))
            if messages:
                yield messages
                messages = []
        meter.timed(copy.read)  # the end of the statement


def by_settings(query: Compiled) -> tuple[str, bytes]:
    """A statement that takes from settings what varies, and the one that sets these first, if any does."""
    varying, text = [name for name in _SETTINGS if name in query.fixed], query.text
    for name in varying:
        typname, read = _SETTINGS[name]
        setting = read.format(f"pg_catalog.current_setting('campaign_exporter.{name}')::{typname}")
        text = text.replace(f"%({name})s", setting)
    return text, _settings(varying) if varying else b""


def _settings(names: Sequence[str]) -> bytes:
    """Sets what varies, until the transaction ends."""
    calls = (
        f"pg_catalog.set_config('campaign_exporter.{name}', (%({name})s::{_SETTINGS[name][0]})::text, true)"
        for name in names
    )
    return f"SELECT {', '.join(calls)}".encode()


def _fill(connection: abc.PGconn, messages: Messages, encoding: str) -> PQGen[bool]:
    """Take what has arrived, up to a batch; whether that was all. `Copy.read` would wait for each row by itself."""
    while len(messages) < BATCH:
        size, message = connection.get_copy_data(1)
        if size > len(_TRAILER):
            assert message is not None, "it has a size"
            messages.append(message)
        elif size > 0:
            return True
        elif size == 0:
            while not (yield Wait.R):
                continue
            connection.consume_input()
        else:  # a row failed, or the statement was cancelled
            results = yield from fetch_many(connection)
            raise error_from_result(results[-1], encoding)
    return False
