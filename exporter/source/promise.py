"""What can be promised of what is read: as of when figures are, and what is said where that is not the present.

On a primary whose tables are its own, a snapshot is the present. A replica is as of what it has replayed, a logical
subscriber as of what its publisher has sent. Whoever hears from them that there is nothing new is up to date, however
long nothing was written; whoever hears nothing is as old as the last they heard.
"""

from __future__ import annotations

from collections import defaultdict, deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from exporter.contract.availability import Available
from exporter.source.caveats import MARGIN_SECONDS, STATES, Caveat, replay_state, standing, subscription_state
from exporter.source.database import Connection, Database
from exporter.source.origin import Origin, Replay, Subscription, origin
from exporter.source.query_time import Meter

SERVERS = ("primary", "streaming_replica", "archive_replica")
QUIET_SECONDS, FIRST_SECONDS = 1.0, 5.0
"""So long must nothing follow a keepalive to say that there is nothing more; and the first of a connection, as the
publisher may have a way to go back before it sends what there is."""

_LOOKS, _PAUSE_SECONDS = 60, 0.1
_CLOCK_SECONDS = 1.0
"""Clocks that differ by less cannot be told from a network that takes its time."""

_SKEW_SECONDS = 600.0


@dataclass(frozen=True, slots=True)
class Promise:
    """As of when figures are, in seconds since 1970, and what else is known of where they come from."""

    server: str = "primary"
    state: str = "current"
    known: float | None = None
    """As of when they are at least, by the clock of the server we are connected to; `None`: as of the snapshot.

    Where nobody knows and they are withheld: when we began to look, as they are older than that.
    """
    stamped: float | None = None
    """The same by the clock that stamps the rows."""
    told: bool = True
    """Whether all of it tells: a materialized view does not say when it was refreshed."""
    withheld: bool = False
    """Whether figures are true of no moment that is known, or of none: then they are not to be shown."""
    silence: float = 0.0
    """Seconds for which nothing may come from where the rows are written though all is well."""
    subscribed: bool = False
    foreign: bool = False
    materialized: bool = False
    arrived: float | None = None
    """Up to which stamp all rows that are written elsewhere are here, but for transactions that were open there."""
    news: bool = True
    """Whether any can have come that no look has seen yet."""
    caveats: tuple[Caveat, ...] = ()
    at: float = 0.0
    """When it was looked, by the clock of the server."""

    @property
    def elsewhere(self) -> bool:
        """Whether rows under the views are written by sessions that this server does not see."""
        return self.subscribed or self.foreign

    @property
    def dated(self) -> bool:
        """Whether it is known as of when figures are."""
        return self.told and not self.withheld

    @property
    def why_old(self) -> str:
        """Why figures are older than the look at them, if they are; empty where they are of the look."""
        if self.known is None:
            return ""
        grave = [each.sentence for each in self.caveats if each.grave]
        return " ".join(grave or [each.sentence for each in self.caveats[:1] if self.state != "current"]) or (
            "nothing was heard lately of the server that writes the rows"
        )

    def as_of(self, snapshot: float) -> float:
        """As of when the figures of a snapshot taken at this moment are, by the same clock."""
        return snapshot if self.known is None else min(self.known, snapshot)

    def judged_at(self, snapshot: float) -> float:
        """The moment at which rows of that snapshot are judged, by the clock that stamps them."""
        return snapshot if self.stamped is None else self.stamped


LIVE = Promise()


@dataclass(frozen=True, slots=True)
class _Part:
    """One of the ways by which rows come; `known` and `stamped` as in `Promise`, `None` where they are not known."""

    state: str
    known: float | None
    stamped: float | None
    silence: float
    caveats: tuple[Caveat, ...] = ()
    withheld: bool = False
    news: bool = True


@dataclass(frozen=True, slots=True)
class _Beat:
    """The last that a subscription's worker heard, and since when nothing else came."""

    worker: int | None
    ended: str | None
    ended_at: float | None
    heard: float | None
    at: float
    quiet: float = QUIET_SECONDS


