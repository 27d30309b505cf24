"""Are calls made as the rules on telemarketing ask? The measures are those of 16 CFR 310.4(b)(4)."""

from __future__ import annotations

from alerts.settings import Settings
from alerts.vocabulary import records
from alerts.vocabulary.expressions import Rules, any_of, shares
from alerts.vocabulary.rule import CAMPAIGN, Alert, Concern, Record, Severity

_BY = ("tenant", "campaign")
_CUT, _UNANSWERED = "campaign:calls_cut_short:increase{}", "campaign:calls_unanswered:increase{}"
_WINDOWS = ("15m", "1h")


def concern(q: Rules, s: Settings) -> Concern:
    """The rules."""
    return Concern("telemarketing", "Telemarketing rules", (_rings(s),), _records(q), every=60)


def _records(q: Rules) -> tuple[Record, ...]:
    found: list[Record] = []
    for growth, name in (
        (_CUT, "campaign_calls_cut_short_total"),
        (_UNANSWERED, "campaign_call_unanswered_ring_seconds_count"),
    ):
        found += [Record(records.so_far(growth), q.sums(name, _BY)), *records.growths(growth, _WINDOWS)]
    return tuple(found)


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
