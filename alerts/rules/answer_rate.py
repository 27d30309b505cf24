"""Do people still answer?

Later attempts are answered less than first ones, and nights less than evenings. So each call is compared with the
campaign's own calls of the same attempt at the same hour of the last seven days; where these are not known, with its
last hours, and then only a collapse is told. Calls that failed are left out, as they have alerts of their own;
so are those of which nobody knows how they ended.
"""

from __future__ import annotations

from collections.abc import Mapping

from alerts.settings import Settings
from alerts.vocabulary import records
from alerts.vocabulary.expressions import Rules, any_of
from alerts.vocabulary.rule import CAMPAIGN, Alert, Concern, Record, Severity
from alerts.vocabulary.wording import Ask

SURE_OF: Mapping[str, float] = {"15m": 4.0, "30m": 4.25, "1h": 4.5}
"""Windows, and how many standard deviations are no chance in each: one look in a million.

Of few calls, few answers are rarer than the normal approximation has it; of many it is right."""

WINDOWS = tuple(SURE_OF)
_BY = ("tenant", "campaign", "attempt")
_ON = "on (tenant, campaign, attempt)"
CALLS, ANSWERS = "campaign_attempt:calls:increase{}", "campaign_attempt:calls_answered:increase{}"
_KNOWN, _RATE = "campaign_attempt:calls_like_{}:sum_{}", "campaign_attempt:answers_like_{}:ratio_{}"
_WEEK = {"15m": -22, "30m": -15, "1h": 0}
"""Minutes by which an hour that was recorded days ago is moved, so that its middle is that of the window."""

_NEAR = (-60, 0, 60)
"""The hour before, the same and the one after: where people begin to answer, or stop to, the lowest of them is what may
be expected."""

_AHEAD = -min(_WEEK.values()) - min(_NEAR)
"""Minutes: the hours of seven days are looked up once, so long before the first of these is needed."""

_CALLS_DAYS, _ANSWERS_DAYS = "campaign_attempt:calls:sum_week", "campaign_attempt:calls_answered:sum_week"
_DAYS = [f"{24 * 60 * day - _AHEAD}m" for day in range(1, 8)]
_CALLS_HOURS, _ANSWERS_HOURS = "campaign_attempt:calls:sum_4h", "campaign_attempt:calls_answered:sum_4h"
_FOUR_HOURS = ("0m", "60m", "120m", "180m")
_HOURS: Mapping[str, str] = {"15m": "30m", "30m": "40m", "1h": "60m"}
"""How long ago the four hours ended that a window is compared with."""

_LEAST_KNOWN = 20
"""Calls of an attempt from which on its usual rate is known."""


def concern(q: Rules, s: Settings) -> Concern:
    """The rules."""
    return Concern("answer_rate", "Answer rate", (_low(s),), _records(q), every=60)


def _records(q: Rules) -> tuple[Record, ...]:
    found = [
        Record(records.so_far(name), q.sums("campaign_attempt_calls_total", _BY, **matchers))
        for name, matchers in ((CALLS, records.THROUGH), (ANSWERS, records.PICKED_UP))
    ]
    for window in WINDOWS:  # of what is idle nothing is recorded: it says nothing, now or in a week
        dialled = CALLS.format(window)
        found += [
            Record(dialled, f"{records.grown(CALLS, window)} > 0"),
            Record(ANSWERS.format(window), f"{records.grown(ANSWERS, window)} and {dialled}"),
        ]
    found += [
        Record(_CALLS_DAYS, records.summed(CALLS.format("1h"), _DAYS, *_BY)),
        Record(_ANSWERS_DAYS, records.summed(ANSWERS.format("1h"), _DAYS, *_BY)),
        Record(_CALLS_HOURS, records.summed(CALLS.format("1h"), _FOUR_HOURS, *_BY)),
        Record(_ANSWERS_HOURS, records.summed(ANSWERS.format("1h"), _FOUR_HOURS, *_BY)),
    ]
    for window, late in _WEEK.items():
        moved = [f"{_AHEAD + late + near}m" for near in _NEAR]
        calls, answers = (records.looks(name, moved) for name in (_CALLS_DAYS, _ANSWERS_DAYS))
        usual = [f"{part} / ({whole} >= {_LEAST_KNOWN})" for part, whole in zip(answers, calls, strict=True)]
        found += _against("week", window, records.joined("sum", calls, *_BY), records.joined("min", usual, *_BY))
    for window, back in _HOURS.items():
        known = f"{_CALLS_HOURS} offset {back}"
        rate = f"{_ANSWERS_HOURS} offset {back} / ({known} >= {_LEAST_KNOWN})"
        found += _against("hours", window, known, rate)
    return tuple(found)


