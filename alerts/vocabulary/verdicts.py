"""Campaigns by what the exporter says of their dispatch: which are blocked, by what, and how they are named."""

from __future__ import annotations

from alerts.vocabulary.expressions import Rules
from alerts.vocabulary.wording import NAMED, Ask


def which(**told: str) -> Ask:
    """The campaigns of the tenant of which this is told."""
    matchers = ",".join(f'{name}="{value}"' for name, value in told.items())
    those = f"max by (campaign) (campaign_dispatch_info{{tenant=%q,{matchers}}})"
    named = f"max by (campaign, name) (campaign_info{{tenant=%q}}) and on (campaign) {those}"
    query = f"{named} or on (campaign) {those}"
    return Ask(query, ("tenant", "tenant", "tenant"), NAMED, "Campaigns: ", ".", by="campaign")


def blocked(q: Rules, gate: str, **more: str) -> str:
    """Campaigns that are blocked by a gate."""
    return q.told(verdict="blocked", gate=gate, **more)


def by_gate(q: Rules, **more: str) -> str:
    """Blocked campaigns, with the gate as a label."""
    return f"max by (tenant, campaign, gate) ({q.last('campaign_dispatch_info', verdict='blocked', **more)})"
