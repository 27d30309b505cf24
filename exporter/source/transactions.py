"""What other sessions do now: open and prepared transactions, as far as they can be seen; what a snapshot sees."""

from __future__ import annotations

import math
from dataclasses import dataclass

from exporter.source.database import Connection, Place, Server
from exporter.source.query_time import Meter
from exporter.source.sql import statement
from exporter.source.watermark import Observation, Session

_XID_MASK = (1 << 32) - 1


def observe(connection: Connection, server: Server, meter: Meter) -> Observation:
    """The transactions that may still commit rows; to be called before the refresh takes its snapshot.

    It must be the first to look at `pg_stat_activity` in its transaction, which sees one state of it.
    """
    rows = meter.timed(lambda: connection.execute(statement("activity")).fetchall())
    at, replica, may_see, replayed = rows[0][:4]
    open_now = [row[4:] for row in rows if row[4] is not None]
    sessions = [
        Session(pid, start, query if query is not None else start, xid)
        for pid, start, query, xid in open_now
        if start is not None
    ]
    # A session that reports no activity shows no start, but its xid: as much as is known of a prepared transaction.
    prepared = [xid for _, start, _, xid in open_now if start is None and xid is not None]
    hidden = sum(start is None for _, start, _, _ in open_now)
    if server.prepares and not replica:
        found = meter.timed(lambda: connection.execute(statement("prepared")).fetchall())
        prepared += [row[0] for row in found]
    return Observation(-math.inf if at is None else at, sessions, prepared, hidden, replica, may_see, replayed)


@dataclass(frozen=True, slots=True)
class Sight:
    """What a snapshot sees: at which instant (seconds since 1970) and where it was taken, and which transactions had
    ended.
    """

    at: float
    place: Place
    next_xid: int
    in_progress: frozenset[int]

    def sees(self, xid: int) -> bool:
        """Whether the transaction with this 32-bit id had ended when the snapshot was taken."""
        begun_later = ((xid - self.next_xid) & _XID_MASK) < 1 << 31
        return not begun_later and xid not in self.in_progress


def sight(connection: Connection) -> Sight:
    """What the snapshot of the transaction under way sees; its first statement, which takes it."""
    at, taken, database, postmaster, replica = connection.execute(statement("sight")).fetchall()[0]
    _, next_xid, ids = taken.split(":")
    in_progress = frozenset(int(xid) & _XID_MASK for xid in ids.split(",") if xid)
    return Sight(at, (database, postmaster, replica), int(next_xid) & _XID_MASK, in_progress)
