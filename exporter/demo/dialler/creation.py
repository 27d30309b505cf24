"""Makes a world out of its specification: ids are places in the specification, so they are the same every time."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta

from exporter.demo.dialler.dialler import Dialler
from exporter.demo.dialler.lifecycle import Move
from exporter.demo.platform.model import (
    DRAFT,
    PLANNED,
    Account,
    Agent,
    Arm,
    Campaign,
    Crew,
    Did,
    Objective,
    PoolMember,
    Range,
    Trunk,
)
from exporter.demo.platform.state import State
from exporter.demo.platform.traits import Traits
from exporter.demo.platform.world import CampaignSpec, WorldSpec

TOPUP_SHARE = 0.2
LIST_COMES_BEFORE = timedelta(minutes=2)


def campaign_ids(spec: WorldSpec) -> Mapping[str, int]:
    """The id of each campaign, by its key."""
    return {campaign.key: number for number, campaign in enumerate(spec.campaigns, start=1)}


def number_ids(spec: WorldSpec) -> Mapping[str, int]:
    return {did.key: number for number, did in enumerate(spec.dids, start=1)}


def trunk_ids(spec: WorldSpec) -> Mapping[str, int]:
    return {trunk.key: number for number, trunk in enumerate(spec.trunks, start=1)}


def account_ids(spec: WorldSpec) -> Mapping[str, int]:
    return {account.key: number for number, account in enumerate(spec.accounts, start=1)}


def traits_of(spec: WorldSpec) -> Mapping[int, Traits]:
    """How each campaign's audience behaves, by campaign id."""
    return {number: campaign.traits for number, campaign in enumerate(spec.campaigns, start=1)}


def moves_of(spec: WorldSpec, origin: datetime) -> list[Move]:
    """What people plan to do in this world whose history ends at `origin`."""
    ids = campaign_ids(spec)
    return [
        Move(origin + move.at, ids[campaign.key], move.kind, move.actor, dict(move.detail))
        for campaign in spec.campaigns
        for move in campaign.moves
    ]


def create(spec: WorldSpec, origin: datetime, start: datetime, seed: str | int, tick: timedelta) -> Dialler:
    """A new world and its dialler, at `start`; times of the specification count from `origin`."""
    state = State()
    accounts, trunks, dids = account_ids(spec), trunk_ids(spec), number_ids(spec)
    for account in spec.accounts:
        number = accounts[account.key]
        below = account.credits * TOPUP_SHARE
        state.accounts[number] = state.add(
            Account(number, account.name, account.tz, account.channels, account.credits, below, account.credits)
        )
    for trunk in spec.trunks:
        number = trunks[trunk.key]
        state.trunks[number] = state.add(
            Trunk(number, accounts[trunk.account], trunk.provider, trunk.channels, trunk.cps)
        )
    for did in spec.dids:
        number, trunk_id = dids[did.key], trunks[did.trunk]
        owner = state.trunks[trunk_id].account_id
        state.dids[number] = state.add(
            Did(number, owner, trunk_id, did.phone, did.key, did.country, did.state, did.cap, did.spacing)
        )
    for number, campaign in enumerate(spec.campaigns, start=1):
        _create_campaign(state, number, campaign, accounts, dids, origin, start)
    dialler = Dialler(state, traits_of(spec), start, seed, moves_of(spec, origin), tick)
    plan_lists(dialler, spec, origin, start, everything=True)
    return dialler


def plan_lists(dialler: Dialler, spec: WorldSpec, origin: datetime, now: datetime, everything: bool = False) -> None:
    """Let the specified list files arrive: those still to come, or everything where nothing has come yet."""
    for number, campaign in enumerate(spec.campaigns, start=1):
        for plan in campaign.lists:
            at = origin + plan.at - LIST_COMES_BEFORE
            if at > now or everything:
                dialler.agenda.put(
                    max(at, now), dialler.audience.stage, dialler.state.campaigns[number],
                    plan.rows, plan.filename, plan.error,
                )  # fmt: skip


def _create_campaign(
    state: State,
    number: int,
    spec: CampaignSpec,
    accounts: Mapping[str, int],
    dids: Mapping[str, int],
    origin: datetime,
    start: datetime,
) -> None:
    campaign = Campaign(
        number, accounts[spec.account], spec.title, DRAFT if spec.start is None else PLANNED, spec.tz,
        agent_code=spec.agent, dial_priority=spec.priority,
        planned_start_at=None if spec.start is None else origin + spec.start, always_open=spec.hours is None,
        expires_at=None if spec.expires is None else origin + spec.expires, max_channels=spec.channels,
        max_per_minute=spec.per_minute, max_tries=spec.tries, match_country=spec.match_country,
        currency=spec.currency, budget_limit=spec.budget,
    )  # fmt: skip
    for agent in dict.fromkeys([spec.agent, *(arm[1] for arm in spec.arms)]):
        if agent is not None and agent not in state.agents:
            state.agents[agent] = state.add(Agent(agent, agent.replace("-", " ").title()))
    state.campaigns[number] = state.add(campaign)
    if spec.crew is not None:
        shift = spec.crew.shift
        crew = Crew(number, spec.crew.seats, spec.crew.ratio, list(shift.days), shift.opens, shift.closes)
        state.crews[number] = state.add(crew)
    for hours in spec.hours or ():
        row = Range(state.next_id(Range), number, list(hours.days), hours.opens, hours.closes)
        campaign.ranges.append(state.add(row))
    for key, weight in spec.pool:
        campaign.pool.append(state.add(PoolMember(number, dids[key], weight)))
    if spec.goal:
        campaign.objectives.append(state.add(Objective(number, spec.goal[0], spec.goal[1])))
    for arm, agent, share in spec.arms:
        campaign.arms.append(state.add(Arm(number, arm, agent, share)))
    state.journal(campaign, start, "created", "operator")
