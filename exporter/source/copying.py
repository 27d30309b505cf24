"""Rows by binary `COPY`: in batches, each row as the bytes of its message."""

from __future__ import annotations

import contextlib
import functools
from collections.abc import Iterator, Mapping
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


def copied(connection: Connection, query: Compiled, values: Mapping[str, Any], meter: Meter) -> Iterator[Messages]:
    """The rows of a statement. Until the last was taken, the connection can do nothing else."""
    statement = b"COPY (%s) TO STDOUT (FORMAT binary)" % query.text.encode()
    with reading(), connection.cursor() as cursor, contextlib.ExitStack() as stack:
        # COPY takes no parameters: psycopg quotes the values and writes them into the statement.
        copying = cursor.copy(statement, query.bind(**values))
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
