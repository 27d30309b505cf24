"""Forecasts: what counts as the recent rate, when there is none, and how wide the interval is."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from exporter.diagnosis.forecast import HOUR, LOOK_BACK_HOURS, Forecast, forecast
from tests.support.effort import examples

DAY = 24 * HOUR
START = 20_000 * 24  # a midnight, in hours since 1970
Hours = dict[int, tuple[int, float]]


@dataclass(frozen=True)
class Daily:
    """Open every day from this hour until that one, UTC."""

    opens: int = 0
    closes: int = 24

    def open_seconds(self, start: float, end: float) -> float:
        return max(0.0, self._passed(end) - self._passed(start))

    def after_open(self, start: float, seconds: float) -> float | None:
        length = (self.closes - self.opens) * HOUR
        if length <= 0:
            return None
        day, rest = divmod(self._passed(start) + seconds, length)
        if rest == 0 and seconds > 0:  # the end of a day's window, not the beginning of the next one
            day, rest = day - 1, length
        return max(start, day * DAY + self.opens * HOUR + rest)

    def _passed(self, at: float) -> float:
        day, rest = divmod(at, DAY)
        opens, closes = self.opens * HOUR, self.closes * HOUR
        return day * (closes - opens) + min(max(rest - opens, 0.0), closes - opens)


ALWAYS, OFFICE, NEVER = Daily(), Daily(9, 17), Daily(9, 9)


def tasks(*counts: int, before: int) -> Hours:
    """So many finished tasks in each of the hours that end before this one, oldest first."""
    return {before - len(counts) + i: (count, float(count)) for i, count in enumerate(counts)}


def predict(
    hours: Hours,
    remaining: float = 100,
    *,
    schedule: Daily = ALWAYS,
    now: float = START * HOUR,
    since: float | None = None,
    unit: str = "tasks",
) -> Forecast:
    return forecast(remaining, hours, schedule, now, since, unit)


def hours_until(result: Forecast, now: float = START * HOUR) -> float:
    assert result.at is not None
    return (result.at - now) / HOUR


# --- the recent rate


def test_a_steady_rate_goes_on() -> None:
    result = predict(tasks(*[50] * 8, before=START), 200)
    assert result.per_hour == pytest.approx(50)
    assert hours_until(result) == pytest.approx(4)
    assert result.reason is None


def test_only_the_last_eight_open_hours_count() -> None:
    assert predict(tasks(*[1000] * 20, *[50] * 8, before=START)).per_hour == pytest.approx(50)


def test_the_current_hour_counts_in_part() -> None:
    half_past = START * HOUR + HOUR / 2
    hours = {START: (30, 30.0), START - 1: (60, 60.0)}
    result = predict(hours, now=half_past, since=(START - 1) * HOUR)
    assert result.per_hour == pytest.approx(60)


def test_a_night_does_not_dilute_the_rate() -> None:
    ten, hours = START + 10, tasks(*[40] * 8, before=START - 7)  # yesterday from 9:00 to 17:00
    hours[START + 9] = (40, 40.0)
    assert predict(hours, schedule=OFFICE, now=ten * HOUR).per_hour == pytest.approx(40)


def test_a_forecast_skips_the_night() -> None:
    four = (START + 16) * HOUR
    result = predict(tasks(*[40] * 7, before=START + 16), 60, schedule=OFFICE, now=four)
    assert result.at == pytest.approx((START + 24 + 9.5) * HOUR)  # an hour today, and half an hour tomorrow


def test_an_open_hour_without_progress_counts() -> None:
    assert predict(tasks(60, 60, 60, 60, 0, 0, 0, 0, before=START)).per_hour == pytest.approx(30)


def test_what_finishes_after_the_window_closed_counts_without_time() -> None:
    six = (START + 18) * HOUR
    hours = tasks(*[40] * 8, 16, before=START + 18)
    assert predict(hours, schedule=OFFICE, now=six).per_hour == pytest.approx(42)


def test_what_ran_over_the_end_of_an_older_window_does_not_count() -> None:
    five = (START + 17) * HOUR
    hours = tasks(*[40] * 8, before=START + 17) | {START - 7: (500, 500.0)}  # yesterday at 17:00
    assert predict(hours, schedule=OFFICE, now=five).per_hour == pytest.approx(40)


def test_activity_with_the_windows_always_closed_is_no_rate() -> None:
    result = predict(tasks(*[40] * 8, before=START), schedule=NEVER)
    assert result == Forecast(
        None, None, None, None, "not enough data: 320 tasks finished in 0.0 open hours, 0.5 hours are needed"
    )


def test_open_time_before_the_start_does_not_count() -> None:
    result = predict(tasks(60, 60, before=START), since=(START - 2) * HOUR)
    assert result.per_hour == pytest.approx(60)


def test_a_start_within_an_hour_counts_the_rest_of_it() -> None:
    result = predict(tasks(30, 60, before=START), since=(START - 1.5) * HOUR)
    assert result.per_hour == pytest.approx(60)


def test_the_first_minutes_of_a_campaign_count() -> None:
    twenty_minutes = HOUR / 3
    result = predict(tasks(40, 60, before=START), since=(START - 1) * HOUR - twenty_minutes)
    assert result.per_hour == pytest.approx(75)


def test_hours_older_than_the_look_back_do_not_count() -> None:
    eleven = START + 23
    old = tasks(*[100] * 8, before=eleven - LOOK_BACK_HOURS)
    seldom = Daily(0, 1)  # one open hour a day: eight are never reached
    result = predict(old, schedule=seldom, now=eleven * HOUR)
    assert result.reason == "not enough data: 0 tasks finished in 3.0 open hours, 20 are needed"


def test_money_is_forecast_by_its_amount() -> None:
    result = predict({START - 1 - i: (100, 25.0) for i in range(8)}, 50.0, unit="calls")
    assert result.per_hour == pytest.approx(25)
    assert hours_until(result) == pytest.approx(2)


# --- no forecast


def test_few_events_are_not_enough() -> None:
    result = predict(tasks(12, before=START), now=(START - 1) * HOUR + 0.6 * HOUR, since=(START - 1 + 0.2) * HOUR)
    assert result.reason == "not enough data: 12 tasks finished in 0.4 open hours, 20 are needed"
    assert (result.at, result.low, result.high, result.per_hour) == (None, None, None, None)


def test_a_short_time_is_not_enough() -> None:
    result = predict(tasks(60, before=START), now=(START - 0.6) * HOUR, since=(START - 1) * HOUR)
    assert result.reason == "not enough data: 60 tasks finished in 0.4 open hours, 0.5 hours are needed"


def test_twenty_events_in_half_an_hour_are_enough() -> None:
    assert predict(tasks(20, before=START), since=(START - 0.5) * HOUR).reason is None


def test_calls_that_cost_nothing_spend_no_budget() -> None:
    result = predict({START - 1: (50, 0.0)}, since=(START - 1) * HOUR, unit="calls")
    assert result.reason == "not enough data: 50 calls finished in 1.0 open hours, and their sum is 0"


def test_nothing_left_is_reached_now() -> None:
    now = START * HOUR
    assert predict({}, 0) == Forecast(now, now, now, None, None)
    assert predict({}, -5).at == now


def test_a_rate_that_needs_centuries_is_never() -> None:
    result = predict(tasks(*[50] * 8, before=START), 1e12)
    assert (result.at, result.low, result.high) == (None, None, None)
    assert result.per_hour == pytest.approx(50)
    assert result.reason == "never at the recent rate, within the open hours of the years ahead"


def test_windows_that_never_open_again_are_never() -> None:
    class Last(Daily):
        def after_open(self, start: float, seconds: float) -> float | None:  # noqa: ARG002
            return None

    result = predict(tasks(*[50] * 8, before=START), schedule=Last())
    assert result.at is None
    assert result.reason is not None
    assert result.reason.startswith("never")


def test_a_campaign_that_starts_later_has_no_rate() -> None:
    result = predict(tasks(*[50] * 8, before=START), since=(START + 5) * HOUR)
    assert result.reason == "not enough data: 0 tasks finished in 0.0 open hours, 20 are needed"


@pytest.mark.parametrize("bad", [math.nan, math.inf, -math.inf])
def test_numbers_that_are_none_give_a_reason(bad: float) -> None:
    hours = tasks(*[50] * 8, before=START)
    assert predict(hours, bad).reason == "not enough data: what remains is not known"
    assert predict(hours, now=bad).reason == "not enough data: what remains is not known"


def test_hours_in_the_future_are_ignored() -> None:
    hours = tasks(*[50] * 8, before=START)
    assert predict(hours | {START + 1: (10_000, 10_000.0)}) == predict(hours)


def test_negative_numbers_count_as_none() -> None:
    hours = tasks(*[50] * 7, before=START)
    assert predict(hours | {START - 8: (-500, -500.0)}) == predict(hours | {START - 8: (0, 0.0)})


# --- the interval


def width(result: Forecast) -> float:
    assert result.low is not None
    assert result.high is not None
    return result.high - result.low


def test_the_interval_of_an_even_rate_is_that_of_counting() -> None:
    result = predict(tasks(*[50] * 8, before=START), 10_000)
    error = 1.2816 * math.sqrt(1 / 400 + 1 / 10_000)  # of the rate, and of what is to come
    assert width(result) / (200 * HOUR) == pytest.approx(2 * error, rel=0.02)


def test_a_rate_that_varies_is_less_certain() -> None:
    even, uneven = tasks(*[50] * 8, before=START), tasks(*[20, 80] * 4, before=START)
    assert width(predict(uneven, 1000)) > 2 * width(predict(even, 1000))


def test_fewer_than_four_hours_are_judged_by_counting_alone() -> None:
    since = (START - 3) * HOUR
    even, uneven = tasks(50, 50, 50, before=START), tasks(10, 130, 10, before=START)
    assert predict(uneven, 1000, since=since) == predict(even, 1000, since=since)


def test_a_minute_of_the_current_hour_does_not_widen_the_interval() -> None:
    hours, minute = tasks(*[50] * 7, before=START), START * HOUR + 60
    burst = predict(hours | {START: (5, 5.0)}, 1000, now=minute, since=(START - 7) * HOUR)
    assert width(burst) < 1.1 * width(predict(hours, 1000, since=(START - 7) * HOUR))


def test_one_burst_might_never_come_again() -> None:
    result = predict(tasks(0, 0, 0, 300, 0, 0, 0, 0, before=START), 1000)
    assert result.at is not None
    assert result.low is not None
    assert result.high is None


def coverage(remaining: int, rate: float, *, variation: float = 0.0, runs: int = 300) -> float:
    """The share of simulated campaigns that finish within their interval."""
    random = np.random.default_rng(20260304)
    inside = 0
    for _ in range(runs):
        hourly = rate * (random.gamma(1 / variation, variation, 300) if variation else np.ones(300))
        counts = random.poisson(hourly).tolist()
        finished = np.sort(np.concatenate([START - 8 + i + random.random(n) for i, n in enumerate(counts)])) * HOUR
        result = predict(tasks(*counts[:8], before=START), remaining)
        done = finished[sum(counts[:8]) + remaining - 1]
        assert result.low is not None
        inside += result.low <= done and (result.high is None or done <= result.high)
    return inside / runs


@pytest.mark.parametrize(("remaining", "rate"), [(5, 100), (50, 100), (1000, 100), (200, 10), (4000, 30)])
def test_four_of_five_poisson_campaigns_finish_within_their_interval(remaining: int, rate: float) -> None:
    assert 0.70 <= coverage(remaining, rate) <= 0.97


def test_the_interval_holds_for_rates_that_vary_from_hour_to_hour() -> None:
    assert 0.68 <= coverage(1000, 100, variation=0.1) <= 0.97


# --- always


histories = st.dictionaries(
    st.integers(START - 80, START + 3),
    st.integers(0, 500).flatmap(lambda n: st.tuples(st.just(n), st.floats(0, 1e4))),
    min_size=4,
    max_size=80,
)
schedules = st.sampled_from([ALWAYS, OFFICE, Daily(22, 24), Daily(0, 1), NEVER])
moments = st.floats(START * HOUR, (START + 24) * HOUR)


def late(at: float | None) -> float:
    return math.inf if at is None else at


remains = st.just(0.0) | st.floats(1e-6, 1e6)
"""Tasks, or money, of which the smallest amount is a millionth."""


@settings(max_examples=examples(40))
@given(histories, st.floats(-10, 1e7), schedules, moments)
def test_the_ends_are_in_order_and_not_in_the_past(hours: Hours, remaining: float, daily: Daily, now: float) -> None:
    result = predict(hours, remaining, schedule=daily, now=now)
    if result.at is None:
        assert (result.low, result.high) == (None, None)
        assert result.reason
    else:
        assert result.low is not None
        assert now <= result.low <= result.at <= late(result.high)
        assert result.reason is None


@settings(max_examples=examples(40))
@given(histories, remains, remains, schedules, moments)
def test_more_that_remains_is_never_reached_earlier(
    hours: Hours, one: float, other: float, daily: Daily, now: float
) -> None:
    less = predict(hours, min(one, other), schedule=daily, now=now)
    more = predict(hours, max(one, other), schedule=daily, now=now)
    if less.at is not None:
        rounding = 1e-3  # seconds
        assert late(less.low) <= late(more.low) + rounding
        assert late(less.at) <= late(more.at) + rounding
        assert late(less.high) <= late(more.high) + rounding


@settings(max_examples=examples(40))
@given(histories, st.floats(0.01, 1e5), st.sampled_from([0.001, 0.5, 4.0, 1000.0]))
def test_the_currency_does_not_matter(hours: Hours, remaining: float, factor: float) -> None:
    scaled = {hour: (events, amount * factor) for hour, (events, amount) in hours.items()}
    one, other = predict(hours, remaining), predict(scaled, remaining * factor)
    near = [pytest.approx(late(at), rel=1e-9) for at in (one.low, one.at, one.high)]
    assert [late(other.low), late(other.at), late(other.high)] == near


wild = st.floats() | st.floats(-1e6, 1e6)


@settings(max_examples=examples(40))
@given(
    st.dictionaries(st.integers(START - 90, START + 10), st.tuples(st.integers(-(10**20), 10**20), wild)),
    wild,
    wild | moments,
    st.none() | wild | moments,
)
def test_nothing_raises_or_gives_numbers_that_are_none(
    hours: Hours, remaining: float, now: float, since: float | None
) -> None:
    result = predict(hours, remaining, now=now, since=since)
    assert all(
        number is None or math.isfinite(number) for number in (result.at, result.low, result.high, result.per_hour)
    )
    assert (result.at is None) == (result.reason is not None)
