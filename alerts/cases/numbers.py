"""Cases of numbers that go bad."""

from __future__ import annotations

from alerts.cases.case import Case, Subject
from alerts.cases.series import (
    DAY,
    HOUR,
    Series,
    counter,
    down,
    info,
    number,
    outcomes,
    replicas,
    series,
    status,
    steady,
    verdict,
)
from alerts.cases.verdicts import SINCE, of_verdict

_ABOUT = ("tenant", "number")
UNUSABLE = Subject("CampaignNumbersUnusable", "critical", gate="numbers")
BAD = Subject("CampaignNumberBad", "warning", _ABOUT, number="n1")
FADING = Subject("CampaignNumberFading", "warning", _ABOUT, number="n1")
FLAGGED = Subject("CampaignNumberFlagged", "warning", _ABOUT, number="n1")


def _dials(name: str, calls: float, share: float | None, minutes: int = 90, campaign: str = "c1") -> tuple[Series, ...]:
    """A number that is called from so often a minute, and what share is answered; None: nobody ever did."""
    if share is None:
        return number(name, campaign, no_answer=counter((calls, minutes)))
    answered = counter((calls * share, minutes))
    return number(name, campaign, answered=answered, no_answer=counter((calls * (1 - share), minutes)))


_GOOD = (*_dials("n2", 4, 0.4), *_dials("n3", 4, 0.4))
_TOLD = "Calls from number n1 of tenant t1 are answered at {} of the rate of its pool. Campaigns: c1."
_AT_A_TENTH = (BAD.told(_TOLD.format("10%")),)
_PAST = f"{7 * DAY + 3 * HOUR}m"


def _two_days(before: float, now: float, calls: float = 2) -> tuple[Series, ...]:
    """Three hours of a week ago, and the last two days: shares of calls that are answered."""
    old, none, new = 3 * HOUR, 5 * DAY, 2 * DAY
    return number("n1", answered=counter((calls * before, old), (0, none), (calls * now, new)),
                  no_answer=counter((calls * (1 - before), old), (0, none), (calls * (1 - now), new)))  # fmt: skip


def _state(status: str, values: str = "1x120") -> Series:
    return series("campaign_number_status", values, number="n1", status=status)


def _weight(value: float) -> Series:
    return series("campaign_number_weight", steady(value, 120), number="n1")


_IS_FLAGGED = (FLAGGED.told("Number n1 of tenant t1 is flagged as spam and still part of a pool."),)


def _foreign(rate: float, minutes: int = 60, calls: float = 0.5, now: str = "running") -> tuple[Series, ...]:
    """After half an hour so many contacts a minute, for so long, find no number of their country."""
    held = series("campaign_tasks_blocked", counter((0, 30), (rate, minutes), (0, 60)), blocker="no_country_match",
                  group="number")  # fmt: skip
    return held, *outcomes(answered=counter((calls, 120))), *status(now), verdict("dialing"), info()


_IS_FOREIGN = (UNUSABLE.told("Spring offer (c1) is dialing: the card says what refuses each number."),)

