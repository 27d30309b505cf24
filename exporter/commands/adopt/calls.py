"""The view of calls: a row each, or put together of a log of events."""

from __future__ import annotations

import re

from exporter.commands.adopt.campaigns import origin
from exporter.commands.adopt.catalogue import Column, Table
from exporter.commands.adopt.events import Log, logged, moment_of
from exporter.commands.adopt.expressions import (
    Context,
    at,
    id_of,
    none_of,
    plainly,
    pointing,
    shown,
)
from exporter.commands.adopt.fields import fields
from exporter.commands.adopt.outcomes import outcome
from exporter.commands.adopt.roles import event_of
from exporter.commands.adopt.stamps import COLUMN as STAMP
from exporter.commands.adopt.view import TODO, Item, View
from exporter.commands.adopt.whose import outgoing, whose
from exporter.commands.adopt.words import any_of, words

_DERIVED = (
    "attempt", "started_at", "answered_at", "ended_at", "provider", "error_code", "talk_seconds", "ai_cost",
    "telephony_cost", "sentiment", "score", "created_at", "updated_at",
)  # fmt: skip

_ALIKE = 0.7
"""Such a share of its columns is no chance."""


def calls(context: Context) -> View:
    """Each attempt."""
    table = context.table("calls")
    if table is None:
        return _empty(context)
    log = event_of(table)
    return _rows(context, table) if log is None else logged(context, Log(table, *log, moment_of(table)))


def _rows(context: Context, table: Table) -> View:
    found = fields("calls", table)
    about = [*origin("calls", table), *_elsewhere(context, table), *_when_over(table), *_people(context, table)]
    view = View("calls", about, f"{table.identifier} AS a")
    view.show("call_id", id_of(table, "a"), *_of_key(table))
    belongs = whose(view, context, table, "a")
    view.items["campaign_id"], view.items["task_id"] = belongs.campaign, belongs.task
    numbers = context.table("numbers")
    if numbers is not None and (number := pointing(view, table, "a", numbers, "number")):
        view.show("number_id", number)
    plainly(view, context, "calls", table, "a", [name for name in _DERIVED if name in found])
    if "provider" in view.items and any_of(words(found["provider"].name), "id"):
        del view.items["provider"]
    if "started_at" not in view.items:
        view.show("started_at", "NULL::timestamptz", f"{TODO}no column says when it was dialled")
    elif any_of(words(found["started_at"].name), "create"):
        note = f"{TODO}no column says when it was dialled: {found['started_at'].name} is when the row was made."
        view.show("started_at", view.items["started_at"].sql, note)
    view.items.setdefault("created_at", view.items["started_at"])
    view.items["outcome"] = outcome(view, context, table)
    _of_a_campaign(view, table)
    if "attempt" not in view.items:
        view.numbered = view.counted = True
    view.conditions += outgoing(context, table)
    stamp(view, context, table, "a", found.get("updated_at"))
    return view


def _of_key(table: Table) -> list[str]:
    return [f"{TODO}{table.identifier} has no primary key; is this unique?"] if not table.unique else []


def _elsewhere(context: Context, table: Table) -> list[str]:
    """Tables with much the same columns: rows may move from one to the other."""
    own = set(table.columns)
    alike = [each for each in context.roles.of["calls"].others if len(own & set(each.columns)) >= _ALIKE * len(own)]
    return [f"{TODO}{each.identifier} has much the same columns: are calls there when they are over?" for each in alike]


_RECORDS = re.compile(r"(?<![a-z])cdrs?(?![a-z])|call_?details?", re.IGNORECASE)


def _when_over(table: Table) -> list[str]:
    """A table of records may have no row of a call that goes on."""
    if not _RECORDS.search(table.name):
        return []
    asked = f"{TODO}is a row of {table.identifier} written only when the call is over? Then none is ever in progress:"
    return [f"{asked} docs/adopt.md, Calls that are told when they are over."]


def _people(context: Context, table: Table) -> list[str]:
    """A call that has an agent where its campaign has none: whoever takes it is told by it."""
    campaigns = context.table("campaigns")
    if campaigns is not None and any("agent" in words(name) for name in campaigns.columns):
        return []
    names = [name for name in table.columns if set(words(name)) - {"id", "name"} in ({"agent"}, {"operator"})]
    if not names:
        return []
    asked = f"{TODO}does {names[0]} say which person took a call? Then show agents, too:"
    return [f"{asked} docs/adopt.md, People answer the calls."]


def _of_a_campaign(view: View, table: Table) -> None:
    """Calls of no campaign, made by hand or come in, are none of the contract's."""
    campaign = view.items["campaign_id"].sql
    own = any(campaign.startswith(at("a", column.name)) and column.nullable for column in table.columns.values())
    if own or (campaign.startswith("task") and view.items["task_id"].notes):  # found the way back
        view.conditions.append(Item(f"{campaign} IS NOT NULL", ("Not those of no campaign.",)))


def stamp(view: View, context: Context, table: Table, alias: str, column: Column | None) -> None:
    """The stamp, where an index finds what changed by it; otherwise it is left out, and said how to have it."""
    view.items.pop("updated_at", None)
    own = table.columns.get(STAMP)
    column = own if own is not None else column
    said = "updated_at is left out: all rows are counted anew at each refresh (docs/contract.md, Without a stamp)."
    if column is None:
        view.end.append(said)
    elif view.counted:
        view.end.append(f"{said} Rows are worked out of several, and {column.name} is of one.")
    elif column.name not in table.found_by or column.type != "timestamptz":
        shown(view, context, view.relation, "updated_at", column, alias)
        made = view.items.pop("updated_at").sql
        key = made.replace(f"{alias}.", "", 1)
        view.end.append(f"{said} If each change of a row moves {column.name}, make an index and show {made}:")
        key = key if column.type == "timestamptz" else f"({key})"
        view.end.append(f"CREATE INDEX CONCURRENTLY ON {table.identifier} ({key});")
    else:
        shown(view, context, view.relation, "updated_at", column, alias)
        doubt = f"{TODO}does each change of a row move it, by any program? If not, leave it out. check --watch tells."
        view.items["updated_at"] = Item(view.items["updated_at"].sql, () if column is own else (doubt,))


def _empty(context: Context) -> View:
    return View.empty(
        "calls",
        "no table of calls was found.",
        call_id="NULL::text",
        task_id=none_of(context.table("tasks")),
        campaign_id=none_of(context.table("campaigns")),
        attempt="1",
        started_at="NULL::timestamptz",
        outcome="NULL::text",
        created_at="NULL::timestamptz",
    )
