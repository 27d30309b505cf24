"""What scenarios do to the world: small functions that the table of scenarios is made of."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

from exporter.demo.dialler.gates import DAYS
from exporter.demo.platform.model import Range
from exporter.demo.platform.zones import zone_of
from exporter.demo.scenarios.stage import Stage, Undo

Effect = Callable[[Stage], None]


def rate(condition: str, parameter: str = "rate") -> Effect:
    """Set a rate of the campaigns meant in the condition of that name."""

    def apply(stage: Stage) -> None:
        where = getattr(stage.dialler.conditions, condition)
        for number in stage.campaign_ids():
            where[number] = stage.number(parameter)

    return apply


def mark(condition: str) -> Effect:
    def apply(stage: Stage) -> None:
        getattr(stage.dialler.conditions, condition).update(stage.campaign_ids())

    return apply


def hold_leads(code: str) -> Effect:
    def apply(stage: Stage) -> None:
        for number in stage.campaign_ids():
            stage.dialler.conditions.lead_holds[number] = (stage.number("share"), code)

    return apply


def hold_campaign(code: str) -> Effect:
    def apply(stage: Stage) -> None:
        for number in stage.campaign_ids():
            stage.dialler.conditions.campaign_hold[number] = code

    return apply


def fail_trunk(stage: Stage) -> None:
    for trunk in stage.trunks():
        stage.dialler.conditions.trunk_faults[trunk.trunk_id] = (stage.number("rate"), stage.text("code"))


def recover_trunk(stage: Stage) -> None:
    for trunk in stage.trunks():
        trunk.faults_in_a_row, trunk.backoff_until, trunk.probing = 0, None, False


def spam(stage: Stage) -> None:
    for did in stage.dids():
        stage.dialler.conditions.number_factor[did.did_id] = stage.number("factor")


def pool_state(code: str) -> Effect:
    return lambda stage: stage.change(stage.pool(), "settings", "state_code", code)


def pool_capped(stage: Stage) -> None:
    for did in stage.pool():
        stage.change([did], "settings", "max_per_day", stage.dialler.selection.used_today(did, stage.at))


def pool_cooling(stage: Stage) -> None:
    until = stage.at + timedelta(minutes=stage.number("minutes"))
    stage.change(stage.pool(), "use", "rest_until", until)
    stage.change(stage.pool(), "settings", "spacing_seconds", int(stage.number("minutes") * 60))


def windows_off(stage: Stage) -> None:
    for campaign in stage.campaigns():
        stage.change([campaign], "settings", "always_open", False)
        stage.change(campaign.ranges, "settings", "enabled", False)


def window_moved(stage: Stage) -> None:
    """One hour of dialling, some hours from now, instead of the campaign's own ranges."""
    windows_off(stage)
    for campaign in stage.campaigns():
        opens = stage.at.astimezone(zone_of(campaign.tz)).replace(minute=0, second=0, microsecond=0)
        opens += timedelta(hours=stage.number("hours"))
        closes = opens + timedelta(hours=1)
        number = stage.dialler.state.next_id(Range)
        row = Range(number, campaign.campaign_id, list(DAYS), opens.time(), closes.time())
        campaign.ranges.append(stage.dialler.state.add(row))
        stage.undo.append(Undo("Range", number, "settings", "enabled", False))


def wrong_zone(stage: Stage) -> None:
    """A zone in which it is about two in the morning now."""
    east = (2 - stage.at.hour + 11) % 24 - 11  # hours east of Greenwich, from -11 to 12
    zone = f"Etc/GMT{-east:+d}" if east else "Etc/GMT"  # these names count westwards
    for campaign in stage.campaigns():
        stage.change([campaign], "settings", "tz", zone)


def no_credits(stage: Stage) -> None:
    for account in stage.accounts():
        stage.change([account], "settings", "topup_below", None)
        stage.change([account], "balance", "credit_balance", stage.number("left"))


def no_budget(stage: Stage) -> None:
    for campaign in stage.campaigns():
        stage.change([campaign], "settings", "budget_limit", round(campaign.spent + stage.number("left"), 2))


def starve(stage: Stage) -> None:
    for campaign in stage.campaigns("by"):
        account = stage.dialler.state.accounts[campaign.account_id]
        stage.change([campaign], "settings", "dial_priority", 100)
        stage.change([campaign], "settings", "max_channels", None)
        stage.change([campaign], "settings", "always_open", True)
        stage.change([account], "settings", "max_channels", int(stage.number("slots")))


def flood(stage: Stage) -> None:
    stage.dialler.conditions.bursting.update(stage.campaign_ids("by"))


def import_fails(stage: Stage) -> None:
    for campaign in stage.campaigns():
        stage.dialler.audience.stage(stage.at, campaign, int(stage.number("rows")), error=stage.text("error"))


def import_again(stage: Stage) -> None:
    for campaign in stage.campaigns():
        stage.dialler.audience.stage(stage.at, campaign, int(stage.number("rows")))


def pause(stage: Stage) -> None:
    for campaign in stage.campaigns():
        stage.dialler.lifecycle.pause(campaign, stage.at, "operator", stage.text("reason"))


def resume(stage: Stage) -> None:
    for campaign in stage.campaigns():
        stage.dialler.lifecycle.resume(campaign, stage.at, "operator")


def pause_by_itself(stage: Stage) -> None:
    for campaign in stage.campaigns():
        stage.dialler.lifecycle.pause(campaign, stage.at, "platform", stage.text("reason"))


def breaker_opens(stage: Stage) -> None:
    for campaign in stage.campaigns():
        stage.dialler.state.journal(campaign, stage.at, "circuit_breaker_opened", "platform")


def breaker_closes(stage: Stage) -> None:
    for campaign in stage.campaigns():
        stage.dialler.state.journal(campaign, stage.at, "circuit_breaker_closed", "platform")


def release_slots(stage: Stage) -> None:
    stage.dialler.calls.release_leaked(stage.at)


def tenant_channels(stage: Stage) -> None:
    stage.change(stage.accounts(), "settings", "max_channels", int(stage.number("limit")))


def unknown(stage: Stage) -> None:
    for number in stage.campaign_ids():
        stage.dialler.conditions.unknown_outcome[number] = (stage.number("share"), stage.text("outcome"))
        stage.dialler.conditions.lead_holds[number] = (stage.number("share"), stage.text("blocker"))


def abroad(stage: Stage) -> None:
    stage.change(stage.campaigns(), "settings", "match_country", True)
    stage.change(stage.pool(), "settings", "country", stage.text("country"))


def channels(stage: Stage) -> None:
    stage.change(stage.trunks(), "settings", "max_channels", int(stage.number("limit")))


def on_break(stage: Stage) -> None:
    for number in stage.campaign_ids():
        stage.dialler.conditions.breaks[number] = stage.text("reason")


def shift_ends(stage: Stage) -> None:
    for campaign in stage.campaigns():
        now = stage.at.astimezone(zone_of(campaign.tz)).replace(second=0, microsecond=0)
        stage.change(stage.crews(), "settings", "shift_closes", now.time())


def over_dial(stage: Stage) -> None:
    stage.change(stage.crews(), "settings", "ratio", stage.number("ratio"))
    import_again(stage)
