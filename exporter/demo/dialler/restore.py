"""Takes the dialler's memory back out of the database: at a restart, and every few seconds for what people set."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from typing import Any

from psycopg import Connection, sql
from psycopg.types.numeric import FloatLoader

from exporter.demo.dialler.audience import BYTES_PER_ROW, enqueue
from exporter.demo.dialler.creation import moves_of, plan_lists, traits_of
from exporter.demo.dialler.dialler import Dialler
from exporter.demo.platform import model
from exporter.demo.platform.model import Attempt, Campaign, Lead, ListFile
from exporter.demo.platform.state import State
from exporter.demo.platform.tables import TABLE_OF
from exporter.demo.platform.world import WorldSpec
from exporter.demo.platform.zones import zone_of

# Settings of which people keep track: a change made by SQL is journalled like one made in the platform.
WATCHED = (
    "dial_priority", "max_channels", "max_per_minute", "tz", "always_open", "budget_limit", "match_country",
    "max_tries",
)  # fmt: skip
# Which rows belong to a campaign, by the attribute that holds them.
_PARTS: Mapping[str, type] = {
    "ranges": model.Range, "pool": model.PoolMember, "objectives": model.Objective, "arms": model.Arm,
}  # fmt: skip
_UNKNOWN_HOLD = "?"
_COUNTED = (
    model.Person, Lead, ListFile, model.Range, model.JournalEntry, model.LeadLogEntry, model.DispatchLogEntry,
)  # fmt: skip


_ALL = sql.SQL("")


def prepare(connection: Connection[Any]) -> None:
    """The dialler reckons in floats; must be called on each connection it uses."""
    connection.adapters.register_loader("numeric", FloatLoader)


def rows(connection: Connection[Any], kind: type, where: sql.SQL = _ALL, *values: Any) -> Iterator[Any]:
    """Objects of a kind from its table."""
    table = TABLE_OF[kind]
    columns = list(table.columns)
    statement = sql.SQL("SELECT {} FROM {} AS t {} ORDER BY {}").format(
        sql.SQL(", ").join(map(sql.Identifier, columns)), sql.Identifier("dialler", table.name), where,
        sql.SQL(", ").join(map(sql.Identifier, table.key_columns())),
    )  # fmt: skip
    for row in connection.execute(statement, values):
        yield kind(**dict(zip(columns, row, strict=True)))


def restore(
    connection: Connection[Any], spec: WorldSpec, origin: datetime, now: datetime, seed: str, tick: timedelta
) -> Dialler:
    """A dialler that goes on at `now` with what the database holds: queues, calls on air, costs still to come."""
    prepare(connection)
    state = State()
    refresh_settings(connection, state, now, first=True)
    for kind in _COUNTED:
        table = TABLE_OF[kind]
        statement = sql.SQL("SELECT coalesce(max({}), 0) FROM {}").format(
            sql.Identifier(table.key_columns()[0]), sql.Identifier("dialler", table.name)
        )
        state.reserve_ids(kind, connection.execute(statement).fetchone()[0])  # type: ignore[index]
    _load_leads(connection, state)
    dialler = Dialler(state, traits_of(spec), now, seed, moves_of(spec, origin), tick)
    plan_lists(dialler, spec, origin, now)
    _load_calls(connection, dialler, now)
    for item in rows(connection, ListFile, sql.SQL("WHERE state_code IN ('STAGED', 'READING')")):
        state.campaigns[item.campaign_id].newest_list = item
        dialler.audience.load_later(now, item, (item.bytes or 0) // BYTES_PER_ROW)
    return dialler


def _load_leads(connection: Connection[Any], state: State) -> None:
    homes = {
        row[0]: (row[1], row[2])
        for row in connection.execute(
            "SELECT l.lead_id, p.country, p.tz FROM dialler.lead AS l JOIN dialler.person AS p USING (person_id) "
            "WHERE l.state_code IN ('Q', 'D')"
        )
    }
    for lead in rows(connection, Lead, sql.SQL("WHERE state_code IN ('Q', 'D')")):
        country, tz = homes[lead.lead_id]
        lead.country, lead.zone = country or "", zone_of(tz) if tz else None
        campaign = state.campaigns[lead.campaign_id]
        state.leads[lead.lead_id] = lead
        campaign.open_leads += 1
        if lead.state_code == model.QUEUED:
            enqueue(campaign, lead, lead.due_at or lead.created_at)
            if lead.hold_code is not None:
                # Which reason the queue carries is found out by the first pass, which then writes the right one.
                campaign.stamped[lead] = None
                campaign.hold = _UNKNOWN_HOLD


def _load_calls(connection: Connection[Any], dialler: Dialler, now: datetime) -> None:
    state = dialler.state
    calling: set[int] = set()
    unsettled = sql.SQL("WHERE result_code = 'LIVE' OR (ai_cost IS NULL AND hung_up_at IS NOT NULL)")
    for attempt in rows(connection, Attempt, unsettled):
        if attempt.result_code != model.ON_AIR:
            dialler.calls.settle(attempt, now)
        elif attempt.lead_id in state.leads:
            calling.add(attempt.lead_id)
            dialler.calls.resume(attempt, now)
    for lead in list(state.leads.values()):
        if lead.state_code == model.DIALLING and lead.lead_id not in calling:
            lead.state_code = model.QUEUED
            state.touch_at(lead, now)
            enqueue(state.campaigns[lead.campaign_id], lead, now)


def refresh_settings(connection: Connection[Any], state: State, at: datetime, first: bool = False) -> None:
    """Read again what people may have changed by SQL. Call it right after a flush, in the same transaction."""
    settings: tuple[tuple[type, dict[Any, Any], str], ...] = (
        (model.Account, state.accounts, "account_id"), (model.Trunk, state.trunks, "trunk_id"),
        (model.Did, state.dids, "did_id"), (model.Agent, state.agents, "agent_code"),
        (model.Crew, state.crews, "campaign_id"),
    )  # fmt: skip
    for kind, known, key in settings:
        _merge(known, key, rows(connection, kind), TABLE_OF[kind].columns)
    before = {number: _settings(campaign) for number, campaign in state.campaigns.items()}
    columns = TABLE_OF[Campaign].columns
    _merge(state.campaigns, "campaign_id", rows(connection, Campaign), columns)
    for attribute, kind in _PARTS.items():
        grouped = defaultdict(list)
        for item in rows(connection, kind):
            grouped[item.campaign_id].append(item)
        for number, campaign in state.campaigns.items():
            if _different(getattr(campaign, attribute), grouped[number], kind):
                setattr(campaign, attribute, grouped[number])
                campaign.open_minute = None
                if not first:
                    state.journal(campaign, at, f"{attribute}_changed", "operator")
    if first:
        for crew in state.crews.values():  # calls that are resumed take their people anew
            crew.talking = 0
        for item in rows(connection, ListFile):  # in the order in which they came
            state.campaigns[item.campaign_id].newest_list = item
        return
    for number, campaign in state.campaigns.items():
        if number in before:
            _notice(state, campaign, before[number], at)


def forget_deleted_leads(connection: Connection[Any], state: State) -> int:
    """Stop calling leads that somebody deleted; returns how many."""
    known = connection.execute("SELECT lead_id FROM dialler.lead WHERE state_code IN ('Q', 'D')")
    there = {row[0] for row in known}
    gone = [lead for number, lead in state.leads.items() if number not in there]
    for lead in gone:
        del state.leads[lead.lead_id]
        campaign = state.campaigns[lead.campaign_id]
        campaign.open_leads -= 1
        campaign.stamped.pop(lead, None)
        lead.queued_for = None
        if lead.state_code == model.QUEUED:
            lead.state_code = model.CANCELLED
    return len(gone)


def _merge(known: dict[Any, Any], key: str, fresh: Iterator[Any], columns: Any) -> None:
    seen = set()
    for item in fresh:
        number = getattr(item, key)
        seen.add(number)
        if number in known:
            for column in columns:
                setattr(known[number], column, getattr(item, column))
        else:
            known[number] = item
    for number in set(known) - seen:
        del known[number]


def _different(old: list[Any], new: list[Any], kind: type) -> bool:
    row = TABLE_OF[kind].row()
    return list(map(row, old)) != list(map(row, new))


def _settings(campaign: Campaign) -> dict[str, Any]:
    return {name: getattr(campaign, name) for name in ("state_code", "halted_at", *WATCHED)}


def _notice(state: State, campaign: Campaign, before: dict[str, Any], at: datetime) -> None:
    """Journal what somebody changed, and complete a pause or a resumption that set nothing but the code."""
    if campaign.state_code != before["state_code"]:
        kinds = {
            model.HALTED: "paused",
            model.LIVE: "resumed",
            model.ABORTED: "cancelled",
            model.DONE: "completed",
        }
        if campaign.state_code == model.HALTED and campaign.halted_at is None:
            campaign.halted_at = at
            campaign.halt_reason = campaign.halt_reason or "paused by operator"
        elif campaign.state_code == model.LIVE:
            campaign.halted_at = campaign.halt_reason = campaign.halted_by = None
        elif campaign.state_code in (model.ABORTED, model.DONE):
            campaign.finished_at = campaign.finished_at or at
        state.touch(campaign, "state")
        detail = {"reason": campaign.halt_reason} if campaign.halt_reason else {}
        state.journal(campaign, at, kinds.get(campaign.state_code, "state_changed"), "operator", **detail)
    for name in WATCHED:
        if getattr(campaign, name) != before[name]:
            state.journal(campaign, at, "setting_changed", "operator", setting=name, old=before[name],
                          new=getattr(campaign, name))  # fmt: skip