class Promises:
    """The promise of each look at one server. What was heard once is remembered: it does not get untrue."""

    def __init__(self) -> None:
        self._replayed: float | None = None
        self._receiver: tuple[int | None, float] | None = None
        """The receiver of a replica, and since when it was seen."""
        self._skews: defaultdict[str | None, _Skew] = defaultdict(_Skew)
        """By subscription; `None`: of the primary of a replica."""
        self._beats: dict[str, _Beat] = {}
        self._read: dict[str, _Beat] = {}
        self._applied: dict[str, float] = {}
        self._began: float | None = None

    def look(self, origin: Origin) -> Promise:
        """What a look found, as a promise."""
        parts = [self._subscription(origin, each) for each in origin.subscriptions]
        stamps = [part.stamped if part.state != "copying" else None for part in parts]
        arrived = _least(stamps + ([origin.at] if origin.foreign_tables else []))
        if origin.replay is not None:
            parts.append(self._replica(origin, origin.replay))
        if self._began is None:
            self._began = origin.at
        known = _least([part.known for part in parts])
        if parts and known is None:  # older than this, by nobody knows how much
            known = self._began
        undated = bool(origin.materialized)
        states = [part.state for part in parts] + ["undated"] * undated
        return Promise(
            _server(origin.replay),
            max(states, key=STATES.index, default="current"),
            known,
            _least([part.stamped for part in parts]),
            told=not undated,
            withheld=any(part.withheld for part in parts),
            silence=min((part.silence for part in parts), default=0.0),
            subscribed=bool(origin.subscriptions),
            foreign=bool(origin.foreign_tables),
            materialized=undated,
            arrived=arrived,
            news=bool(origin.foreign_tables) or any(part.news for part in parts),
            caveats=(*(each for part in parts for each in part.caveats), *standing(origin)),
            at=origin.at,
        )

    def settle(self, database: Database, connection: Connection, available: Available) -> Promise:
        """The promise of who has not watched before; to be called before a snapshot is taken.

        A subscription that is at work has caught up a moment ago, or will have in a moment, if all is well.
        """
        for _ in range(_LOOKS):
            with database.look(connection):
                promise = self.look(origin(connection, available.schema, available.types, Meter()))
                if not promise.withheld or promise.state != "behind":
                    break
                connection.execute("SELECT pg_catalog.pg_sleep(%s)", (_PAUSE_SECONDS,))
        return promise

    def saved(self) -> dict[str, Any]:
        """What does not get untrue; all else is heard again."""
        return {"replayed": self._replayed, "applied": self._applied, "began": self._began}

    def restore(self, saved: Mapping[str, Any]) -> None:
        """Know what another process heard of this server."""
        self._replayed, self._applied, self._began = saved["replayed"], dict(saved["applied"]), saved["began"]

    def _replica(self, origin: Origin, replay: Replay) -> _Part:
        ahead = self._skews[None].note(origin.at, replay.sent, replay.heard)
        if self._receiver is None or self._receiver[0] != replay.receiver:
            self._receiver = replay.receiver, origin.at
        bounds, silence = [self._replayed], 0.0
        if replay.replayed_at is not None:
            bounds.append(replay.replayed_at - ahead)
        in_touch = replay.receiver is not None and replay.caught_up
        quiet = 0.0 if replay.told else QUIET_SECONDS  # who has more to send does so at once
        if in_touch and replay.status == "streaming" and replay.heard is not None and origin.at - replay.heard >= quiet:
            bounds.append(replay.heard)
            silence = _silence(origin, 0.5)
        elif in_touch and not origin.may_see and 0 < origin.timeout <= origin.at - self._receiver[1]:
            # one that had heard nothing for longer would be there no more
            bounds.append(origin.at - origin.timeout - MARGIN_SECONDS)
            silence = _silence(origin, 1.0)
        known = self._replayed = max((bound for bound in bounds if bound is not None), default=None)
        state, caveats = replay_state(origin, replay, known, silence)
        stamped = None if known is None else known + ahead
        return _Part(state, known, stamped, silence, caveats, withheld=known is None)

    def _subscription(self, origin: Origin, each: Subscription) -> _Part:
        last, before = self._beats.get(each.name), self._applied.get(each.name)
        stamped, beat = self._confirmed(each, origin.at), self._beats[each.name]
        news = each.idle and self._read.get(each.name) != beat  # what is half here is not needed before as of moves on
        if news and beat is last:  # twice, as it is not one moment at which a worker hears and is seen to rest
            self._read[each.name] = beat
        if stamped is not None and not each.copying:
            self._applied[each.name] = stamped if before is None else max(before, stamped)
        stamped = self._applied.get(each.name)
        ahead = self._skews[each.name].note(origin.at, each.sent, each.heard)
        known = None if stamped is None else stamped - ahead
        silence = _silence(origin, 0.5) if each.caught_up else 0.0
        state, caveats = subscription_state(origin, each, known, silence)
        withheld = known is None or bool(each.copying)
        return _Part(state, known, stamped, silence, caveats, withheld, news)

    def _confirmed(self, each: Subscription, at: float) -> float | None:
        """Up to when all that was committed on the publisher is committed here, as far as this look tells.

        A keepalive tells how far the publisher has sent, not that there is nothing more: it sends one whenever it has
        sent all that there was when it looked last. So one confirms the time of the one before it, of the same
        connection; its own, if nothing was written since the one before, or if nothing follows it.
        """
        last = self._beats.get(each.name)
        beat = _Beat(each.worker, each.ended, each.ended_at, each.heard, at)
        if last is None or beat.worker is None or last.worker != beat.worker:
            self._beats[each.name] = replace(beat, quiet=FIRST_SECONDS)
            return None
        if (last.ended, last.ended_at, last.heard) == (beat.ended, beat.ended_at, beat.heard):
            return beat.ended_at if each.caught_up and at - last.at >= last.quiet else None
        self._beats[each.name] = beat
        if not each.caught_up:
            return None
        return beat.ended_at if beat.ended == last.ended else last.ended_at


class _Skew:
    """By how much another clock is ahead of ours: what came the fastest of late shows it, the rest had to wait."""

    def __init__(self) -> None:
        self._seen: deque[tuple[float, float]] = deque()

    def note(self, at: float, sent: float | None, heard: float | None) -> float:
        """The difference, with what was sent and heard as this look sees it; none where a network may be behind it."""
        if sent is not None and heard is not None:
            self._seen.append((at, sent - heard))
        while self._seen and self._seen[0][0] < at - _SKEW_SECONDS:
            self._seen.popleft()
        ahead = max((difference for _, difference in self._seen), default=0.0)
        return ahead if abs(ahead) > _CLOCK_SECONDS else 0.0


def _server(replay: Replay | None) -> str:
    if replay is None:
        return "primary"
    return "streaming_replica" if replay.receiver is not None or replay.streamed else "archive_replica"


def _least(moments: Sequence[float | None]) -> float | None:
    """The oldest; what is not known is not to be counted on, and neither is the whole."""
    known = [moment for moment in moments if moment is not None]
    return min(known) if known and len(known) == len(moments) else None


def _silence(origin: Origin, share: float) -> float:
    """A receiver that hears nothing asks after half its timeout."""
    return origin.timeout * share + MARGIN_SECONDS if origin.asks else 0.0
