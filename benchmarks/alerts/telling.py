"""When Alertmanager would tell whom: groups, their waits and repeats, and what is kept back, on virtual time.

As Alertmanager does it, with two liberties. A group whose alerts are all resolved is forgotten at once, not within
half a minute. Alerts arrive at the moment of their evaluation.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from heapq import heapify, heappop, heappush
from itertools import count

from benchmarks.alerts.evaluation import Fired, Labels
from benchmarks.alerts.routes import Route, Routing


@dataclass(frozen=True, slots=True)
class Notification:
    """What a receiver gets at one moment."""

    at: float
    receiver: str
    group: Labels
    firing: tuple[Fired, ...]
    new: tuple[Fired, ...]
    """Those of the firing that the receiver was not told of when it last heard of this group."""
    repeat: bool
    """Nothing is new, but it was long ago."""

    @property
    def counts(self) -> bool:
        """Whether it tells of something that is wrong, and not only of what is over."""
        return bool(self.new) or self.repeat


@dataclass(slots=True)
class _Heard:
    """What a receiver was told of a group, and when."""

    at: float
    firing: frozenset[Labels]
    resolved: frozenset[Labels]


@dataclass(slots=True)
class _Group:
    route: Route
    labels: Labels
    members: dict[Labels, Fired] = field(default_factory=dict)


_Key = tuple[int, Labels]


def tell(alerts: Sequence[Fired], routing: Routing, end: float) -> list[Notification]:
    """Every notification up to `end`."""
    return _Telling(routing).run(alerts, end)


class _Telling:
    def __init__(self, routing: Routing) -> None:
        self._routing = routing
        self._firing: dict[Labels, Fired] = {}
        self._groups: dict[_Key, _Group] = {}
        self._heard: dict[tuple[_Key, str], _Heard] = {}
        self._events: list[tuple[float, int, int, object]] = []
        self._order = count()
        self._told: list[Notification] = []

    def run(self, alerts: Sequence[Fired], end: float) -> list[Notification]:
        for each in alerts:
            self._put(each.fired, 1, each)
            if each.resolved is not None:
                self._put(each.resolved, 0, each)
        while self._events and self._events[0][0] <= end:
            at, what, _, subject = heappop(self._events)
            if isinstance(subject, Fired):
                if what == 1:
                    self._arrive(at, subject)
                else:
                    del self._firing[subject.labels]
            else:
                self._flush(at, subject)  # type: ignore[arg-type]
        return self._told

    def _put(self, at: float, what: int, subject: object) -> None:
        # at the same moment first what is resolved, then what is new, then what groups say of it
        heappush(self._events, (at, what, next(self._order), subject))

    def _arrive(self, at: float, alert: Fired) -> None:
        self._firing[alert.labels] = alert
        for route in self._routing.of(alert.by_name):
            key = (id(route), route.group(alert.by_name))
            group = self._groups.get(key)
            if group is None:
                group = self._groups[key] = _Group(route, key[1])
                self._put(at + route.group_wait, 2, key)
            group.members[alert.labels] = alert

    def _flush(self, at: float, key: _Key) -> None:
        group = self._groups[key]
        self._put(at + group.route.group_interval, 2, key)
        resolved = {
            labels for labels, each in group.members.items() if each.resolved is not None and each.resolved <= at
        }
        self._notify(at, key, group, resolved)
        for labels in resolved:
            del group.members[labels]
        if not group.members:
            del self._groups[key]
            self._events = [event for event in self._events if event[3] != key]
            heapify(self._events)

    def _notify(self, at: float, key: _Key, group: _Group, resolved: set[Labels]) -> None:
        receiver = group.route.receiver
        if receiver not in self._routing.receivers:
            return
        others = [each.by_name for each in self._firing.values()]
        heard_of = {
            labels: each for labels, each in group.members.items() if not self._routing.inhibited(each.by_name, others)
        }
        if not heard_of:
            return
        firing = frozenset(heard_of.keys() - resolved)
        over = frozenset(heard_of.keys() & resolved)
        before = self._heard.get((key, receiver))
        repeat = False
        if before is None:
            needed = bool(firing)
        elif not firing <= before.firing:
            needed = True
        elif not firing:
            needed = bool(before.firing)
        elif self._routing.receivers[receiver] and not over <= before.resolved:
            needed = True
        else:
            needed = repeat = before.at < at - group.route.repeat_interval
        if not needed:
            return
        known = before.firing if before else frozenset[Labels]()
        self._heard[key, receiver] = _Heard(at, firing, over)
        ordered = [heard_of[labels] for labels in sorted(firing)]
        new = tuple(each for each in ordered if each.labels not in known)
        self._told.append(Notification(at, receiver, group.labels, tuple(ordered), new, repeat))
