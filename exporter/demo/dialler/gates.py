"""Why a campaign may not dial now: its state, its audience, money, and the window, from the outermost in."""

from __future__ import annotations

from datetime import datetime, timedelta

from exporter.demo.dialler.conditions import Conditions
from exporter.demo.platform.model import HALTED, PLANNED, Campaign, Range
from exporter.demo.platform.state import State
from exporter.demo.platform.zones import zone_of

MINUTE = timedelta(minutes=1)
DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")


def campaign_gate(state: State, conditions: Conditions, campaign: Campaign, at: datetime) -> str | None:
    """The blocker that holds the whole campaign, or None when it may dial."""
    if campaign.state_code == PLANNED:
        return "not_started"
    if campaign.state_code == HALTED:
        return "campaign_paused"
    forced = conditions.campaign_hold.get(campaign.campaign_id)
    if forced:
        return forced
    if campaign.newest_list is not None and campaign.newest_list.state_code == "BROKEN":
        return "audience_not_ready"
    if campaign.budget_limit is not None and campaign.spent >= campaign.budget_limit:
        return "budget_exhausted"
    balance = state.accounts[campaign.account_id].credit_balance
    if balance is not None and balance <= 0:
        return "credits_exhausted"
    if campaign.always_open or campaign.campaign_id in conditions.ignores_window:
        return None
    if not any(each.enabled for each in campaign.ranges):
        return "no_window_enabled"
    return None if window_open(campaign, at) else "outside_call_window"


def window_open(campaign: Campaign, at: datetime) -> bool:
    """Whether the campaign's own clock is within one of its ranges. Ranges change on full minutes."""
    known = campaign.open_minute
    if known is None or not known <= at < known + MINUTE:
        local = at.astimezone(zone_of(campaign.tz))
        campaign.open_now = any(_within(each, local) for each in campaign.ranges if each.enabled)
        campaign.open_minute = at.replace(second=0, microsecond=0)
    return campaign.open_now


def _within(each: Range, local: datetime) -> bool:
    today, yesterday = DAYS[local.weekday()], DAYS[local.weekday() - 1]
    now = local.time()
    if each.opens < each.closes:
        return today in each.days and each.opens <= now < each.closes
    # Over midnight: the evening of a listed day, or the morning after one.
    return (today in each.days and now >= each.opens) or (yesterday in each.days and now < each.closes)


def capacity_gate(state: State, campaign: Campaign, at: datetime) -> str | None:
    """The capacity that leaves no room for one more call; "" where pacing asks to wait, which has no blocker."""
    if campaign.max_channels is not None and campaign.on_air >= campaign.max_channels:
        return "campaign_concurrency"
    crew = state.crews.get(campaign.campaign_id)
    if crew is not None:
        ringing = campaign.on_air - crew.talking
        if ringing + 1 > crew.free * crew.ratio:
            return "no_agent_available"
    account = state.accounts[campaign.account_id]
    if account.max_channels is not None and account.on_air >= account.max_channels:
        before = sum(
            other.on_air
            for other in state.campaigns.values()
            if other.account_id == account.account_id and other.dial_priority > campaign.dial_priority
        )
        return "higher_priority_campaign" if before and before * 2 >= account.max_channels else "tenant_concurrency"
    if campaign.max_per_minute is not None:
        starts = campaign.recent_starts
        while starts and (at - starts[0]).total_seconds() >= 60:
            starts.pop(0)
        if len(starts) >= campaign.max_per_minute:
            return ""
    return None
