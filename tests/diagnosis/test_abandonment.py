"""The current 30-day period of a campaign: when it began, and what counts in it."""

from __future__ import annotations

import pytest

from exporter.diagnosis.abandonment import DAY, Period, period_of

START = 20_000 * DAY + 36_000.0
"""Ten in the morning of a day."""


@pytest.mark.parametrize(
    ("days", "began"),
    [(0, START), (29, START), (29.5, START), (29.6, 20_030.0 * DAY), (59.5, 20_030.0 * DAY), (59.6, 20_060.0 * DAY)],
)
def test_periods_follow_each_other_by_whole_days_from_the_day_of_the_start(days: float, began: float) -> None:
    period = period_of({}, START, START + days * DAY)
    assert period == Period(began, 0, 0)


def test_what_was_answered_before_the_period_does_not_count() -> None:
    counts = {20_029: (7, 7), 20_030: (10, 1), 20_031: (20, 2)}
    assert period_of(counts, START, START + 31 * DAY) == Period(20_030.0 * DAY, 30, 3)


def test_without_a_start_there_is_no_period() -> None:
    assert period_of({20_000: (5, 1)}, None, START) is None
    assert period_of({20_000: (5, 1)}, START + 1, START) is None


@pytest.mark.parametrize(
    ("answered", "abandoned", "left", "over"),
    [
        (1000, 30, 0, False),
        (1000, 31, -1, True),
        (999, 40, -11, False),
        (999, 41, -12, True),
        (99, 50, -48, False),
        (100, 6, -3, False),
        (100, 7, -4, True),
    ],
)
def test_the_limit_is_broken_for_certain_or_not(answered: int, abandoned: int, left: int, over: bool) -> None:
    period = Period(0.0, answered, abandoned)
    assert (period.left, period.over) == (left, over)
