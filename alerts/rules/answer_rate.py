"""Do people still answer?

Later attempts are answered less than first ones, and nights less than evenings. So each call is compared with the
campaign's own calls of the same attempt at the same hour of the last seven days; where these are not known, with its
last hours, and then only a collapse is told. Calls that failed are left out: they have alerts of their own.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from alerts.rules.numbers import ANSWERED, THROUGH
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
_CALLS, _ANSWERS = "campaign_attempt:calls:increase{}", "campaign_attempt:calls_answered:increase{}"
_KNOWN, _RATE = "campaign_attempt:calls_like_{}:sum_{}", "campaign_attempt:answers_like_{}:ratio_{}"
_WEEK = {"15m": -22, "30m": -15, "1h": 0}
"""Minutes by which an hour that was recorded days ago is moved, so that its middle is that of the window."""

_BACK: Mapping[tuple[str, str], Sequence[Sequence[str]]] = {
    # the same hour, the one before and the one after, each of seven days: where people begin to answer, or stop to, the
    # lowest of them is what may be expected
    **{("week", window): [[f"{24 * 60 * day + late + near}m" for day in range(1, 8)] for near in (-60, 0, 60)]
       for window, late in _WEEK.items()},
    ("hours", "15m"): [("30m", "90m", "150m", "210m")],
    ("hours", "30m"): [("40m", "100m", "160m", "220m")],
    ("hours", "1h"): [("60m", "120m", "180m", "240m")],
}  # fmt: skip
"""What a window is compared with, the same hours of a week or the hours before: how long ago those were recorded."""

_LEAST_KNOWN = 20
"""Calls of an attempt from which on its usual rate is known."""


def concern(q: Rules, s: Settings) -> Concern:
    """The rules."""
    return Concern("answer_rate", "Answer rate", (_low(s),), _records(q))


def _records(q: Rules) -> tuple[Record, ...]:
    found = [
        Record(name.format(window), q.grown("campaign_attempt_calls_total", window, _BY, **matchers))
        for window in WINDOWS
        for name, matchers in ((_CALLS, THROUGH), (_ANSWERS, ANSWERED))
    ]
    for (told, window), back in _BACK.items():
        calls, answers = _CALLS.format(window), _ANSWERS.format(window)
        known, rate = _KNOWN.format(told, window), _RATE.format(told, window)
        usual = [
            f"{records.summed(_ANSWERS.format('1h'), hours, *_BY)} "
            f"/ ({records.summed(_CALLS.format('1h'), hours, *_BY)} >= {_LEAST_KNOWN})"
            for hours in back
        ]
        by = "by (tenant, campaign)"
        found += [
            Record(known, records.summed(_CALLS.format("1h"), [each for hours in back for each in hours], *_BY)),
            Record(rate, records.least(usual, *_BY)),
            Record(_compared("calls", told, window), f"sum {by} ({calls} and {_ON} {rate})"),
            Record(_compared("answers", told, window), f"sum {by} ({answers} and {_ON} {rate})"),
            Record(_compared("answers_expected", told, window), f"sum {by} ({calls} * {_ON} {rate})"),
            # what is usual is known from a sample, too: the fewer calls it had, the less it says
            Record(_compared("answers_uncertain", told, window), f"sum {by} (({calls} ^ 2) * {_ON} {rate} / {known})"),
        ]
    return tuple(found)


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
        "topk(1, sum by (provider) (max by (provider, code, fault) (increase(campaign_call_errors_total"
        '{tenant=%q,campaign=%q,fault!="invalid_number"}[15m]))) > 1)',
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
