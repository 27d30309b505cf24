"""Cases of money that does not go as planned."""

from __future__ import annotations

from alerts.cases.case import Case, Subject
from alerts.cases.series import DAY, HOUR, Series, counter, down, info, outcomes, replicas, series, status, verdict
from alerts.cases.verdicts import NAMED, SINCE, of_verdict

_TENANT = ("tenant",)
NO_CREDITS = Subject("CampaignCreditsExhausted", "critical", _TENANT, managers="true", verdict="blocked", gate="money")
NO_BUDGET = Subject("CampaignBudgetExhausted", "warning", managers="true", verdict="blocked", gate="money")
DEAR = Subject("CampaignCostPerCallHigh", "critical", managers="true")
BUDGET_SOON = Subject("CampaignBudgetRunsOut", "warning", managers="true")
CREDITS_SOON = Subject("CampaignCreditsRunOut", "warning", _TENANT, managers="true")
ANOMALY = Subject("CampaignSpendAnomaly", "warning", managers="true")

_OUT = tuple(verdict("blocked", "money", "credits_exhausted", campaign=each) for each in ("c1", "c2"))
_BY_CREDITS = (NO_CREDITS.told("Campaigns of tenant t1 that are blocked by credits: 2. Campaigns: c1, c2."),)

_EXHAUSTED = (
    NO_CREDITS.fires("two campaigns are blocked by credits: one alert of their tenant", _OUT, at={"0m": _BY_CREDITS}),
    NO_CREDITS.edge("blocked by a budget, which is one campaign's", verdict("blocked", "money", "budget_exhausted"),
                    at=("1m", "9m")),
    NO_CREDITS.no_data("no verdict is told", NAMED, series("campaign_tenant_credits", "0x60"), at=("1m", "9m")),
    NO_CREDITS.also("two replicas count each campaign once", replicas(_OUT), at={"1m": _BY_CREDITS}),
    *of_verdict(NO_BUDGET, "money", "budget_exhausted", 0, f"Spring offer (c1) is blocked by its budget {SINCE}.",
                ("blocked", "money", "credits_exhausted"), "blocked by credits, which are the tenant's"),
)  # fmt: skip


def _spends(ai: str, line: str, currency: str = "EUR") -> tuple[Series, ...]:
    return (series("campaign_call_cost_total", ai, component="ai", currency=currency),
            series("campaign_call_cost_total", line, component="telephony", currency=currency))  # fmt: skip


_BUSY = outcomes(answered=counter((4, 6 * HOUR)), no_answer=counter((6, 6 * HOUR)))
_NAMES = (verdict("dialing", values="1x400"), info("Spring offer", 400))


def _dearer(times: float, minutes: int = 90) -> tuple[Series, ...]:
    """Three hours at 1.50 a minute, and then a multiple of it."""
    return _spends(counter((1, 180), (times, minutes)), counter((0.5, 180), (0.5 * times, minutes)))


_FOUR_TIMES = _dearer(4)


def _after_break(calls: float) -> tuple[Series, ...]:
    """Three hours at 1.50 and half a call a minute, an hour of nothing, and then so many calls an hour at 6.00."""
    half = calls / 120
    return (*_spends(counter((1, 180), (0, 60), (4, 90)), counter((0.5, 180), (0, 60), (2, 90))),
            *outcomes(answered=counter((0.25, 180), (0, 60), (half, 90)),
                      no_answer=counter((0.25, 180), (0, 60), (half, 90))))  # fmt: skip


def _dear(times: str) -> str:
    return f"A call of Spring offer (c1) costs {times} times what is usual for it. It is dialing."


