"""The view of tasks: a contact of a campaign each, or who was called where there is no table of contacts."""

from __future__ import annotations

from exporter.commands.adopt.calls import stamp
from exporter.commands.adopt.campaigns import calls_campaign, origin
from exporter.commands.adopt.catalogue import Table
from exporter.commands.adopt.coding import Known, coded
from exporter.commands.adopt.expressions import (
    Context,
    at,
    id_of,
    none_of,
    plainly,
    pointing,
    through,
    time,
)
from exporter.commands.adopt.fields import fields
from exporter.commands.adopt.left_out import not_deleted
from exporter.commands.adopt.retries import allowed, counts_retries, made
from exporter.commands.adopt.roles import shared_list
from exporter.commands.adopt.view import TODO, Item, View
from exporter.commands.adopt.whose import called
from exporter.commands.adopt.words import any_of, words
from exporter.contract.identifiers import identifier

_TOLD_BY_CALLS = (
    "CASE\n    WHEN tried.running THEN 'in_progress'\n    WHEN tried.answered THEN 'completed'\n    ELSE '{rest}' END"
)


def tasks(context: Context) -> View:
    """Each contact of each campaign."""
    table = context.table("tasks")
    if table is not None:
        return _rows(context, table)
    calls = context.table("calls")
    return _of_calls(context) if calls is not None and called(calls) else _empty(context)


def _rows(context: Context, table: Table) -> View:
    found = fields("tasks", table)
    view = View("tasks", origin("tasks", table), f"{table.identifier} AS t")
    campaigns = context.table("campaigns")
    shared = shared_list(context.roles)
    if shared is not None and campaigns is not None:
        here, there = at("t", shared.of_contact.columns[0]), at("c", shared.of_campaign.columns[0])
        view.joins["c"] = f"JOIN {campaigns.identifier} AS c ON {there} = {here}"
        view.show("campaign_id", id_of(campaigns, "c"))
        view.show(
            "task_id",
            f"({id_of(campaigns, 'c')})::text || ':' || {id_of(table, 't')}",
            f"A contact is a task in each campaign that has its list, {shared.list.identifier}.",
        )
        view.counted = True
    else:
        view.show("task_id", id_of(table, "t"))
        campaign = campaigns and through(view, context, table, "t", campaigns)
        notes = [] if campaign else [f"{TODO}no column says which campaign it is of; without it no task is counted"]
        own = calls_campaign(table) if campaigns is None else None
        alone = f"{at('t', own)}::text" if own else "'all'::text"
        view.show("campaign_id", campaign or none_of(campaigns) if campaigns else alone, *notes)
    numbers = context.table("numbers")
    if numbers is not None and (number := pointing(view, table, "t", numbers, "number")):
        view.show("number_id", number)
    plainly(view, context, "tasks", table, "t", [name for name in found if name not in ("status", "updated_at")])
    not_deleted(view, table, "t")
    _status(view, context, table)
    if any_of(words(found["last_attempted_at"].name) if "last_attempted_at" in found else (), "start"):
        note = f"{TODO}{found['last_attempted_at'].name} is taken for when it was last dialled; is it so?"
        view.show("last_attempted_at", view.items["last_attempted_at"].sql, note)
    made(view, context, table)
    allowed(view, found.get("max_attempts"))
    if "attempts" not in view.items:
        _tried(view, context)
        view.show("attempts", "coalesce(tried.calls, 0)", "Counted from the calls, as no column says it.")
    if "max_attempts" not in view.items:
        view.show("max_attempts", "NULL::bigint", "No maximum of its own: those that its campaign allows.")
    if "created_at" not in view.items:
        _created(view, context)
    _retries(view, table)
    shown = view.items["campaign_id"].sql
    surely = any(shown == at("t", name) and not column.nullable for name, column in table.columns.items())
    if shown.startswith(("t.", "t_")) and not surely:
        view.conditions.append(Item(f"{shown} IS NOT NULL", ("Not those of no campaign.",)))
    stamp(view, context, table, "t", found.get("updated_at"))
    return view


