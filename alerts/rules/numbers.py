"""Which number is bad, and is there any to call from?"""

from __future__ import annotations

from alerts.rules.compliance import trial
from alerts.settings import Settings
from alerts.vocabulary.expressions import VERY_SURE, Rules, any_of
from alerts.vocabulary.rule import CAMPAIGN, NUMBER, Alert, Concern, Record, Severity
from alerts.vocabulary.verdicts import blocked
from alerts.vocabulary.wording import Ask

WINDOWS = ("15m", "1h")
BAD = "campaign_number:answers_of_others:ratio"
"""Numbers that are answered far less than the rest of their pool, by campaign: the share of what the others have."""

THROUGH, ANSWERED = {"outcome": "!=failed"}, {"outcome": "answered"}
"""Calls that got through to somebody's line, and those of them that were answered."""

_BY = ("tenant", "campaign", "number")
_CALLS, _ANSWERS = "campaign_number:calls:increase{}", "campaign_number:calls_answered:increase{}"
_CAMPAIGN = "tenant, campaign"
_SPAN = "2d"
_FADE_CALLS = 200
_CAMPAIGNS = Ask(
    "count by (campaign) (campaign_number:answers_of_others:ratio{tenant=%q,number=%q})", ("tenant", "number"),
    "{{ .Labels.campaign }}", "Campaigns: ", ".", by="campaign",
)  # fmt: skip


def concern(q: Rules, s: Settings) -> Concern:
    """The rules."""
    return Concern("numbers", "Numbers", (_unusable(q), _bad(), _fading(s), _flagged(q)), _records(q, s))


def _records(q: Rules, s: Settings) -> tuple[Record, ...]:
    found = []
    for window in WINDOWS:
        calls = q.grown("campaign_number_calls_total", window, _BY, **THROUGH)
        answers = q.grown("campaign_number_calls_total", window, _BY, **ANSWERED)
        # a number that was never answered has no series of answers
        found += [
            Record(_CALLS.format(window), calls),
            Record(_ANSWERS.format(window), f"{answers} or 0 * {_CALLS.format(window)}"),
        ]
    return (*found, Record(BAD, any_of([_worse(window, s) for window in WINDOWS])))


def _worse(window: str, s: Settings) -> str:
    """Share of the rest's answer rate, where it is low for certain: two binomial shares, compared."""
    own, answers = _CALLS.format(window), _ANSWERS.format(window)

    def others(of: str) -> str:
        return f"(-({of} - on (tenant, campaign) group_left () sum by (tenant, campaign) ({of})))"

    rest = f"({others(own)} >= {s.numbers.min_calls})"
    rate = f"({others(answers)} / {rest})"
    expected = f"({own} * {rate})"
    spread = f"sqrt({expected} * (1 - {rate}) * (1 + {own} / {rest}))"
    return (
        f"{answers} / ({expected} > 0) < {s.numbers.drop:g} and {own} >= {s.numbers.min_calls} "
        f"and {answers} - {expected} < -{VERY_SURE:g} * {spread}"
    )


def _unusable(q: Rules) -> Alert:
    return Alert(
        "CampaignNumbersUnusable",
        Severity.CRITICAL,
        CAMPAIGN,
        "The campaign's contacts find no number to be called from.",
        "{campaign} is {state}{since}: the card says what refuses each number.",
        "Read on the card what refuses each number; then add clean ones of the contacts' country.",
        any_of([blocked(q, "numbers"), f"({_mismatch(q)}) and on ({_CAMPAIGN}) {q.is_status('running')}"]),
        ("campaign", 801),
        wait=60,
        keep=120,
        labels={"gate": "numbers"},
    )


def _mismatch(q: Rules) -> str:
    """Contacts for whom there is no number, of those that are tried now: a campaign goes on with the others."""
    return trial(q, 6, blocker="no_country_match")


def _bad() -> Alert:
    return Alert(
        "CampaignNumberBad",
        Severity.WARNING,
        NUMBER,
        "A number is answered far less than the rest of its pool: it is probably labelled as spam.",
        "Calls from number {number} of tenant {tenant} are answered at {percent} of the rate of its pool. {campaigns}",
        "Take it out of the pool first; then watch before the next change.",
        f"min by (tenant, number) ({BAD})",
        ("numbers", 110),
        wait=60,
        keep=1800,
        asks={"campaigns": _CAMPAIGNS},
        needs=("calls.number_id",),
        rests_on=("numbers.drop", "numbers.min_calls"),
    )


def _fading(s: Settings) -> Alert:
    def grown(recorded: str, back: str) -> str:
        return f"sum by (tenant, number) (sum_over_time({recorded.format('1h')}[{_SPAN}:1h]{back}))"

    now, before = (f"{grown(_ANSWERS, back)} / ({grown(_CALLS, back)} >= {_FADE_CALLS})" for back in ("", " offset 1w"))
    return Alert(
        "CampaignNumberFading",
        Severity.WARNING,
        NUMBER,
        "A number's answer rate of two days fell far below its own of the same days a week ago.",
        "Number {number} of tenant {tenant} was answered for two days at {percent} of its rate a week ago.",
        "Check its reputation with the carriers; rest it before it is blocked.",
        f"({now}) / ({before} > 0) < {s.numbers.fade:g}",
        ("numbers", 102),
        wait=3600,
        keep=3600,
        needs=("calls.number_id",),
        rests_on=("numbers.fade",),
    )


def _flagged(q: Rules) -> Alert:
    used = f"max by (tenant, number) ({q.last('campaign_number_weight')} > 0)"
    flagged = f"max by (tenant, number) ({q.last('campaign_number_status', status='flagged')}) == 1"
    return Alert(
        "CampaignNumberFlagged",
        Severity.WARNING,
        NUMBER,
        "A number of a pool is flagged as spam.",
        "Number {number} of tenant {tenant} is flagged as spam and still part of a pool.",
        "Take it out of the pool and add another; ask the carriers to lift the label.",
        f"{flagged} and on (tenant, number) {used}",
        ("numbers", 121),
        wait=600,
        keep=600,
        needs=("numbers", "campaign_numbers"),
    )