_RUNAWAY = (
    DEAR.fires("a call costs four times as much as in the hours before: known from the last ten minutes",
               _FOUR_TIMES, _BUSY, _NAMES,
               at={"186m": (), "187m": (DEAR.told(_dear("3.1")),), "200m": (DEAR.told(_dear("4.0")),)}),
    DEAR.fires("the same of a call a minute: known from the last twenty minutes", _FOUR_TIMES,
               outcomes(answered=counter((0.5, 270)), no_answer=counter((0.5, 270))), _NAMES,
               at={"190m": (), "193m": (), "194m": (DEAR.told(_dear("3.1")),), "205m": (DEAR.told(_dear("4.0")),)}),
    DEAR.fires("the same of 48 calls an hour, which the last hour shows", _FOUR_TIMES,
               outcomes(answered=counter((0.4, 270)), no_answer=counter((0.4, 270))), _NAMES,
               at={"200m": (), "215m": (), "225m": (DEAR.told(_dear("3.2")),)}, every="5m"),
    DEAR.edge("2.9 times as much, and three times is needed", _dearer(2.9), _BUSY, _NAMES, at=("200m", "255m")),
    DEAR.edge("19 calls an hour after a break, however dear: below the smallest sample", _after_break(19), _NAMES,
              at=("270m", "300m", "330m")),
    DEAR.edge("as many calls cost as much, but more of them are answered: an answer is not dearer", _FOUR_TIMES,
              outcomes(answered=counter((1, 180), (4, 90)), no_answer=counter((9, 180), (6, 90))), _NAMES,
              at=("200m", "255m")),
    DEAR.edge("a campaign that began less than two hours ago: nothing is usual yet",
              _spends(counter((1, 60), (4, 50)), counter((0.5, 60), (2, 50))), _BUSY, _NAMES, at=("80m", "100m")),
    DEAR.no_data("costs are not told", _BUSY, _NAMES, at=("200m", "255m"), every="5m"),
    DEAR.also("two replicas count each cost once", replicas(_FOUR_TIMES, _BUSY, _NAMES),
              at={"200m": (DEAR.told(_dear("4.0")),)}, every="5m"),
    DEAR.also("Prometheus was down for an hour while calls cost as much as before",
              _spends(counter((1, 180), down(1, 60), (1, 90)), counter((0.5, 180), down(0.5, 60), (0.5, 90))),
              outcomes(answered=counter((4, 180), down(4, 60), (4, 90)),
                       no_answer=counter((6, 180), down(6, 60), (6, 90))), _NAMES,
              at={"241m": (), "243m": (), "250m": (), "257m": (), "300m": ()}),
    DEAR.also("counters begin again from what is left in the database: a call is as dear as before",
              _spends(f"{counter((1, 180))} {counter((1, 90), start=90)}",
                      f"{counter((0.5, 180))} {counter((0.5, 90), start=45)}"),
              outcomes(answered=f"{counter((4, 180))} {counter((4, 90), start=360)}",
                       no_answer=f"{counter((6, 180))} {counter((6, 90), start=540)}"), _NAMES,
              at={"181m": (), "183m": (), "195m": (), "240m": ()}),
)  # fmt: skip


def _spent_at(seconds: float, estimate: str = "likely") -> Series:
    return series("campaign_forecast_budget_exhaustion_timestamp_seconds", f"{seconds:g}x180", estimate=estimate)


_RUNS = status("running")
_IN_90 = (BUDGET_SOON.told("The budget of Spring offer (c1) will be spent in about 1h 30m 0s."),)
_CREDITS_LAST = (CREDITS_SOON.told("The credits of tenant t1 last for about 2h 0m 0s, and are lower than they "
                                   "were for two days."),)  # fmt: skip


def _credits(values: str) -> Series:
    return series("campaign_tenant_credits", values)


_FORECASTS = (
    BUDGET_SOON.fires("the budget lasts for two hours", _spent_at(7200), _RUNS, info(),
                      at={"14m": (), "30m": _IN_90}),
    BUDGET_SOON.edge("less than six hours for fourteen minutes", _spent_at(21600 + 60 * 15), _RUNS, info(),
                     at=("15m", "30m")),
    BUDGET_SOON.edge("it may be so at the earliest, and is not likely", _spent_at(7200, "early"), _RUNS, info(),
                     at=("15m", "30m")),
    BUDGET_SOON.edge("a campaign that is paused spends nothing", _spent_at(7200), status("paused"), info(),
                     at=("15m", "30m")),
    BUDGET_SOON.edge("a forecast that is over", _spent_at(60), _RUNS, info(), at=("30m", "60m")),
    BUDGET_SOON.no_data("there is no forecast: no budget, or not enough data", _RUNS, info(), at=("15m", "30m")),
    BUDGET_SOON.also("two replicas are one alert", replicas(_spent_at(7200), _RUNS, info()), at={"30m": _IN_90}),
    CREDITS_SOON.fires("900 credits go by 5 a minute", _credits("900-5x170"),
                       at={"40m": (), "60m": _CREDITS_LAST}),
    CREDITS_SOON.edge("credits for five hours", _credits("1800-5x170"), at=("60m", "70m")),
    CREDITS_SOON.edge("credits were added the day before: they will be again",
                      _credits("100x60 2000-1x1200 790-5x130"), at=("1320m", "1380m"), every="5m"),
    CREDITS_SOON.edge("nothing is spent", _credits("10x180"), at=("60m", "180m"), every="5m"),
    CREDITS_SOON.no_data("credits are not told: the tenant is not prepaid", _RUNS, at=("60m", "180m"), every="5m"),
    CREDITS_SOON.also("two replicas are one alert", replicas(_credits("900-5x170")), at={"60m": _CREDITS_LAST}),
)  # fmt: skip

