"""What the dispatcher sees of a campaign's capacity, written down for the debug view."""

from __future__ import annotations

from collections import Counter
from datetime import datetime
from typing import Any

from exporter.demo.dialler.selection import Selection
from exporter.demo.platform.model import Campaign
from exporter.demo.platform.state import State


def capacity_of(
    state: State, selection: Selection, campaign: Campaign, at: datetime, reason: str | None
) -> dict[str, Any]:
    """The raw capacity numbers of one moment: limits, what is used, and the numbers of the pool by refusal."""
    account = state.accounts[campaign.account_id]
    refusals: Counter[str] = Counter()
    trunks: dict[int, dict[str, Any]] = {}
    for member in campaign.pool:
        did = state.dids.get(member.did_id)
        if did is None:
            continue
        trunk = state.trunks[did.trunk_id]
        trunks[trunk.trunk_id] = {
            "connection": trunk.trunk_id, "provider": trunk.provider, "limit": trunk.max_channels,
            "used": trunk.on_air,
        }  # fmt: skip
        refusals[selection.refusal(campaign, None, did, at) or "usable"] += 1
    crew = state.crews.get(campaign.campaign_id)
    people = {} if crew is None else {
        "agents": {"logged_in": crew.logged_in, "free": crew.free, "talking": crew.talking, "paused": crew.paused},
    }  # fmt: skip
    return {
        **people,
        "reason": reason or None,
        "queue": {"open": campaign.open_leads, "calling": campaign.on_air},
        "campaign": {"limit": campaign.max_channels, "used": campaign.on_air},
        "tenant": {"limit": account.max_channels, "used": account.on_air, "credits": account.credit_balance and round(
            account.credit_balance, 2)},
        "budget": {"limit": campaign.budget_limit, "spent": round(campaign.spent, 2)},
        "connections": list(trunks.values()),
        "numbers": dict(refusals),
    }  # fmt: skip
