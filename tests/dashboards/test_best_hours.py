"""The best hours by value: on a Prometheus that saw two weeks of campaigns whose clock is two hours ahead of UTC."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping

import pytest

from dashboards.boards.cost import board as cost
from dashboards.settings import Settings
from tests.dashboards.asking import interpolated
from tests.dashboards.past import DAY, HOUR, NOW, Past, Value, column, named, panel
from tests.support.prometheus import Prometheus

BOARD = cost.board(Settings()).made(Settings())
HALF_HOURLY = [NOW - half * HOUR / 2 for half in range(16 * 48, -1, -1)]
HOURLY = HALF_HOURLY[::2]
LATER = NOW + 60
"""Who looks at the very end of an hour sees an hour more, as an older Prometheus reads both ends of a span."""

GOOD, BAD, NONE, THIN = 17, 9, 10, 12
"""Hours of the campaign's clock: in one more people answer, in one fewer, in one nobody, and in one hardly anybody is
called."""

RATES = {GOOD: 0.6, BAD: 0.1, NONE: 0.0}
OPEN = range(8, 20)


def local_hour(moment: float) -> int:
    """The hour of the campaign's clock that ends at this moment."""
    return int((moment - HOUR + 2 * HOUR) % DAY // HOUR)


def counted(outcome: str, calls: Mapping[int, float], rates: Mapping[int, float]) -> Value:
    """Calls of an outcome up to each moment, of so many an hour of the clock, of which these shares are answered."""
    total, found = 1000.0, {}
    for moment in HOURLY:
        made = calls.get(local_hour(moment), 0)
        answered = made * rates.get(local_hour(moment), 0.3)
        total += {"answered": answered, "no_answer": made - answered, "failed": 50.0}[outcome]
        found[moment] = total
    return found.get


class Clocked(Past):
    """Campaigns whose clock is two hours ahead of UTC."""

    def campaign(self, name: str, calls: Mapping[int, float], rates: Mapping[int, float], *, told: bool = True) -> None:
        own = {"tenant": "a", "campaign": name}
        self("campaign_info", 1, name=name, agent="", timezone="Africa/Cairo", currency="EUR", **own)
        for outcome in ("answered", "no_answer", "failed"):
            self("campaign_calls_total", counted(outcome, calls, rates), outcome=outcome, **own)
        if told:
            self("campaign_utc_offset_seconds", 2 * HOUR, **own)


@pytest.fixture(scope="module")
def prometheus(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Prometheus]:
    world = Clocked(looks=HALF_HOURLY)
    day = dict.fromkeys(OPEN, 100.0) | {THIN: 1.0}
    world.campaign("x", day, RATES)
    world.campaign("elsewhere", day, RATES, told=False)
    world.campaign("closes", dict.fromkeys(OPEN, 100.0) | {20: 52.0}, {20: 0.6})
    world("campaign_window_open", lambda at: local_hour(at + HOUR) in OPEN, tenant="a", campaign="closes")
    world.campaign("morning", dict.fromkeys((9, 10, 11), 100.0), dict.fromkeys(range(24), 0.2))
    world.campaign("evening", dict.fromkeys((17, 18, 19), 100.0), dict.fromkeys(range(24), 0.6))
    with world.remembered(tmp_path_factory.mktemp("best_hours")) as server:
        yield server


def shown(prometheus: Prometheus, number: int, title: str, *by: str, chosen: str = "x") -> dict[str, float]:
    expression = interpolated(column(panel(BOARD, number), title), {"campaign": chosen, "tenant": ".*"}, "14d")
    found = named(prometheus.query(expression, LATER), *by)
    return {key: value for key, value in found.items() if not math.isnan(value)}


def test_each_hour_is_one_of_the_campaigns_own_clock(prometheus: Prometheus) -> None:
    calls = shown(prometheus, 192, "Calls", "hour")
    assert {hour: round(count) for hour, count in calls.items()} == {
        f"{hour:02}": 1400 for hour in OPEN if hour != THIN
    }, "two weeks, without the calls that failed, and no hour of fourteen calls"


def test_the_rate_is_of_calls_that_got_through_and_needs_a_sample(prometheus: Prometheus) -> None:
    rates = shown(prometheus, 192, "Answered", "hour")
    assert rates == {f"{hour:02}": pytest.approx(RATES.get(hour, 0.3)) for hour in OPEN if hour != THIN}


def test_an_hour_is_better_or_worse_only_where_that_is_more_than_noise(prometheus: Prometheus) -> None:
    overall = (8 * 100 * 0.3 + 100 * 0.6 + 100 * 0.1 + 0.3) / 1101
    assert shown(prometheus, 192, "Against all", "hour") == {
        f"{hour:02}": pytest.approx(rate / overall - 1, rel=0.01) for hour, rate in RATES.items()
    }


def test_the_best_hour_is_named(prometheus: Prometheus) -> None:
    assert shown(prometheus, 191, "", "hour").keys() == {"17"}


def test_what_ends_after_the_windows_closed_makes_no_hour(prometheus: Prometheus) -> None:
    calls = shown(prometheus, 192, "Calls", "hour", chosen="closes")
    assert set(calls) == {f"{hour:02}" for hour in OPEN}
    assert shown(prometheus, 191, "", "hour", chosen="closes") == {}


def test_other_campaigns_are_no_better_hour(prometheus: Prometheus) -> None:
    both = "morning|evening"
    assert shown(prometheus, 192, "Answered", "hour", chosen=both)["18"] == pytest.approx(0.6)
    assert shown(prometheus, 192, "Against all", "hour", chosen=both) == {}
    assert shown(prometheus, 191, "", "hour", chosen=both) == {}


def test_weekdays_are_those_of_the_campaigns_own_clock(prometheus: Prometheus) -> None:
    cells = shown(prometheus, 193, "", "hour", "day")
    assert {day for _, day in (key.split("/") for key in cells)} == set("1234567")
    assert cells["16/1"] == pytest.approx((0.3 + 0.6) / 2), "two hours share a cell"
    assert {key[:2] for key in cells} == {f"{hour:02}" for hour in range(8, 20, 2)}


@pytest.mark.parametrize("number", [191, 192, 193])
def test_of_a_campaign_without_a_clock_nothing_is_said(prometheus: Prometheus, number: int) -> None:
    expression = interpolated(column(panel(BOARD, number)), {"campaign": "elsewhere", "tenant": ".*"}, "1h")
    assert prometheus.query(expression, LATER) == {}
