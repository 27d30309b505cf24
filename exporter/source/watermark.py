"""Which stamps a refresh must read so that no committed change is missed, from the transactions that are open.

A row is usually stamped with the start of its transaction and becomes visible when that commits, so a slow
transaction commits rows behind a naive watermark. What an open transaction may still commit:

- Rows stamped while it runs, by a clock. It cannot have written any before it had a transaction id (xid). So what
  was stamped since it was last seen without one, or since its start, is read once more when it has ended; one that
  never has an xid costs nothing, however long it reads.
- Rows stamped with exactly its start, or with the start of the statement it was in before it had an xid. These
  two bands are read once, when it has ended.

Whether it had ended when the snapshot was taken, the snapshot itself says.

A prepared transaction has left its session; it keeps what its session had. See docs/architecture.md.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

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
    """On a replica, when the last commit that it replayed was made; minus infinity where that is unknown."""
    sessions: Sequence[Session] = ()
    prepared: Iterable[int] = ()
    hidden: int = 0
    """Sessions that do not say whether they have a transaction (track_activities is off)."""
    replica: bool = False
    may_see: bool = True
    replayed: str | None = None
    """Up to where a replica has replayed."""


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

    def saved(self) -> list[Any]:
        return [self.hold, list(self.stamps), self.xid, self.unknown]

    @classmethod
    def restored(cls, saved: Sequence[Any]) -> _Open:
        hold, stamps, xid, unknown = saved
        return cls(hold, set(stamps), xid, unknown)


class Horizon:
    """Turns one observation a refresh into the plan of what that refresh must read.

    `allowance` (seconds) makes up for the clocks of application servers that stamp rows themselves. `overlap` is read
    again while there are sessions that do not say whether they have a transaction. `low`: from where the first plan
    reads, for one that follows another way of looking.
    """

    def __init__(self, allowance: float, overlap: float = 0.0, low: float = -math.inf) -> None:
        self._allowance = allowance
        self._overlap = overlap
        self._sessions: dict[tuple[int, float], _Open] = {}
        self._prepared: dict[int, _Open] = {}
        self._seen_at: float | None = None
        self._low = low
        self._planned = low

    def observe(self, now: Observation) -> Plan:
        """The plan of the refresh whose snapshot is taken after `now`."""
        first = self._seen_at is None
        last_seen = now.at if self._seen_at is None else self._seen_at
        sessions = {(session.pid, session.xact_start): self._session(session, now.at) for session in now.sessions}
        left = [gone for key, gone in self._sessions.items() if key not in sessions]
        # What a hidden session does began at some time unknown: within the overlap, one hopes, and says so.
        since = last_seen - self._overlap if now.hidden else last_seen
        prepared = {xid: self._prepared_from(xid, left, first, since) for xid in now.prepared}
        waiting = {id(watched) for watched in prepared.values()}
        ended = [gone for gone in left if id(gone) not in waiting]
        ended += [gone for xid, gone in self._prepared.items() if xid not in prepared]

        low = self._planned = self._low
        stamps = {stamp for gone in ended for stamp in gone.stamps if stamp < low}
        everything = any(gone.unknown for gone in ended)
        everything |= now.at < last_seen - self._allowance  # a clock set back stamps rows behind what was read
        self._sessions, self._prepared, self._seen_at = sessions, prepared, now.at
        self._low = now.at - max(self._allowance, self._overlap if now.hidden else 0.0)
        return Plan(low, _merged([*_around(stamps), *self._spans(ended)]), everything)

    def ended_by(self, sight: Callable[[int], bool]) -> tuple[tuple[float, float], ...]:
        """What else the snapshot shows: rows of those that were open when we looked, and had ended when it was taken.

        `sight` says of a transaction id whether it had.
        """
        watched = (*self._sessions.values(), *self._prepared.values())
        ended = [each for each in watched if each.xid is not None and sight(each.xid)]
        stamps = {stamp for gone in ended for stamp in gone.stamps if stamp < self._planned}
        return _merged([*_around(stamps), *self._spans(ended)])

    def _spans(self, ended: Iterable[_Open]) -> list[tuple[float, float]]:
        """What transactions may have stamped by a clock while they ran, as far as it is not read anyway."""
        lows = (gone.hold - self._allowance for gone in ended)
        return [(low, self._planned) for low in lows if low < self._planned]

    @property
    def low(self) -> float:
        """From where the next refresh reads, in seconds since 1970."""
        return self._low

    @property
    def watched(self) -> int:
        """How many open transactions may have written rows: read when they end."""
        return sum(watched.hold < math.inf for watched in (*self._sessions.values(), *self._prepared.values()))

    def saved(self) -> dict[str, Any]:
        """All that `restore` needs."""
        return {
            "sessions": [[*key, watched.saved()] for key, watched in self._sessions.items()],
            "prepared": [[xid, watched.saved()] for xid, watched in self._prepared.items()],
            "seen_at": self._seen_at,
            "low": self._low,
            "planned": self._planned,
        }

    def restore(self, saved: Mapping[str, Any]) -> None:
        """Watch on what another process watched."""
        self._sessions = {(pid, start): _Open.restored(watched) for pid, start, watched in saved["sessions"]}
        self._prepared = {xid: _Open.restored(watched) for xid, watched in saved["prepared"]}
        self._seen_at, self._low, self._planned = saved["seen_at"], saved["low"], saved["planned"]

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

    def __init__(self, seconds: float, low: float = -math.inf) -> None:
        self._seconds = seconds
        self._low = low
        self._replayed: str | None = None

    def observe(self, now: Observation) -> Plan:
        """Read again whatever was stamped up to the overlap before the last refresh."""
        low, self._low = self._low, now.at - self._seconds
        if now.replayed is not None and now.replayed == self._replayed:  # nothing can have changed
            return Plan(math.inf)
        self._replayed = now.replayed
        return Plan(low, everything=low == -math.inf)

    def saved(self) -> dict[str, Any]:
        """All that `restore` needs."""
        return {"low": self._low, "replayed": self._replayed}

    def restore(self, saved: Mapping[str, Any]) -> None:
        """Go on from where another process was."""
        self._low, self._replayed = saved["low"], saved["replayed"]

    def ended_by(self, sight: Callable[[int], bool]) -> tuple[tuple[float, float], ...]:
        """Nothing is known of open transactions."""
        del sight
        return ()

    @property
    def low(self) -> float:
        """From where the next refresh reads, in seconds since 1970."""
        return self._low

    @property
    def watched(self) -> int:
        """Nothing is known of open transactions."""
        return 0


class Arrivals:
    """Rows that are written on another server, and arrive here with the stamps they got there.

    Logical replication and foreign tables: what is behind, or was open there, appears later than its stamps say. So as
    much as was stamped up to the overlap before all was known to be here is read again.
    """

    def __init__(self, overlap: float) -> None:
        self._overlap = overlap
        self._arrived: float | None = None
        self._unknown = False

    def observe(self, arrived: float | None, *, elsewhere: bool, news: bool = True) -> tuple[float, bool]:
        """From which stamp on to read, and whether to load everything: nobody knows what came in the meantime.

        `arrived`: up to which stamp all rows are here; `elsewhere`: whether there are any that are written elsewhere;
        `news`: whether some can have come that were not read yet.
        """
        low = self.low if news else math.inf
        everything = self._unknown and (arrived is not None or not elsewhere)
        self._arrived, self._unknown = arrived, elsewhere and arrived is None
        return low, everything

    def saved(self) -> dict[str, Any]:
        """All that `restore` needs."""
        return {"arrived": self._arrived, "unknown": self._unknown}

    def restore(self, saved: Mapping[str, Any]) -> None:
        """Go on from where another process was."""
        self._arrived, self._unknown = saved["arrived"], saved["unknown"]

    @property
    def low(self) -> float:
        """From which stamp on the next refresh reads them."""
        return math.inf if self._arrived is None else self._arrived - self._overlap


def _around(stamps: Iterable[float]) -> list[tuple[float, float]]:
    return [(stamp - BAND_SECONDS, stamp + BAND_SECONDS) for stamp in stamps]


def _merged(ranges: Iterable[tuple[float, float]]) -> tuple[tuple[float, float], ...]:
    """Those ranges that touch made one, in their order."""
    merged: list[tuple[float, float]] = []
    for low, high in sorted(ranges):
        if merged and low <= merged[-1][1]:
            merged[-1] = (merged[-1][0], max(high, merged[-1][1]))
        else:
            merged.append((low, high))
    return tuple(merged)
