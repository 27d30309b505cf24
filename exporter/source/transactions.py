"""What other sessions do now: open and prepared transactions, and how much was deleted under the views."""

from __future__ import annotations

from collections.abc import Sequence

from exporter.source.database import Connection, Server
from exporter.source.query_time import Meter
from exporter.source.sql import statement
from exporter.source.watermark import Observation, Session

Deleted = tuple[int, int]
"""A signature of the tables under the views that moves when rows are deleted or a table is emptied."""


def observe(connection: Connection, server: Server, meter: Meter) -> Observation:
    """The transactions that may still commit rows; to be called before the refresh takes its snapshot."""
    rows = meter.timed(lambda: connection.execute(statement("activity")).fetchall())
    sessions = [
        Session(pid, start, query if query is not None else start, xid)
        for _, pid, start, query, xid in rows
        if start is not None
    ]
    # A session that reports no activity shows no start, but its xid: as much as is known of a prepared transaction.
    prepared = [xid for _, _, start, _, xid in rows if start is None and xid is not None]
    if server.prepares and not server.replica:
        found = meter.timed(lambda: connection.execute(statement("prepared")).fetchall())
        prepared += [row[0] for row in found]
    return Observation(rows[0][0], sessions, prepared)


def deletions(connection: Connection, sources: Sequence[int], meter: Meter) -> Deleted:
    """The signature of these tables now."""
    row = meter.timed(lambda: connection.execute(statement("deleted"), {"sources": sources}).fetchone())
    assert row is not None, "an aggregate returns one row"
    return (row[0], row[1])