def _against(told: str, window: str, known_calls: str, usual_rate: str) -> list[Record]:
    """What came of a window's calls and what usually does, of those whose attempt's usual rate is known."""
    calls, answers = CALLS.format(window), ANSWERS.format(window)
    known, rate = _KNOWN.format(told, window), _RATE.format(told, window)
    by = "by (tenant, campaign)"
    return [
        Record(known, known_calls),
        Record(rate, usual_rate),
        Record(_compared("calls", told, window), f"sum {by} ({calls} and {_ON} {rate})"),
        Record(_compared("answers", told, window), f"sum {by} ({answers} and {_ON} {rate})"),
        Record(_compared("answers_expected", told, window), f"sum {by} ({calls} * {_ON} {rate})"),
        # what is usual is known from a sample, too: the fewer calls it had, the less it says
        Record(_compared("answers_uncertain", told, window), f"sum {by} (({calls} ^ 2) * {_ON} {rate} / {known})"),
    ]


def _compared(what: str, told: str, window: str) -> str:
    """Of the calls whose attempt's usual rate is known."""
    return f"campaign:{what}_like_{told}:increase{window}"


def _dropped(told: str, window: str, drop: float, least: int) -> str:
    """The share of what is expected, where it is low for certain: a binomial share beside one that was measured."""
    calls, answers, expected, uncertain = (
        _compared(each, told, window) for each in ("calls", "answers", "answers_expected", "answers_uncertain")
    )
    spread = f"sqrt(({expected} + {uncertain}) * (1 - {expected} / {calls}))"
    return (
        f"{answers} / {expected} < {drop:g} and {calls} >= {least} "
        f"and {answers} - {expected} < -{SURE_OF[window]:g} * {spread}"
    )


def _still(told: str, drop: float) -> str:
    """What an hour shows may be over: then the last quarter of it is better than this."""
    answers, expected = (_compared(each, told, "15m") for each in ("answers", "answers_expected"))
    return f"{answers} / {expected} < {drop + 0.1:g}"


def _low(s: Settings) -> Alert:
    a = s.answers

    def low(told: str, window: str, drop: float) -> str:
        return f"({_dropped(told, window, drop, a.min_calls)}) and ({_still(told, drop)})"

    known = [low("week", window, a.drop) for window in WINDOWS]
    unseasoned = [
        f"{low('hours', window, a.drop_unseasoned)} unless {_compared('calls', 'week', window)} >= {a.min_calls}"
        for window in WINDOWS
    ]
    worst = Ask(
        "bottomk(1, sum by (number) (campaign_number:calls_answered:increase1h{tenant=%q,campaign=%q}) "
        f"/ (sum by (number) (campaign_number:calls:increase1h{{tenant=%q,campaign=%q}}) >= {s.numbers.min_calls}))",
        ("tenant", "campaign", "tenant", "campaign"),
        "{{ .Labels.number }} ({{ .Value | humanizePercentage }} of its calls answered)", " Worst number: ", ".",
    )  # fmt: skip
    country = Ask(
        "bottomk(1, sum by (country) (sum by (tenant, number) "
        "(campaign_number:calls_answered:increase1h{tenant=%q,campaign=%q}) * on (tenant, number) group_left (country) "
        "max by (tenant, number, country) (campaign_number_info)) / (sum by (country) (sum by (tenant, number) "
        "(campaign_number:calls:increase1h{tenant=%q,campaign=%q}) * on (tenant, number) group_left (country) "
        f"max by (tenant, number, country) (campaign_number_info)) >= {s.numbers.min_calls}))",
        ("tenant", "campaign", "tenant", "campaign"),
        "{{ .Labels.country }} ({{ .Value | humanizePercentage }})", " Worst country of the numbers: ", ".",
    )  # fmt: skip
    provider = Ask(
        "topk(1, round(sum by (provider) (max by (provider, code, fault) (increase(campaign_call_errors_total"
        '{tenant=%q,campaign=%q,fault!="invalid_number"}[15m])))) > 1)',
        ("tenant", "campaign"), "{{ .Labels.provider }} ({{ .Value | humanize }})", " Most errors of: ", ".",
    )  # fmt: skip
    return Alert(
        "CampaignAnswerRateLow",
        Severity.CRITICAL,
        CAMPAIGN,
        "Far fewer people answer than is usual for this campaign, this hour and these attempts.",
        "Calls of {campaign} are answered at {percent} of what is usual. It is {state}.{worst}{country}{provider}",
        "Take the worst number out of the pool, then reduce concurrency, then narrow the windows to supervised "
        "hours, then check the country match. One thing at a time.",
        any_of([*known, *unseasoned]),
        ("campaign", 402),
        keep=600,
        asks={"worst": worst, "country": country, "provider": provider},
        rests_on=("answers.drop", "answers.drop_unseasoned", "answers.min_calls"),
    )
