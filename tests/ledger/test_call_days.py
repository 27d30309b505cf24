"""Which day a call belongs to, and whether it left its windows, for many calls at once."""

from __future__ import annotations

from datetime import UTC

import numpy as np

from exporter.calendar.call_windows import Range, Schedule
from exporter.calendar.closed_times import ClosedTimes
from exporter.calendar.days import Day
from exporter.ledger.call_days import Calendar
from exporter.source.interning import NONE

DAY = Day("UTC", 100, (0.0, 86_400.0, 172_800.0))
CLOSED = ClosedTimes({"c1": Schedule((Range(frozenset(range(7)), 540, 1020),), UTC)}, 2 * 86_400.0)  # 9 to 17


def days(calendar: Calendar, *calls: tuple[int, float]) -> list[int]:
    campaigns, started = zip(*calls, strict=True)
    found: list[int] = calendar.days(np.array(campaigns, np.int32), np.array(started, np.float64)).tolist()
    return found


def outside(calendar: Calendar, *calls: tuple[int, float]) -> list[bool]:
    campaigns, started = zip(*calls, strict=True)
    found: list[bool] = calendar.outside(np.array(campaigns, np.int32), np.array(started, np.float64)).tolist()
    return found


def test_a_call_belongs_to_the_current_day_or_the_next() -> None:
    calendar = Calendar({3: DAY})
    assert days(calendar, (3, -1.0), (3, 0.0), (3, 86_399.9), (3, 86_400.0), (3, 172_799.9), (3, 172_800.0)) == [
        NONE, 100, 100, 101, 101, NONE,
    ]  # fmt: skip


def test_each_campaign_has_its_own_day() -> None:
    other = Day("Asia/Tokyo", 101, (54_000.0, 140_400.0, 226_800.0))
    assert days(Calendar({0: DAY, 1: other}), (0, 60_000.0), (1, 60_000.0)) == [100, 101]


def test_a_call_without_a_time_or_of_an_unknown_campaign_has_no_day() -> None:
    assert days(Calendar({1: DAY}), (1, float("nan")), (0, 5.0), (2, 5.0), (NONE, 5.0)) == [NONE] * 4


def test_a_call_started_while_the_windows_are_closed_is_outside() -> None:
    calendar = Calendar({0: DAY}, {0: 0}, CLOSED)
    calls = [(0, 32_399.9), (0, 32_400.0), (0, 61_199.9), (0, 61_200.0), (0, 118_800.0)]
    assert outside(calendar, *calls) == [True, False, False, True, False]


def test_a_call_of_any_day_is_judged() -> None:
    assert outside(Calendar({0: DAY}, {0: 0}, CLOSED), (0, 30 * 86_400.0), (0, 30 * 86_400.0 + 36_000)) == [True, False]


def test_without_closed_windows_no_call_is_outside() -> None:
    calendar = Calendar({0: DAY, 1: DAY}, {0: 0}, CLOSED)
    assert outside(calendar, (0, 5.0), (1, 5.0), (0, float("nan")), (7, 5.0)) == [True, False, False, False]


def test_an_empty_calendar_knows_nothing() -> None:
    assert days(Calendar({}), (0, 5.0)) == [NONE]
    assert outside(Calendar({}), (0, 5.0)) == [False]
