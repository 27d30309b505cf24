"""Does the agent speak as soon as it did?

What is late differs from agent to agent: one greets at once, another lets people greet first. So the share of late
first words is compared with the campaign's own, of these hours; two bounds, as a slow agent is late by the first at all
times and a quick one never by the second.
"""

from __future__ import annotations

from alerts.settings import Settings
from alerts.vocabulary import records
from alerts.vocabulary.expressions import Rules, any_of, unusual
from alerts.vocabulary.rule import CAMPAIGN, Alert, Concern, Record, Severity
from alerts.vocabulary.wording import Ask
from dashboards.vocabulary.queries import quantile

_BY = ("tenant", "campaign")
_FAMILY = "campaign_call_first_word_seconds"
_WORDS = "campaign:first_words:increase{}"
_LATE = {"2.0": "campaign:first_words_late:increase{}", "5.0": "campaign:first_words_very_late:increase{}"}
"""By bound of the histogram, the first words after it."""

_WINDOWS = ("15m", "1h")
_KNOWN_WORDS = 100
"""First words from which on it is known how many of them are late usually."""

_WORSE = 2
"""So many times the usual share are more than a bad hour."""

_RARE, _MOST = 0.02, 0.95
"""Shares between which the usual one is taken to be: none ever is no promise, and all is no past to be slower than."""


def concern(q: Rules, s: Settings) -> Concern:
    """The rules."""
    return Concern("first_word", "The agent's first word", (_slow(s),), _records(q), every=60)


def _usual(growth: str) -> str:
    return growth.replace(":increase{}", ":sum_usual")


def _records(q: Rules) -> tuple[Record, ...]:
    words = q.sums(f"{_FAMILY}_count", _BY)
    sums = [(_WORDS, words)]
    for bound, late in _LATE.items():
        sums.append((late, f"{records.so_far(_WORDS)} - {q.sums(f'{_FAMILY}_bucket', _BY, le=bound)}"))
    found: list[Record] = []
    for growth, total in sums:
        found += [Record(records.so_far(growth), total), *records.growths(growth, _WINDOWS)]
        found += records.usual(_usual(growth), growth.format("1h"), _BY)
    return tuple(found)


def _slow(s: Settings) -> Alert:
    f = s.failures

    def slower(growth: str, window: str) -> str:
        late, words = growth.format(window), _WORDS.format(window)
        usual = f"{_WORSE} * {_usual(growth)} / ({_usual(_WORDS)} >= {_KNOWN_WORDS})"
        usual = f"clamp_max(clamp_min({usual}, {_RARE:g}), {_MOST:g})"
        return f"{late} / ({words} >= {f.min_calls}) > {f.late_share:g} and {unusual(late, words, usual)}"

    def goes_on(growth: str) -> str:
        return f"{growth.format('15m')} > {f.late_share:g} * {_WORDS.format('15m')}"

    judged = [f"({slower(growth, window)}) and ({goes_on(growth)})" for growth in _LATE.values() for window in _WINDOWS]
    buckets = f"increase({_FAMILY}_bucket{{tenant=%q,campaign=%q}}[15m])"
    half = Ask(
        quantile(0.5, f"max by (tenant, campaign, le) ({buckets})"),
        _BY, "{{ .Value | humanizeDuration }}", " Half of them come within ", " after the answer.",
    )  # fmt: skip
    return Alert(
        "CampaignFirstWordSlow",
        Severity.WARNING,
        CAMPAIGN,
        "The agent's first word comes later than is usual for this campaign.",
        "{percent} of the first words of {campaign} are late, which is not usual for it. It is {state}.{half}",
        "Reduce concurrency, then look at the agent's and its speech service's response times.",
        any_of(judged),
        ("campaign", 415),
        keep=900,
        asks={"half": half},
        needs=("calls.answered_at", "calls.agent_spoke_at"),
        rests_on=("failures.late_share", "failures.min_calls"),
    )
