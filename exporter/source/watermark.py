"""Which stamps a refresh must read so that no committed change is missed, from the transactions that are open.

A row is usually stamped with the start of its transaction and becomes visible when that commits, so a slow
transaction commits rows behind a naive watermark. What an open transaction may still commit:

- Rows stamped while it runs, by a clock. It cannot have written any before it had a transaction id (xid). So one
  that was last seen without an xid at an instant holds the watermark at that instant, once it has an xid; one
  that never has an xid holds nothing, however long it reads.
- Rows stamped with exactly its start, or with the start of the statement it was in before it had an xid. These
  two bands are read once, when it is gone.

A prepared transaction has left its session; it keeps what its session had. See docs/architecture.md.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

BAND_SECONDS = 0.001
"""Half the width of a band: stamps travel as doubles and may be rounded to milliseconds by a driver."""


@dataclass(frozen=True, slots=True)
class Session:
    """An open transaction of `pg_stat_activity`, times in seconds since 1970."""

    pid: int
    xact_start: float
    query_start: float
    xid: int | None


@dataclass(frozen=True, slots=True)
class Observation:
    """What was open at `at`, which was taken before the lists, and these before the refresh's snapshot."""

    at: float
    sessions: Sequence[Session] = ()
    prepared: Iterable[int] = ()


@dataclass(frozen=True, slots=True)
class Plan:
    """What to read: everything stamped at or after `low`, and the bands. `everything`: load all campaigns anew."""

    low: float
    bands: tuple[tuple[float, float], ...] = ()
    everything: bool = False


@dataclass(slots=True)
class _Open:
    """A transaction we watch: where it holds the watermark, and the stamps its rows may bear."""

    hold: float
    stamps: set[float] = field(default_factory=set)
    xid: int | None = None
    unknown: bool = False


class Horizon:
    """Turns one observation a refresh into the plan of what that refresh must read.

    `allowance` (seconds) makes up for the clocks of application servers that stamp rows themselves.
    """

    def __init__(self, allowance: float) -> None:
        self._allowance = allowance
        self._sessions: dict[tuple[int, float], _Open] = {}
        self._prepared: dict[int, _Open] = {}
        self._seen_at: float | None = None
        self._low = -math.inf

    def observe(self, now: Observation) -> Plan:
        """The plan of the refresh whose snapshot is taken after `now`."""
        first = self._seen_at is None
        last_seen = now.at if self._seen_at is None else self._seen_at
        sessions = {(session.pid, session.xact_start): self._session(session, now.at) for session in now.sessions}
        left = [gone for key, gone in self._sessions.items() if key not in sessions]
        prepared = {xid: self._prepared_from(xid, left, first, last_seen) for xid in now.prepared}
        waiting = {id(watched) for watched in prepared.values()}
        ended = [gone for gone in left if id(gone) not in waiting]
        ended += [gone for xid, gone in self._prepared.items() if xid not in prepared]

        low = self._low
        stamps = {stamp for gone in ended for stamp in gone.stamps if stamp < low}
        everything = any(gone.unknown for gone in ended)
        everything |= now.at < last_seen - self._allowance  # a clock set back stamps rows behind what was read
        self._sessions, self._prepared, self._seen_at = sessions, prepared, now.at
        held = (watched.hold for watched in (*sessions.values(), *prepared.values()))
        self._low = min(now.at, *held, math.inf) - self._allowance
        return Plan(low, _bands(stamps), everything)

    @property
    def low(self) -> float:
        """From where the next refresh reads, in seconds since 1970."""
        return self._low

    @property
    def watched(self) -> int:
        """How many transactions hold the watermark back."""
        return sum(watched.hold < math.inf for watched in (*self._sessions.values(), *self._prepared.values()))

    def _session(self, session: Session, at: float) -> _Open:
        known = self._sessions.get((session.pid, session.xact_start))
        if session.xid is None:
            # It may write from now on; what it writes in the statement it is in may bear that one's start.
            return _Open(math.inf, {session.xact_start, session.query_start})
        if known is None:
            return _Open(session.xact_start, {session.xact_start}, session.xid)
        if known.xid is None:  # it got its xid since the last look, so it wrote nothing before that
            before = self._seen_at if self._seen_at is not None else at
            return _Open(before, known.stamps, session.xid)
        return known

    def _prepared_from(self, xid: int, left: Sequence[_Open], first: bool, last_seen: float) -> _Open:
        known = self._prepared.get(xid)
        if known is not None:
            return known
        for gone in left:
            if gone.xid == xid:
                return gone
        if first:  # nobody saw it begin: its rows may bear any stamp
            return _Open(math.inf, set(), xid, unknown=True)
        # It got its xid since the last look: it is one of those that left without one, or began since.
        stamps = {stamp for gone in left if gone.xid is None for stamp in gone.stamps}
        return _Open(last_seen, stamps, xid)


class Overlap:
    """The plan where open transactions cannot be seen (no right to, or a replica): a fixed overlap."""

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._low = -math.inf

    def observe(self, now: Observation) -> Plan:
        """Read again whatever was stamped up to the overlap before the last refresh."""
        low, self._low = self._low, now.at - self._seconds
        return Plan(low)

    @property
    def low(self) -> float:
        """From where the next refresh reads, in seconds since 1970."""
        return self._low

    @property
    def watched(self) -> int:
        """Nothing is known of open transactions."""
        return 0


def _bands(stamps: Iterable[float]) -> tuple[tuple[float, float], ...]:
    """Ranges around the stamps, those that touch made one."""
    bands: list[tuple[float, float]] = []
    for stamp in sorted(stamps):
        low, high = stamp - BAND_SECONDS, stamp + BAND_SECONDS
        if bands and low <= bands[-1][1]:
            bands[-1] = (bands[-1][0], high)
        else:
            bands.append((low, high))
    return tuple(bands)
