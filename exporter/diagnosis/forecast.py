"""Forecasts of a campaign: when its tasks are done, and when its budget is spent, at the recent rate."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

HOUR = 3600.0
LOOK_BACK_HOURS = 72  # hours of history that callers hold

# One working day of open time: long enough to smooth an hour, short enough to follow a change of concurrency.
RECENT_OPEN_HOURS = 8
# Counting noise alone is 1 / sqrt(20) = 22 % of the rate then; with fewer events the interval says next to nothing.
MIN_EVENTS = 20
MIN_OPEN_SECONDS = 1800.0
# Shorter open times are counted together with the hour before. An hour that is a minute old has a wild rate, and what
# ends after the window has closed belongs to the calls of the hour before.
MIN_SLICE_SECONDS = 1800.0
MIN_SLICES = 4  # fewer have no spread to speak of
QUANTILE = 1.2816  # of the normal distribution at 0.9: a central interval of 80 %
# No campaign runs for so long; an instant that far away means "never", and the calendar ends somewhere.
LONGEST_OPEN_SECONDS = 10 * 365.25 * 24 * HOUR
MOST_EVENTS = 10**12  # in an hour; beyond, arithmetic in floating point would overflow


class OpenTime(Protocol):
    """When the campaign may call. Instants are seconds since 1970."""

    def open_seconds(self, start: float, end: float) -> float:
        """Open seconds within [start, end)."""

    def after_open(self, start: float, seconds: float) -> float | None:
        """The instant when so many open seconds have passed since start; None: never."""


@dataclass(frozen=True, slots=True)
class Forecast:
    """When something will be reached, with the two ends of an 80 % interval. low <= at <= high."""

    at: float | None  # seconds since 1970; None: not enough data, or never
    low: float | None  # the early end
    high: float | None  # the late end; None while `at` is not None: it might never be reached
    per_hour: float | None  # recent rate per open hour, in tasks or money; None when there is not enough data
    reason: str | None  # why there is no forecast


@dataclass(slots=True)
class _Slice:  # of recent history
    seconds: float = 0.0  # open ones
    events: int = 0
    amount: float = 0.0


def forecast(
    remaining: float,
    hours: Mapping[int, tuple[int, float]],
    schedule: OpenTime,
    now: float,
    since: float | None,
    unit: str,
) -> Forecast:
    """When `remaining` (tasks, or money) will be used up, if the campaign goes on as in its last open hours.

    `hours` maps hours since 1970 to the events that finished in it and their summed amount: tasks and their number
    again, or calls and their cost. `since` is when the campaign started. `unit` names the events in the reason.

    The rate is the amount of the most recent open hours, up to RECENT_OPEN_HOURS, over their length. A night or a
    weekend is no part of it. An open hour in which nothing happened is: it was a pause or a problem, and the next one
    may come. What finished while the windows were closed counts as amount, but adds no time. Nothing raises: in the
    history, numbers that are negative or not finite count as 0, and hours in the future are ignored.

    The interval takes the events as an overdispersed Poisson process (McCullagh & Nelder 1989, "Generalized Linear
    Models", 6.2): the variance is `dispersion` times that of counting. With u the expected events until the end, n
    the events seen and r those that remain, r - u varies with dispersion * (u + u^2 / n): noise to come, and the error
    of the rate. The ends are the solutions of (r - u)^2 = QUANTILE^2 * dispersion * (u + u^2 / n); Fieller 1954, "Some
    Problems in Interval Estimation", treats such ratios. There is no late end when the rate less its error is not
    above 0. A trend within the recent hours (a ramp-up, contacts that get harder to reach) is not modelled.
    """
    if not (math.isfinite(now) and math.isfinite(remaining)):
        return Forecast(None, None, None, None, "not enough data: what remains is not known")
    slices = _recent(hours, schedule, now, since)
    seconds, events = sum(part.seconds for part in slices), sum(part.events for part in slices)
    amount = sum(part.amount for part in slices)
    reason = _too_little(seconds, events, amount, unit)
    per_hour = None if reason else amount / seconds * HOUR
    if remaining <= 0:
        return Forecast(now, now, now, per_hour, None)
    if reason:
        return Forecast(None, None, None, None, reason)
    at = _after(schedule, now, remaining / amount * seconds)
    if at is None:
        return Forecast(
            None, None, None, per_hour, "never at the recent rate, within the open hours of the years ahead"
        )
    noise = QUANTILE**2 * _dispersion(slices, seconds, events, amount)
    left = remaining / amount * events
    half = 2 * left + noise  # the quadratic formula, in the form that does not cancel
    root = math.sqrt(noise * (4 * left + noise + 4 * left / events * left))
    low = _after(schedule, now, 2 * left / (half + root) * left / events * seconds)
    high = None
    if noise < events:
        high = _after(schedule, now, (half + root) / (2 * (events - noise)) * seconds)
    return Forecast(at, at if low is None else min(low, at), None if high is None else max(high, at), per_hour, None)


def _recent(
    hours: Mapping[int, tuple[int, float]], schedule: OpenTime, now: float, since: float | None
) -> list[_Slice]:
    """The recent open time, latest first, in slices of half an hour and more."""
    current = math.floor(now / HOUR)
    slices, seconds = [_Slice()], 0.0
    for hour in range(current, current - LOOK_BACK_HOURS, -1):
        start, end = hour * HOUR, (hour + 1) * HOUR
        if since is not None and since >= end:
            break
        opened = schedule.open_seconds(start if since is None else max(start, since), min(end, now))
        if seconds + opened > RECENT_OPEN_HOURS * HOUR:
            break
        if slices[-1].seconds >= MIN_SLICE_SECONDS:
            slices.append(_Slice())
        part = slices[-1]
        part.seconds += opened
        seconds += opened
        events, amount = hours.get(hour, (0, 0.0))
        part.events += min(max(events, 0), MOST_EVENTS)
        part.amount += amount if 0 < amount < math.inf else 0.0
    oldest = slices[-1]
    if len(slices) > 1 and oldest.seconds < MIN_SLICE_SECONDS:
        slices.pop()
        if oldest.seconds:  # else its calls ran over the end of an hour that is not looked at
            slices[-1].seconds += oldest.seconds
            slices[-1].events += oldest.events
            slices[-1].amount += oldest.amount
    return slices


def _too_little(seconds: float, events: int, amount: float, unit: str) -> str | None:
    seen = f"not enough data: {events} {unit} finished in {seconds / HOUR:.1f} open hours"
    if events < MIN_EVENTS:
        return f"{seen}, {MIN_EVENTS} are needed"
    if seconds < MIN_OPEN_SECONDS:
        return f"{seen}, {MIN_OPEN_SECONDS / HOUR:.1f} hours are needed"
    if not 0 < amount < math.inf:
        return f"{seen}, and their sum is {'0' if amount == 0 else 'not known'}"
    return None


def _dispersion(slices: list[_Slice], seconds: float, events: int, amount: float) -> float:
    """How many times the variance is that of a Poisson count of the events; never less than 1.

    Pearson's statistic over its degrees of freedom (McCullagh & Nelder 1989, 6.2.3), here in shares of the amount, so
    that money and tasks are the same: of a compound Poisson process it estimates E[x^2] / E[x]^2, x the cost of a
    call, and that is 1 and above. With fewer than MIN_SLICES slices it is 1.
    """
    if len(slices) < MIN_SLICES:
        return 1.0
    spread = 0.0
    for part in slices:
        wanted = part.seconds / seconds
        spread += (part.amount / amount - wanted) ** 2 / wanted
    return max(1.0, spread * events / (len(slices) - 1))


def _after(schedule: OpenTime, now: float, seconds: float) -> float | None:
    if not seconds <= LONGEST_OPEN_SECONDS:
        return None
    at = schedule.after_open(now, seconds)
    return None if at is None or not math.isfinite(at) else max(at, now)
