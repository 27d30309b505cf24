"""From where the rows under the views come, as one look at the server finds it: replay, subscriptions, foreign tables.

Times are seconds since 1970. `heard` is by the clock of the server we are connected to, `sent` by that of the server
which wrote the rows.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from exporter.source.database import Connection
from exporter.source.query_time import Meter
from exporter.source.sql import statement


@dataclass(frozen=True, slots=True)
class Replay:
    """How far a replica has got."""

    replayed_at: float | None = None
    """When the last commit that it replayed was made, by the primary's clock."""
    paused: bool = False
    delay: float = 0.0
    """`recovery_min_apply_delay`."""
    streamed: bool = False
    """Whether WAL was streamed to it since it was started; else it comes from an archive."""
    receiver: int | None = None
    """The process that receives it."""
    status: str | None = None
    """Of that; unknown without pg_monitor, as are the next two."""
    heard: float | None = None
    sent: float | None = None
    """When the primary last sent something, be it only that there is nothing new."""
    told: bool = True
    """Whether it has sent anything since the receiver was started: else both are when that was."""
    caught_up: bool = False
    """Whether all that was received is replayed."""


@dataclass(frozen=True, slots=True)
class Subscription:
    """A logical subscription that writes tables under the views."""

    name: str
    enabled: bool = True
    worker: int | None = None
    """The process that applies what is received."""
    idle: bool = False
    """Whether all that came is committed here."""
    kept_alive: bool = False
    """Whether the last that came was a keepalive."""
    ended: str | None = None
    ended_at: float | None = None
    """Up to where the publisher had sent all at its last keepalive, and when that was, by its clock."""
    heard: float | None = None
    sent: float | None = None
    """When the last message came, and when it was sent."""

    @property
    def caught_up(self) -> bool:
        """Whether nothing seems to be left to do."""
        return self.idle and self.kept_alive

    copying: Sequence[str] = ()
    """Tables whose first copy is under way."""


@dataclass(frozen=True, slots=True)
class Origin:
    """What one look found."""

    at: float
    may_see: bool = True
    """Whether the role has pg_monitor."""
    timeout: float = 60.0
    """`wal_receiver_timeout`: the silence after which a receiver gives up; it asks after half of it. 0: never."""
    replay: Replay | None = None
    """`None`: a primary."""
    subscriptions: Sequence[Subscription] = ()
    foreign_tables: Sequence[str] = ()
    materialized: Sequence[str] = ()

    @property
    def asks(self) -> bool:
        """Whether a receiver that hears nothing asks soon enough to tell an idle server from one that is cut off."""
        return 0 < self.timeout <= 120


def origin(connection: Connection, schema: str, relations: Iterable[str], meter: Meter) -> Origin:
    """Look; before a snapshot is taken, which then shows at least what was there."""
    (row,) = meter.timed(lambda: connection.execute(statement("origin")).fetchall())
    (at, replica, may_see, timeout, replayed_at, paused, delay, streamed, receiver, status, told, heard, sent,
     caught_up, may_ask, elsewhere) = row  # fmt: skip
    replay = None
    if replica:
        if replayed_at is None and may_ask:  # some hosts keep that to themselves
            replayed_at = _checkpoint(connection, meter)
        replay = Replay(replayed_at, bool(paused), delay, streamed, receiver, status, heard, sent, told, caught_up)
    if not elsewhere:
        return Origin(at, may_see, timeout, replay)
    names = {"schema": schema, "relations": sorted(relations)}
    ((subscriptions, foreign_tables, materialized),) = meter.timed(
        lambda: connection.execute(statement("elsewhere"), names).fetchall()
    )
    found = [Subscription(**each) for each in subscriptions]
    return Origin(at, may_see, timeout, replay, found, foreign_tables, materialized)


def _checkpoint(connection: Connection, meter: Meter) -> float:
    """A replica that has replayed no commit since its start is as of its last checkpoint at least."""
    ((at,),) = meter.timed(lambda: connection.execute(statement("checkpoint")).fetchall())
    return float(at)
