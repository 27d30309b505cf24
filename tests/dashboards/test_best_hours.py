"""The best hours by value: on a Prometheus that saw two weeks of a campaign whose clock is two hours ahead of UTC."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from dashboards.boards.cost import board as cost
from dashboards.settings import Settings
from tests.dashboards.asking import interpolated
from tests.dashboards.past import DAY, HOUR, NOW, Past, column, named, panel
from tests.support.prometheus import Prometheus

BOARD = cost.board(Settings()).made(Settings())
HOURLY = [NOW - hour * HOUR for hour in range(16 * 24, -1, -1)]
LATER = NOW + 60
"""Who looks at the very end of an hour sees an hour more, as an older Prometheus reads both ends of a span."""

GOOD, BAD, THIN = 17, 9, 12
"""Hours of the campaign's clock: in one more people answer, in one fewer, and in one hardly anybody is called."""


def local_hour(moment: float) -> int:
    """The hour that a whole hour which ends at this moment is, by the campaign's clock."""
    return int((moment - HOUR + 2 * HOUR) % DAY // HOUR)


def counted(outcome: str) -> dict[float, float]:
    """Calls of an outcome up to each moment: a hundred an hour by day, of which three in ten are answered."""
    total, found = 1000.0, {}
    for moment in HOURLY:
        hour = local_hour(moment)
        calls = (1 if hour == THIN else 100) * (8 <= hour < 20)
        answered = calls * {GOOD: 0.6, BAD: 0.1}.get(hour, 0.3)
        total += {"answered": answered, "no_answer": calls - answered, "failed": 50.0}[outcome]
        found[moment] = total
    return found


@pytest.fixture(scope="module")
def prometheus(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Prometheus]:
    world = Past(looks=HOURLY)
    for name in ("x", "elsewhere"):
        own = {"tenant": "a", "campaign": name}
        world("campaign_info", 1, name=name, agent="", timezone="Africa/Cairo", currency="EUR", **own)
        for outcome in ("answered", "no_answer", "failed"):
            world("campaign_calls_total", counted(outcome).get, outcome=outcome, **own)
    world("campaign_utc_offset_seconds", 2 * HOUR, tenant="a", campaign="x")
    with world.remembered(tmp_path_factory.mktemp("best_hours")) as server:
        yield server


def shown(prometheus: Prometheus, number: int, title: str, *by: str, chosen: str = "x") -> dict[str, float]:
    expression = interpolated(column(panel(BOARD, number), title), {"campaign": chosen, "tenant": ".*"}, "14d")
    return named(prometheus.query(expression, LATER), *by)


def test_each_hour_is_one_of_the_campaigns_own_clock(prometheus: Prometheus) -> None:
    calls = shown(prometheus, 192, "Calls", "hour")
    assert set(calls) == {f"{hour:02}" for hour in range(24)}
    assert {hour: round(count) for hour, count in calls.items() if count > 0} == {
        f"{hour:02}": 14 * (1 if hour == THIN else 100) for hour in range(8, 20)
    }, "two weeks, without the calls that failed"


def test_the_rate_is_of_calls_that_got_through_and_needs_a_sample(prometheus: Prometheus) -> None:
    rates = shown(prometheus, 192, "Answered", "hour")
    assert rates == {
        f"{hour:02}": pytest.approx({GOOD: 0.6, BAD: 0.1}.get(hour, 0.3)) for hour in range(8, 20) if hour != THIN
    }


def test_an_hour_is_better_or_worse_only_where_that_is_no_chance(prometheus: Prometheus) -> None:
    overall = (9 * 100 * 0.3 + 100 * 0.6 + 100 * 0.1 + 0.3) / 1101
    assert shown(prometheus, 192, "Against all", "hour") == {
        f"{hour:02}": pytest.approx(rate / overall - 1, rel=0.01) for hour, rate in ((GOOD, 0.6), (BAD, 0.1))
    }


def test_the_best_hour_is_named(prometheus: Prometheus) -> None:
    assert shown(prometheus, 191, "", "hour").keys() == {"17:00"}


def test_weekdays_are_those_of_the_campaigns_own_clock(prometheus: Prometheus) -> None:
    cells = shown(prometheus, 193, "", "hour", "day")
    assert {day for _, day in (key.split("/") for key in cells)} == set("1234567")
    assert cells["16/1"] == pytest.approx((0.3 + 0.6) / 2), "two hours share a cell"
    assert {key[:2] for key in cells} == {f"{hour:02}" for hour in range(8, 20, 2)}


@pytest.mark.parametrize("number", [191, 192, 193])
def test_of_a_campaign_without_a_clock_nothing_is_said(prometheus: Prometheus, number: int) -> None:
    expression = interpolated(column(panel(BOARD, number)), {"campaign": "elsewhere", "tenant": ".*"}, "14d")
    assert prometheus.query(expression, LATER) == {}