def _status(view: View, context: Context, table: Table) -> None:
    found = fields("tasks", table)
    if "status" in found:
        used_up = None
        if "attempts" in found and "max_attempts" in found:
            used, most = found["attempts"], found["max_attempts"]
            more = counts_retries(most) - counts_retries(used)
            used_up = f"{at('t', used.name)} >= {at('t', most.name)}{ {1: ' + 1', -1: ' - 1'}.get(more, '') }"
        known = Known(used_up=used_up, empty="pending")
        view.items["status"] = coded(view, context, "tasks", table, found["status"], "t", known)
        return
    _tried(view, context)
    note = f"{TODO}no column for its state was found: this is told by its calls; when is it given up (failed)?"
    view.show("status", _TOLD_BY_CALLS.format(rest="pending"), note)


def _tried(view: View, context: Context) -> None:
    """What the calls of a task come to; read whole."""
    if "tried" not in view.joins:
        view.joins["tried"] = (
            "LEFT JOIN (SELECT task_id, count(*) AS calls, min(created_at) AS first,\n"
            "                  bool_or(outcome = 'answered') AS answered, bool_or(outcome = 'in_progress') AS running\n"
            f"           FROM {identifier(context.schema, 'calls')} GROUP BY task_id) AS tried\n"
            f"    ON tried.task_id::text = ({view.items['task_id'].sql})::text"
        )
        view.counted = True


def _created(view: View, context: Context) -> None:
    campaigns = context.table("campaigns")
    found = {} if campaigns is None else fields("campaigns", campaigns)
    begun = found.get("started_at") or found.get("scheduled_at")
    shown = view.items["campaign_id"].sql
    note = f"{TODO}no column says when the row was made"
    if begun is not None and shown.startswith("c."):
        made = f"coalesce({time(context, begun, 'c')}, timestamptz '2000-01-01 00:00+00')"
        view.show("created_at", made, note + ": its campaign's start is taken")
    else:
        view.show("created_at", "timestamptz '2000-01-01 00:00+00'", note)


def _retries(view: View, table: Table) -> None:
    """Where a row points to another of its own table, retries may be rows."""
    for reference in table.references:
        own = reference.target == table.id
        if own and any_of(words(reference.columns[0]), "parent retry previous original source first"):
            note = (
                f"{TODO}{reference.columns[0]} points to another row of the table. If a retry is a row of its own, one"
                " contact is several tasks here: docs/adopt.md, Retries are rows."
            )
            view.about.append(note)


def _of_calls(context: Context) -> View:
    """Who was called is a task; nobody knows of those who were not."""
    about = (
        f"tasks: {TODO}no table of contacts was found. Who was called is one; who is still to be called is not known."
    )
    view = View("tasks", [about], f"{identifier(context.schema, 'calls')} AS a", counted=True)
    view.show("task_id", "a.task_id")
    view.show("campaign_id", "a.campaign_id")
    ends = "CASE\n    WHEN bool_or(a.outcome = 'in_progress') THEN 'in_progress'\n"
    ends += "    WHEN bool_or(a.outcome = 'answered') THEN 'completed'\n    ELSE 'failed' END"
    view.show("status", ends, f"{TODO}told by the calls: is one that nobody answered given up, or pending?")
    view.show("attempts", "count(*)")
    view.show("max_attempts", "NULL::bigint")
    view.show("last_attempted_at", "max(a.started_at)")
    view.show("created_at", "min(a.created_at)")
    view.conditions.append(Item("a.task_id IS NOT NULL AND a.campaign_id IS NOT NULL"))
    view.rest = "GROUP BY a.task_id, a.campaign_id"
    view.end.append("updated_at is left out: rows are worked out of several.")
    return view


def _empty(context: Context) -> View:
    return View.empty(
        "tasks",
        "no table of contacts was found, nor who was called.",
        task_id="NULL::text",
        campaign_id=none_of(context.table("campaigns")),
        status="NULL::text",
        attempts="0",
        max_attempts="NULL::bigint",
        created_at="NULL::timestamptz",
    )
