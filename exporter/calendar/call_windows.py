"""Call windows: when a campaign may dial, by the clocks of its time zone. `window_forms` reads what platforms write."""

from __future__ import annotations

import math
from bisect import bisect_left, bisect_right
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime, tzinfo
from functools import lru_cache
from itertools import accumulate
from typing import Final

EARLIEST, LATEST = 0.0, 7_258_118_400.0
"""1970 and 2200 in seconds since 1970. An instant outside counts as the nearest one inside."""

HORIZON = 5 * 366 * 86_400.0
"""How many seconds ahead `after_open` looks: five years."""

DAYS: Final = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")

_DAY, _WEEK = 1_440, 7 * 1_440  # minutes
WEEK_SECONDS = _WEEK * 60
_MONDAY = 3 * 86_400.0  # 1970 began on a Thursday, three days into a week
CHUNK = 28 * 86_400.0


@dataclass(frozen=True, slots=True)
class Range:
    """From `start` on each of these days until `end`, in minutes after local midnight."""

    days: frozenset[int]  # on which it starts: 0 Monday to 6 Sunday
    start: int  # 0 to 1439
    end: int  # 1 to 1440; at or before `start`: until that time of the next day, so that equal times are 24 hours


Ranges = tuple[Range, ...]
_Spans = list[tuple[int, int]]  # minutes after Monday's midnight, 0 to 10080; apart from each other and in order


def _spans(ranges: Iterable[Range]) -> _Spans:
    pieces: _Spans = []
    for each in ranges:
        length = each.end - each.start + (_DAY if each.end <= each.start else 0)
        for day in each.days:
            begin = day * _DAY + each.start
            pieces.append((begin, min(begin + length, _WEEK)))
            if begin + length > _WEEK:
                pieces.append((0, begin + length - _WEEK))
    spans: _Spans = []
    for begin, end in sorted(pieces):
        if spans and begin <= spans[-1][1]:
            spans[-1] = (spans[-1][0], max(end, spans[-1][1]))
        else:
            spans.append((begin, end))
    return spans


