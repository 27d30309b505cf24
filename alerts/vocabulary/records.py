"""What several concerns rest on: how calls went lately, and what is usual at this hour. Recorded once."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from alerts.vocabulary.expressions import Rules
from alerts.vocabulary.rule import Record
from exporter.contract.codes import ASIDE_OUTCOMES, LOST_OUTCOME, PICKED_UP_OUTCOMES

WINDOWS = ("5m", "15m", "1h")
"""Spans in which rates are judged: short ones see it soon where much is dialled, long ones where little is."""

_MORE_WINDOWS = ("10m", "20m")
"""Others in which calls are counted."""

WEEK = tuple(f"{24 * day}h" for day in range(1, 8))
"""How far back the same hour of the last seven days was: an hour recorded then ended as long ago."""

_LATELY, _NEAR = ("2h", "3h", "4h", "5h"), (0, 1, 2)
"""When calls were as usual: some hours ago, and around this hour of the last seven days.

One hour alone will not do: of the first minutes after a window opened, the calls are known and their costs are not.
"""

ASIDE = {"outcome": f"=~{'|'.join(ASIDE_OUTCOMES)}"}
THROUGH, PICKED_UP = {"outcome": f"!~{'|'.join(ASIDE_OUTCOMES)}"}, {"outcome": f"=~{'|'.join(PICKED_UP_OUTCOMES)}"}
"""Calls that nobody can judge answers by; those that got through to somebody's line; those of them that were answered,
whoever was free to talk."""

CALLS_USUAL, ANSWERED_USUAL, FAILED_USUAL = (
    f"campaign:{what}:sum_usual" for what in ("calls", "calls_answered", "calls_failed")
)  # fmt: skip
"""Calls in all these hours, by campaign; those of them that were answered, and that failed."""

_BY = ("tenant", "campaign")


def calls(window: str) -> str:
    """Calls that ended within a window, by campaign."""
    return f"campaign:calls:increase{window}"


def answered(window: str) -> str:
    """Those of them that were answered."""
    return f"campaign:calls_answered:increase{window}"


def failed(window: str) -> str:
    """Those of them that failed."""
    return f"campaign:calls_failed:increase{window}"


def _before(aggregation: str, parts: Iterable[str], by: tuple[str, ...]) -> str:
    """An aggregation of several series of equal labels, told apart by a label that they get for it."""
    marked = [f'label_replace({part}, "before", "{place}", "", "")' for place, part in enumerate(parts)]
    return f"{aggregation} by ({', '.join(by)}) ({_together(marked)})"


def _together(parts: Sequence[str]) -> str:
    """Their union, halves first: `or` reads both of its sides whole, and the left one of a chain grows with each."""
    if len(parts) <= 2:
        return " or ".join(parts)
    half = len(parts) // 2
    return " or ".join(f"({_together(each)})" if len(each) > 1 else each[0] for each in (parts[:half], parts[half:]))


def looks(recorded: str, offsets: Iterable[str]) -> list[str]:
    """Prometheus takes no offset of nothing."""
    return [f"{recorded} offset {back}" if back != "0m" else recorded for back in offsets]


def summed(recorded: str, offsets: Iterable[str], *by: str) -> str:
    """The sum of what a recorded series was at several moments before, of those at which there was one."""
    return _before("sum", looks(recorded, offsets), by)


def days(recorded: str, offsets: Iterable[str], *by: str) -> str:
    """At how many of several moments before there was a recorded series."""
    return _before("count", looks(recorded, offsets), by)


def greatest(recorded: str, offsets: Iterable[str], *by: str) -> str:
    """The greatest of what a recorded series was at several moments before."""
    return _before("max", looks(recorded, offsets), by)


def joined(aggregation: str, expressions: Sequence[str], *by: str) -> str:
    """The least (`min`) or the sum of several expressions, of those that have a series."""
    return _before(aggregation, expressions, by)


_NO_FALL = 5e-7


def so_far(growth: str) -> str:
    """The recorded total whose growth has this name."""
    return growth.replace(":increase{}", ":sum")


def grown(growth: str, window: str) -> str:
    """By how much a recorded total grew within a window.

    Counters are many, and read four times a minute; their sums by campaign are few, and read once. So what is dear is
    done once, for all windows.

    Recorded sums lie exactly a window apart, and engines differ in whether a range takes in the one that lies at its
    beginning: so the two are subtracted, and `increase` says only what begins within the window, or begins anew.
    Counters count whole things and whole millionths: what falls by less is a sum of floats, and no reset.
    """
    total = so_far(growth)
    return f"(clamp_min({total} - {total} offset {window} > -{_NO_FALL:g}, 0) or increase({total}[{whole(window)}]))"


def whole(window: str) -> str:
    """A span that takes in what lies exactly at its beginning: Prometheus 2 does so by itself, 3 does not."""
    return f"{window}1ms"


def growths(growth: str, windows: Iterable[str]) -> list[Record]:
    """A record for each window."""
    return [Record(growth.format(window), grown(growth, window)) for window in windows]


def usual(name: str, hourly: str, by: Sequence[str]) -> tuple[Record, Record]:
    """The sum of a series, recorded by the hour, of when it was as usual; and first what that is made of.

    The same hour of seven days is looked up once, an hour ahead of time: the hour itself, and the one after it, are
    what was found then.
    """
    week = name.replace(":sum_usual", ":sum_week")
    days = Record(week, summed(hourly, [f"{24 * day - 1}h" for day in range(1, 8)], *by))
    near = [week, *looks(week, [f"{hours}h" for hours in _NEAR[1:]])]
    return days, Record(name, _before("sum", [*looks(hourly, _LATELY), *near], tuple(by)))


def records(q: Rules) -> tuple[Record, ...]:
    """The recording rules."""
    found = list[Record]()
    for name, of, outcome, windows in (
        (CALLS_USUAL, calls, {}, (*WINDOWS, *_MORE_WINDOWS)),
        # whether somebody picks up has nothing to do with whether a person was free to talk
        (ANSWERED_USUAL, answered, PICKED_UP, (*WINDOWS, *_MORE_WINDOWS)),
        (FAILED_USUAL, failed, {"outcome": LOST_OUTCOME}, WINDOWS),
    ):
        found += [
            Record(so_far(of("{}")), q.sums("campaign_calls_total", _BY, **outcome)),
            *growths(of("{}"), windows),
            *usual(name, of("1h"), _BY),
        ]
    return tuple(found)