_TODAY = 3 * DAY + 3 * HOUR


def _spending(*phases: tuple[float, int], calls: float = 10) -> tuple[Series, ...]:
    """So many times 1.50 and ten calls a minute."""
    return (
        *_spends(counter(*phases), counter(*((0.5 * rate, each) for rate, each in phases))),
        *outcomes(answered=counter(*((calls * rate, each) for rate, each in phases))),
        info("Spring offer", sum(each for _, each in phases)),
    )


def _days(times: float, before: int = _TODAY, calls: float = 10) -> tuple[Series, ...]:
    """More than three days of the same, and then so many times that."""
    return _spending((1.0, before), (times, 4 * HOUR), calls=calls)


def _early(usual: float, later: int) -> tuple[Series, ...]:
    """On three days this at all hours but from the twelfth to the fifteenth, and today ten times 1.50 before noon."""
    day = ((usual, 12 * HOUR), (10.0, later), (usual, 12 * HOUR - later))
    return _spending(*day, *day, *day, (usual, 9 * HOUR), (10.0, 3 * HOUR))


def _after(minutes: int, before: int = _TODAY) -> str:
    return f"{before + minutes}m"


_FIVE_TIMES = (ANOMALY.told("Spring offer (c1) spent within three hours 5.0 times the most of the same hours of the "
                            "last seven days."),)  # fmt: skip

_ANOMALIES = (
    ANOMALY.fires("three hours of five times as many calls", _days(5),
                  at={_after(130): (), _after(180): _FIVE_TIMES}, every="5m"),
    ANOMALY.edge("3.9 times, and four times is needed", _days(3.9), at=(_after(180), _after(240)), every="5m"),
    ANOMALY.edge("five times as many calls, and only two days are known", _days(5, before=2 * DAY + 3 * HOUR),
                 at=(_after(180, 2 * DAY + 3 * HOUR), _after(240, 2 * DAY + 3 * HOUR)), every="5m"),
    ANOMALY.edge("18 calls in three hours: below the smallest sample", _days(5, calls=0.02),
                 at=(_after(180), _after(240)), every="5m"),
    ANOMALY.edge("the day's work is done three hours earlier than on other days", _early(1, 3 * HOUR),
                 at=(_after(0, 3 * DAY + 11 * HOUR), _after(0, 3 * DAY + 12 * HOUR)), every="5m"),
    ANOMALY.edge("nothing was ever spent at these hours: there is nothing to compare them with", _early(0, 0),
                 at=(_after(0, 3 * DAY + 11 * HOUR), _after(0, 3 * DAY + 12 * HOUR)), every="5m"),
    ANOMALY.no_data("costs are not told", outcomes(answered=counter((10, _TODAY + 240))), at=(_after(240),),
                    every="5m"),
    ANOMALY.also("two replicas count each cost once", replicas(_days(5)), at={_after(180): _FIVE_TIMES}, every="5m"),
    ANOMALY.also("Prometheus was down for an hour while money was spent as before",
                 _spends(counter((1, _TODAY), down(1, 60), (1, 200)),
                         counter((0.5, _TODAY), down(0.5, 60), (0.5, 200))),
                 outcomes(answered=counter((10, _TODAY), down(10, 60), (10, 200))),
                 at={_after(90): (), _after(120): (), _after(180): (), _after(240): ()}, every="5m"),
)  # fmt: skip

CASES: tuple[Case, ...] = (*_EXHAUSTED, *_RUNAWAY, *_FORECASTS, *_ANOMALIES)