def canonical(ranges: Iterable[Range]) -> Ranges:
    """The one form of ranges that are open at these times: none overlap or touch, none lasts more than 24 hours."""
    spans = _spans(ranges)
    if len(spans) > 1 and spans[0][0] == 0 and spans[-1][1] == _WEEK:  # one span over the end of Sunday
        spans = [*spans[1:-1], (spans[-1][0], _WEEK + spans[0][1])]
    days = defaultdict(set)
    for begin, end in spans:
        for start in range(begin, end, _DAY):
            until = start % _DAY + min(_DAY, end - start)
            days[start % _DAY, until if until <= _DAY else until - _DAY].add(start // _DAY % 7)
    ranges = [Range(frozenset(of), start, end) for (start, end), of in days.items()]
    return tuple(sorted(ranges, key=lambda each: (min(each.days), each.start, each.end)))


class _Week:
    """The open spans of a week. Its times are local seconds since Monday 1969-12-29."""

    __slots__ = ("_ends", "_passed", "_starts", "changes", "total")

    def __init__(self, spans: _Spans) -> None:
        spans = [(0, 0), *((start * 60, end * 60) for start, end in spans)]  # so that there is one before any time
        self._starts, self._ends = [start for start, _ in spans], [end for _, end in spans]
        self._passed = [0, *accumulate(end - start for start, end in spans)]  # open seconds before each span
        self.total = self._passed[-1]
        # A span to the end of Sunday and one from the start of Monday are one: their edge cancels out.
        self.changes = sorted(set(self._starts[1:]) ^ {end % WEEK_SECONDS for end in self._ends[1:]})

    def open_at(self, local: float) -> bool:
        rest = local % WEEK_SECONDS
        return rest < self._ends[bisect_right(self._starts, rest) - 1]

    def change_after(self, local: float) -> float:
        """The first change after that time. There must be one in a week."""
        weeks, rest = divmod(local, WEEK_SECONDS)
        index = bisect_right(self.changes, rest)
        change = self.changes[index] if index < len(self.changes) else self.changes[0] + WEEK_SECONDS
        return weeks * WEEK_SECONDS + change

    def passed(self, local: float) -> float:
        """Open seconds until then, since the first of all Mondays."""
        weeks, rest = divmod(local, WEEK_SECONDS)
        index = bisect_right(self._starts, rest) - 1
        return weeks * self.total + self._passed[index] + min(rest, self._ends[index]) - self._starts[index]

    def when_passed(self, seconds: float) -> float:
        """The first time by which that many open seconds have passed. There must be some in a week."""
        weeks, rest = divmod(seconds, self.total)
        if not rest:  # at the end of the last span of a week, not at the start of the next
            weeks, rest = weeks - 1, self.total
        index = bisect_left(self._passed, rest) - 1
        return weeks * WEEK_SECONDS + self._starts[index] + rest - self._passed[index]


@lru_cache(maxsize=4096)
def offsets(where: tzinfo, chunk: int) -> tuple[list[float], list[float]]:
    """When each offset of 28 days begins, and the offset: what is to be added to an instant for the local time.

    Local times count from Monday 1969-12-29.
    """
    begin = chunk * CHUNK
    begins, added = [begin], [_offset(where, begin)]
    # No zone changes its offset twice within a day (at least six days lie between), so a look each day finds them all.
    for low in range(int(begin), int(begin + CHUNK), 86_400):
        high = low + 86_400
        if (after := _offset(where, high)) != added[-1]:
            while high - low > 1:
                middle = (low + high) // 2
                low, high = (middle, high) if _offset(where, middle) == added[-1] else (low, middle)
            begins.append(float(high))
            added.append(after)
    return begins, added


def _offset(where: tzinfo, at: float) -> float:
    return datetime.fromtimestamp(at, where).replace(tzinfo=UTC).timestamp() + _MONDAY - at


def _offset_at(where: tzinfo, at: float) -> tuple[float, float]:
    """The offset at an instant, and an instant until which it stays so."""
    chunk = math.floor(at / CHUNK)
    begins, added = offsets(where, chunk)
    index = bisect_right(begins, at)
    until = begins[index] if index < len(begins) else (chunk + 1) * CHUNK
    return added[index - 1], min(until, LATEST)


def _inside(at: float) -> float:
    return min(max(EARLIEST, at), LATEST)


@dataclass(frozen=True, slots=True)
class Schedule:
    """The call windows of a zone: open whenever the clocks there show a time within a range.

    An hour that the clocks skip does not occur, and one that they repeat occurs twice. Instants and results are
    seconds since 1970 (UTC). Nothing raises: an instant outside 1970 to 2200 counts as the nearest one inside.
    """

    ranges: Ranges | None
    where: tzinfo
    _week: _Week = field(init=False, repr=False, compare=False)
    # The stretch that was asked for last: from, until (None: for ever), open or not. Asked again and again for now.
    _last: tuple[float, float | None, bool] = field(init=False, repr=False, compare=False, default=(0.0, 0.0, False))

    def __post_init__(self) -> None:
        object.__setattr__(self, "_week", _Week([(0, _WEEK)] if self.ranges is None else _spans(self.ranges)))

    @property
    def always(self) -> bool:
        """Open at every instant of every week: no ranges given, or they cover the week."""
        return self._week.total == WEEK_SECONDS

    @property
    def changes(self) -> tuple[int, ...]:
        """The seconds of the local week at which it opens or closes."""
        return tuple(self._week.changes)

    @property
    def open_first(self) -> bool:
        """Whether it is open as the local week begins, before the change of that moment."""
        return self._week.open_at(0.0) is not (0 in self._week.changes)

    @property
    def never(self) -> bool:
        """Closed at every instant: there is no range."""
        return self._week.total == 0

    def open_at(self, at: float) -> bool:
        """Whether it is open at this instant. A window holds its start and not its end."""
        begin, end, known = self._last
        if begin <= at and (end is None or at < end):
            return known
        at = _inside(at)
        return self._week.open_at(at + _offset_at(self.where, at)[0])

    def next_change(self, at: float) -> float | None:
        """The first instant after `at` at which `open_at` differs from what it is then; `None` if none before 2200."""
        begin, end, _ = self._last
        if begin <= at and (end is None or at < end):
            return end
        if not self._week.changes:
            return None
        change = self._change_after(at)
        if not math.isnan(at):
            object.__setattr__(self, "_last", (_inside(at), change, self.open_at(at)))
        return change

    def _change_after(self, at: float) -> float | None:
        # Seven days without a change of offset hold each time of the week, and so a change. Two changes of offset
        # are sometimes less than seven days apart, but never three within fourteen: the loop ends within 21 days.
        at = _inside(at)
        before: bool | None = None
        while at < LATEST:
            offset, until = _offset_at(self.where, at)
            now = self._week.open_at(at + offset)
            if before is not None and now is not before:
                return at
            change = self._week.change_after(at + offset) - offset
            if change < until:
                return change
            before, at = now, until
        return None

    def open_seconds(self, start: float, end: float) -> float:
        """How many seconds of [start, end) are open; 0 if it ends before it starts."""
        at, end, passed = _inside(start), _inside(end), 0.0
        while at < end:
            offset, until = _offset_at(self.where, at)
            until = min(until, end)
            passed += self._week.passed(until + offset) - self._week.passed(at + offset)
            at = until
        return passed

    def after_open(self, start: float, seconds: float) -> float | None:
        """The first instant by which this many open seconds have passed since `start`.

        `start` for none or less. `None` if they have not passed within five years or before 2200.
        """
        at, missing = _inside(start), seconds
        limit = min(at + HORIZON, LATEST)
        if missing <= 0:
            return at
        while at < limit and not self.never:
            offset, until = _offset_at(self.where, at)
            until = min(until, limit)
            before = self._week.passed(at + offset)
            passed = self._week.passed(until + offset) - before
            if missing <= passed:
                then = self._week.when_passed(before + missing) - offset
                return min(max(at, then), until)  # too little to change the sum would be the window before
            missing -= passed
            at = until
        return None

    def closed_between(self, start: float, end: float) -> tuple[tuple[float, float], ...]:
        """The closed intervals within [start, end) as (start, end), apart from each other and in order."""
        at, end = _inside(start), _inside(end)
        closed = []
        while at < end:
            change = self.next_change(at)
            until = end if change is None else min(change, end)
            if not self.open_at(at):
                closed.append((at, until))
            at = until
        return tuple(closed)
