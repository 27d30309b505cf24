"""What several concerns rest on: how calls went lately, and what is usual at this hour. Recorded once."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from alerts.vocabulary.expressions import Rules
from alerts.vocabulary.rule import Record

WINDOWS = ("5m", "15m", "1h")
"""Spans in which rates are judged: short ones see it soon where much is dialled, long ones where little is."""

WEEK = tuple(f"{24 * day}h" for day in range(1, 8))
"""How far back the same hour of the last seven days was: an hour recorded then ended as long ago."""

USUAL = ("2h", "3h", "4h", "5h", *(f"{24 * day + near}h" for day in range(1, 8) for near in (-1, 0, 1)))
"""When calls were as usual: some hours ago, and around this hour of the last seven days.

One hour alone will not do: of the first minutes after a window opened, the calls are known and their costs are not.
"""

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


def _before(aggregation: str, recorded: str, offsets: Iterable[str], by: tuple[str, ...]) -> str:
    parts = (f'label_replace({recorded} offset {back}, "before", "{back}", "", "")' for back in offsets)
    return f"{aggregation} by ({', '.join(by)}) ({' or '.join(parts)})"


def summed(recorded: str, offsets: Iterable[str], *by: str) -> str:
    """The sum of what a recorded series was at several moments before, of those at which there was one."""
    return _before("sum", recorded, offsets, by)


def days(recorded: str, offsets: Iterable[str], *by: str) -> str:
    """At how many of several moments before there was a recorded series."""
    return _before("count", recorded, offsets, by)


def greatest(recorded: str, offsets: Iterable[str], *by: str) -> str:
    """The greatest of what a recorded series was at several moments before."""
    return _before("max", recorded, offsets, by)


def least(expressions: Sequence[str], *by: str) -> str:
    """The least of several expressions, of those that have a series."""
    if len(expressions) == 1:
        return expressions[0]
    parts = (f'label_replace({each}, "before", "{place}", "", "")' for place, each in enumerate(expressions))
    return f"min by ({', '.join(by)}) ({' or '.join(parts)})"


def records(q: Rules) -> tuple[Record, ...]:
    """The recording rules."""
    found = []
    for window in WINDOWS:
        found += [
            Record(calls(window), q.grown("campaign_calls_total", window, _BY)),
            Record(answered(window), q.grown("campaign_calls_total", window, _BY, outcome="answered")),
            Record(failed(window), q.grown("campaign_calls_total", window, _BY, outcome="failed")),
        ]
    usual = ((CALLS_USUAL, calls), (ANSWERED_USUAL, answered), (FAILED_USUAL, failed))
    found += [Record(name, summed(of("1h"), USUAL, *_BY)) for name, of in usual]
    return tuple(found)