CASES: tuple[Case, ...] = (
    *of_verdict(UNUSABLE, "numbers", "number_flagged", 1,
                f"Spring offer (c1) is blocked by numbers (number_flagged) {SINCE}: the card says what refuses "
                "each number.", ("waiting", "numbers", "number_daily_cap"), "its caps are reached, as planned"),
    UNUSABLE.fires("eight contacts of ten that are called find no number of their country: known from the sixth on",
                   _foreign(0.4), at={"45m": (), "46m": _IS_FOREIGN}),
    UNUSABLE.edge("five within twenty minutes, one below the smallest sample", _foreign(0.25), at=("46m", "60m")),
    UNUSABLE.edge("one for two that are called, and more is needed", _foreign(0.4, calls=0.81), at=("46m", "60m")),
    UNUSABLE.edge("50 of an import, which is a step", _foreign(50, 1), at=("31m", "35m", "41m", "46m", "60m")),
    UNUSABLE.edge("the campaign is paused", _foreign(0.4, now="paused"), at=("46m", "60m", "90m")),
    UNUSABLE.no_data("calls are not counted", [each for each in _foreign(0.4) if each.name != "campaign_calls_total"],
                     at=("46m", "60m", "90m")),
    UNUSABLE.also("two replicas count each contact once", replicas(_foreign(0.4)), at={"46m": _IS_FOREIGN}),
    UNUSABLE.also("it stays for two minutes after the next contacts find numbers, and is then over", _foreign(0.4, 30),
                  at={"60m": _IS_FOREIGN, "71m": (), "80m": ()}),
    BAD.fires("4 % of its calls are answered, where the rest of the pool has 40 %", _dials("n1", 4, 0.04), _GOOD,
              at={"60m": _AT_A_TENTH}),
    BAD.fires("a number that was never answered has no series of answers",
              _dials("n1", 4, None), _GOOD, at={"60m": (BAD.told(_TOLD.format("0%")),)}),
    BAD.edge("half of the pool's rate, and less is needed", _dials("n1", 4, 0.201), _GOOD, at=("30m", "60m")),
    BAD.edge("29 calls in an hour: below the smallest sample", _dials("n1", 29 / 60, None), _GOOD,
             at=("30m", "65m")),
    BAD.edge("the only number of its pool: there is nothing to compare it with", _dials("n1", 4, 0.04),
             at=("30m", "60m")),
    BAD.edge("a quarter of 31 calls against 40 % of the pool: that may be chance",
             _dials("n1", 31 / 60, 0.19), _GOOD, at=("60m", "65m")),
    BAD.no_data("calls by number are not told", _GOOD[:0], series("campaign_tasks", steady(9), status="pending"),
                at=("30m", "60m")),
    BAD.also("two replicas count each call once", replicas(_dials("n1", 4, 0.04), _GOOD), at={"60m": _AT_A_TENTH}),
    BAD.also("a number of two pools is judged in each, and told once with the campaign in which it is bad",
             _dials("n1", 4, 0.04), _GOOD, _dials("n1", 4, 0.4, campaign="c2"), _dials("n2", 4, 0.4, campaign="c2"),
             at={"60m": _AT_A_TENTH}),
    BAD.also("Prometheus was down for an hour while calls went on as before",
             *(number(name, answered=counter((1.6, 30), down(1.6, 60), (1.6, 60)),
                      no_answer=counter((2.4, 30), down(2.4, 60), (2.4, 60))) for name in ("n1", "n2", "n3")),
             at={"91m": (), "93m": (), "106m": (), "150m": ()}),
    FADING.fires("from 20 % a week ago to 10 % for two days", _two_days(0.2, 0.1),
                 at={_PAST: (FADING.told("Number n1 of tenant t1 was answered for two days at 50% of its rate a "
                                              "week ago."),)}, every="5m"),
    FADING.edge("from 20 % to 12 %, and less is needed", _two_days(0.2, 0.121), at=(_PAST,), every="5m"),
    FADING.no_data("nothing is known of a week ago", _dials("n1", 4, 0.04, 5 * HOUR),
                   at=(f"{5 * HOUR}m",), every="5m"),
    FLAGGED.fires("flagged for ten minutes, and in a pool", _state("flagged"), _weight(1),
                  at={"9m": (), "10m": _IS_FLAGGED}),
    FLAGGED.edge("flagged for nine minutes", _state("flagged", "1x9 0x60"), _weight(1), at=("9m", "10m", "30m")),
    FLAGGED.edge("flagged, and its weight is 0: nothing dials from it", _state("flagged"), _weight(0),
                 at=("10m", "30m")),
    FLAGGED.edge("resting is not flagged", _state("resting"), _state("flagged", "0x120"), _weight(1),
                 at=("10m", "30m")),
    FLAGGED.no_data("weights are not told: there is no relation of them", _state("flagged"), at=("10m", "30m")),
    FLAGGED.also("two replicas are one alert", replicas(_state("flagged"), _weight(1)), at={"10m": _IS_FLAGGED}),
)  # fmt: skip
