"""Which number is bad, and is there any to call from?"""

from __future__ import annotations

from alerts.rules.compliance import trial
from alerts.settings import Settings
from alerts.vocabulary import records
from alerts.vocabulary.expressions import VERY_SURE, Rules, any_of
from alerts.vocabulary.rule import CAMPAIGN, NUMBER, Alert, Concern, Record, Severity
from alerts.vocabulary.verdicts import blocked
from alerts.vocabulary.wording import Ask

WINDOWS = ("15m", "1h")
BAD = "campaign_number:answers_of_others:ratio"
"""Numbers that are answered far less than the rest of their pool, by campaign: the share of what the others have."""

_BY = ("tenant", "campaign", "number")
_CALLS, _ANSWERS = "campaign_number:calls:increase{}", "campaign_number:calls_answered:increase{}"
DIALLED, _ASIDE = "campaign_number:calls_all:increase{}", "campaign_number:calls_aside:increase{}"
"""All its calls, and those that did not get through, as far as is known."""

_OTHERS, _OTHERS_ANSWERED = "campaign_number:calls_of_others:increase{}", "campaign_number:answers_of_others:increase{}"
"""Calls and answers of the rest of the pool, of numbers that have enough calls of their own to be compared with it."""

_EXPECTED = "campaign_number:answers_expected:increase{}"
"""Answers that those would have at the rate of the rest."""
_CAMPAIGN = "tenant, campaign"
_SPAN = "2d"
_FADE_CALLS = 200
_CAMPAIGNS = Ask(
    "count by (campaign) (campaign_number:answers_of_others:ratio{tenant=%q,number=%q})", ("tenant", "number"),
    "{{ .Labels.campaign }}", "Campaigns: ", ".", by="campaign",
)  # fmt: skip


def concern(q: Rules, s: Settings) -> Concern:
    """The rules."""
    return Concern("numbers", "Numbers", (_unusable(q), _bad(), _fading(s), _flagged(q)), _records(q, s), every=60)


def _records(q: Rules, s: Settings) -> tuple[Record, ...]:
    name = "campaign_number_calls_total"
    found = [
        Record(records.so_far(growth), q.sums(name, _BY, **matchers))
        for growth, matchers in ((DIALLED, {}), (_ANSWERS, records.PICKED_UP), (_ASIDE, records.ASIDE))
    ]
    for window in WINDOWS:
        own, answers = _CALLS.format(window), _ANSWERS.format(window)
        dialled, answered, aside = (records.grown(each, window) for each in (DIALLED, _ANSWERS, _ASIDE))
        # of what is idle nothing is recorded; a number that was never answered has no series of answers
        found += [
            Record(own, f"({dialled} - {aside} or {dialled}) > 0"),
            Record(answers, f"{answered} and {own} or 0 * {own}"),
            *(
                Record(rest.format(window), _others(of, f"({own} >= {s.numbers.min_calls})"))
                for rest, of in ((_OTHERS, own), (_OTHERS_ANSWERED, answers))
            ),
            Record(_EXPECTED.format(window), f"{own} * ({_rate_of_others(window, s)})"),
        ]
    hourly = [Record(_of_tenant(each), f"sum by (tenant, number) ({each.format('1h')})") for each in (_CALLS, _ANSWERS)]
    return (*found, *hourly, Record(BAD, any_of([_worse(window, s) for window in WINDOWS])))


def _others(of: str, enough: str) -> str:
    """What there is of the rest of the pool, for the numbers that have enough calls."""
    whole = f"sum by (tenant, campaign) ({of})"
    return f"-(({of} and {enough}) - on (tenant, campaign) group_left () {whole})"


def _rest(window: str, s: Settings) -> str:
    return f"({_OTHERS.format(window)} >= {s.numbers.min_calls})"


def _rate_of_others(window: str, s: Settings) -> str:
    return f"{_OTHERS_ANSWERED.format(window)} / {_rest(window, s)}"


def _of_tenant(growth: str) -> str:
    return growth.format("1h").replace("campaign_number:", "tenant_number:")


def _worse(window: str, s: Settings) -> str:
    """Share of the rest's answer rate, where it is low for certain: two binomial shares, compared."""
    answers, expected = _ANSWERS.format(window), _EXPECTED.format(window)
    spread = (
        f"sqrt({expected} * (1 - {_rate_of_others(window, s)}) * (1 + {_CALLS.format(window)} / {_rest(window, s)}))"
    )
    return f"{answers} / ({expected} > 0) < {s.numbers.drop:g} and {answers} - {expected} < -{VERY_SURE:g} * {spread}"


def _unusable(q: Rules) -> Alert:
    return Alert(
        "CampaignNumbersUnusable",
        Severity.CRITICAL,
        CAMPAIGN,
        "The campaign's contacts find no number to be called from.",
        "{campaign} is {state}{since}: the card says what refuses each number.",
        "Read on the card what refuses each number; then add clean ones of the contacts' country.",
        any_of([blocked(q, "numbers"), f"({_mismatch()}) and on ({_CAMPAIGN}) {q.is_status('running')}"]),
        ("campaign", 801),
        wait=60,
        keep=120,
        labels={"gate": "numbers"},
    )


def _mismatch() -> str:
    """Contacts for whom there is no number, of those that are tried now: a campaign goes on with the others."""
    return trial("no_country_match", 6)


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
        return f"sum_over_time({_of_tenant(recorded)}[{_SPAN}:1h]{back})"

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
