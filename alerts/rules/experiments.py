"""Can the A/B test be believed?"""

from __future__ import annotations

from alerts.settings import Settings
from alerts.vocabulary.expressions import Rules
from alerts.vocabulary.rule import CAMPAIGN, Alert, Concern, Severity

MISMATCH = 0.001
"""A split that is less probable than this is no chance (domain: flag it before any winner)."""


def concern(q: Rules, _: Settings) -> Concern:
    """The rules."""
    split = f"min by (tenant, campaign) ({q.last('campaign_variant_sample_ratio_p_value')})"
    alert = Alert(
        "CampaignSampleRatioMismatch",
        Severity.WARNING,
        CAMPAIGN,
        "The arms of an A/B test did not get their shares of the contacts: no winner may be named.",
        "The split of contacts of {campaign} has a probability of {probability} if its arms got their shares.",
        "Name no winner; find what sends contacts to one arm: an import, a filter, an edit of the weights.",
        f"{split} < {MISMATCH:g}",
        ("campaign", 604),
        wait=300,
        keep=3600,
        managers=True,
        needs=("variants", "tasks.variant"),
    )
    return Concern("experiments", "Experiments", (alert,))
