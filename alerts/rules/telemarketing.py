"""Are calls made as the rules on telemarketing ask? The measures are those of 16 CFR 310.4(b)(4)."""

from __future__ import annotations

from alerts.settings import Settings
from alerts.vocabulary import records
from alerts.vocabulary.expressions import Rules, any_of, shares
from alerts.vocabulary.rule import CAMPAIGN, Alert, Concern, Record, Severity
from alerts.vocabulary.wording import MOMENT, Ask

_BY = ("tenant", "campaign")
_CUT, _UNANSWERED = "campaign:calls_cut_short:increase{}", "campaign:calls_unanswered:increase{}"
_WINDOWS = ("15m", "1h")


_ANSWERED, _ABANDONED = "campaign:period_answered:sum", "campaign:period_abandoned:sum"
_LIMIT = 0.03
"""The share of answered calls that may be abandoned in a period (16 CFR 310.4(b)(4)(i))."""

_CHANCE = 2
"""Standard deviations above a share from which few calls are above it for certain: what is measured is no sample, but
a share of few calls comes down again by itself."""


def concern(q: Rules, s: Settings) -> Concern:
    """The rules."""
    return Concern("telemarketing", "Telemarketing rules", (_rings(s), *_abandoned(s)), _records(q), every=60)


def _records(q: Rules) -> tuple[Record, ...]:
    found: list[Record] = []
    for growth, name in (
        (_CUT, "campaign_calls_cut_short_total"),
        (_UNANSWERED, "campaign_call_unanswered_ring_seconds_count"),
    ):
        found += [Record(records.so_far(growth), q.sums(name, _BY)), *records.growths(growth, _WINDOWS)]
    for recorded, part in ((_ANSWERED, "answered"), (_ABANDONED, "abandoned")):
        found.append(Record(recorded, f"max by (tenant, campaign) ({q.last(f'campaign_abandonment_period_{part}')})"))
    return tuple(found)


def _abandoned(s: Settings) -> tuple[Alert, ...]:
    c = s.compliance

    def above(share: float) -> str:
        excess = f"{_ABANDONED} - {share:g} * {_ANSWERED}"
        spread = f"{_CHANCE} * sqrt({share * (1 - share):.4g} * {_ANSWERED})"
        sure = f"{excess} > 0 and ({_ANSWERED} >= {c.abandoned_sure} or {excess} > {spread})"
        return f"{_ABANDONED} / ({_ANSWERED} >= {c.abandoned_calls}) > {share:g} and ({sure})"

    def goes_on(span: str) -> str:
        """Some call was abandoned lately: else nobody can do anything before the next period begins."""
        return f"({_ABANDONED} - {_ABANDONED} offset {span} > 0 or {_ABANDONED} > 0 unless {_ABANDONED} offset {span})"

    counts = Ask(
        "max(campaign_abandonment_period_abandoned{tenant=%q,campaign=%q})", _BY,
        "{{ .Value | printf \"%.0f\" }}", " Abandoned in this period: ", "",
    )  # fmt: skip
    of = Ask(
        "max(campaign_abandonment_period_answered{tenant=%q,campaign=%q})", _BY,
        "{{ .Value | printf \"%.0f\" }}", " of ", ".",
    )  # fmt: skip
    began = Ask(
        "min(campaign_abandonment_period_start_timestamp_seconds{tenant=%q,campaign=%q})", _BY, MOMENT,
        " It began on ", ".",
    )  # fmt: skip
    told = {"counts": counts, "of": of, "began": began}
    needs = ("campaigns.started_at", "calls.answered_at", "calls.agent_spoke_at")
    return (
        Alert(
            "CampaignAbandonmentOverLimit",
            Severity.CRITICAL,
            CAMPAIGN,
            "More calls are abandoned in this 30-day period than the FTC's safe harbour allows, and more come.",
            "{percent} of the calls of {campaign} that people answered in this period were abandoned; 3% are allowed."
            "{counts}{of}{began}",
            "Reduce concurrency until no call waits for the agent; pause the campaign if that does not help.",
            f"({above(_LIMIT)}) and on (tenant, campaign) ({goes_on('1h')})",
            ("campaign", 417),
            keep=900,
            asks=told,
            managers=True,
            needs=needs,
            rests_on=("compliance.abandoned_calls", "compliance.abandoned_sure"),
        ),
        Alert(
            "CampaignAbandonmentNearLimit",
            Severity.WARNING,
            CAMPAIGN,
            "So many calls are abandoned in this 30-day period that the FTC's limit of 3 % is near.",
            "{percent} of the calls of {campaign} that people answered in this period were abandoned; 3% are allowed."
            "{counts}{of}{began}",
            "Reduce concurrency until no call waits for the agent, and watch how many may still be abandoned.",
            f"({above(c.abandoned_near)}) and on (tenant, campaign) ({goes_on('1d')})",
            ("campaign", 417),
            wait=300,
            keep=3600,
            asks=told,
            managers=True,
            needs=needs,
            rests_on=("compliance.abandoned_near", "compliance.abandoned_calls", "compliance.abandoned_sure"),
        ),
    )


def _rings(s: Settings) -> Alert:
    c = s.compliance

    def short(window: str) -> str:
        cut, calls = _CUT.format(window), _UNANSWERED.format(window)
        return shares(cut, calls, above=c.cut_share, least=c.cut_calls)

    lately = f"{_CUT.format('15m')} > {c.cut_share:g} * {_UNANSWERED.format('15m')}"
    return Alert(
        "CampaignRingTooShort",
        Severity.WARNING,
        CAMPAIGN,
        "Calls that nobody answers are given up before they rang for 15 seconds.",
        "{percent} of the unanswered calls of {campaign} ended within less than 15 seconds.",
        "Have the time that unanswered calls ring set to 15 seconds or four rings at least.",
        f"({any_of([short(window) for window in _WINDOWS])}) and on (tenant, campaign) ({lately})",
        ("campaign", 416),
        keep=900,
        needs=("calls.ended_at",),
        managers=True,
        rests_on=("compliance.cut_share", "compliance.cut_calls"),
    )
