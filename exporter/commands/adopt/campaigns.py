"""The views of campaigns and of the small relations: tenants, connections, numbers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from exporter.commands.adopt.catalogue import Column, Table
from exporter.commands.adopt.coding import coded
from exporter.commands.adopt.expressions import (
    Context,
    at,
    id_of,
    joined,
    none_of,
    plainly,
    pointing,
    time,
)
from exporter.commands.adopt.fields import candidates, fields, is_plan
from exporter.commands.adopt.left_out import not_deleted, switched_on
from exporter.commands.adopt.links import link
from exporter.commands.adopt.owners import doubtful
from exporter.commands.adopt.retries import allowed
from exporter.commands.adopt.view import TODO, Item, View
from exporter.commands.adopt.windows import elsewhere, windows
from exporter.commands.adopt.words import any_of, words
from exporter.contract.types import Kind

NO_TENANT = "'default'::text"
_FOR_TENANT = ({"tenant", "id"}, {"tenant"}, {"domain", "id"})


def origin(relation: str, table: Table) -> list[str]:
    """What a view is made of."""
    rows = "of unknown size" if table.rows is None else f"about {table.rows:,.0f} rows"
    return [f"{relation}: of {table.identifier} ({rows})."]


def campaigns(context: Context) -> View:
    """Each campaign; of the calls' own names for it where there is no table."""
    table = context.table("campaigns")
    if table is None:
        return _without_table(context)
    found = fields("campaigns", table)
    planned = _planned(table, found)
    view = View("campaigns", origin("campaigns", table), f"{table.identifier} AS c")
    view.show("campaign_id", id_of(table, "c"))
    tenant(view, context, table, "c")
    facts = [name for name in found if name != "status" and found[name] != planned.get(name)]
    plainly(view, context, "campaigns", table, "c", facts)
    for name, column in planned.items():
        doubt = f"{TODO}{column.name} is taken for a plan; if it is written when that happens, show it as {name}."
        if _PLANS[name] not in found:
            view.show(_PLANS[name], time(context, column, "c"), *([] if name in facts else [doubt]))
    _last_day(view, [*found.values(), *planned.values()])
    if "name" not in view.items:
        view.show("name", f"({id_of(table, 'c')})::text", f"{TODO}no column for a name was found")
    view.items["status"] = _status(view, context, table)
    if "timezone" not in view.items:
        _zone(view, context, table)
    allowed(view, found.get("max_attempts"))
    if hours := windows(context, table, "c"):
        view.items["call_windows"] = hours
    else:
        view.end += elsewhere(context, table)
    not_deleted(view, table, "c")
    _listed(view, context)
    return view


_PLANS = {"started_at": "scheduled_at", "ended_at": "expires_at"}


def _planned(table: Table, found: Mapping[str, Column]) -> dict[str, Column]:
    """Times whose names speak of a plan, by what they were taken for or would have been."""
    times = {name: candidates("campaigns", name, table) for name in _PLANS}
    shown = {column.name for name, column in found.items() if name not in _PLANS}
    plans = {
        name: [each for each in there if is_plan(each.name) and each.name not in shown] for name, there in times.items()
    }
    return {name: there[0] for name, there in plans.items() if there}


def _last_day(view: View, times: Sequence[Column]) -> None:
    """Where a campaign ends by a day, that day is the last one, and it ends after it."""
    shown = view.items.get("expires_at")
    for column in times:
        begun = f"{at('c', column.name)}::timestamp "
        if shown is not None and column.type == "date" and shown.sql.startswith(begun):
            after = shown.sql.replace(begun, f"({at('c', column.name)} + 1)::timestamp ")
            view.show("expires_at", after, *shown.notes, f"{TODO}{column.name} is a day: taken for the last one.")
            return


def _listed(view: View, context: Context) -> None:
    if context.table("tasks") is None:
        note = "Who is still to be called is in no table that was found, so nothing is said of it."
        view.show("list_known", "false", f"{TODO}{note} Leave this out once the view of tasks shows them.")


def _zone(view: View, context: Context, table: Table) -> None:
    """The tenant's where a campaign has none of its own."""
    tenants = context.table("tenants")
    for column in table.columns.values():
        if words(column.name)[-1:] == ("timezone",) and Kind.TEXT.accepts(column.type):
            view.show("timezone", f"coalesce({at('c', column.name)}, 'UTC')")
            return
    zone = fields("tenants", tenants).get("timezone") if tenants is not None else None
    points = link(table, tenants) if tenants is not None else None
    note = f"{TODO}the zone of its call windows, such as 'Europe/Berlin'"
    if tenants is None or zone is None or points is None:
        view.show("timezone", "'UTC'::text", note)
        return
    joined(view, table, "c", points, tenants, "owner")
    view.show("timezone", f"coalesce({at('owner', zone.name)}, 'UTC')", f"{note}; this is its tenant's")


def tenant(view: View, context: Context, table: Table, alias: str) -> None:
    """Whose it is; one tenant where the platform has none."""
    tenants = context.table("tenants")
    if tenants is not None and (owner := pointing(view, table, alias, tenants, "owner")):
        lent = [
            name for name in table.columns if owner == at(alias, name) and any_of(words(name), "assign assigned to")
        ]
        view.show("tenant_id", owner, *(f"{TODO}where {name} is null it is nobody's: leave it out?" for name in lent))
        return
    if tenants is None or view.relation == "campaigns":
        for column in table.columns.values():
            if set(words(column.name)) in _FOR_TENANT and Kind.ID.accepts(column.type):
                view.show("tenant_id", at(alias, column.name))
                return
    if view.relation != "campaigns" and tenants is not None:
        view.show("tenant_id", none_of(tenants), f"{TODO}no column says whose it is")
        return
    perhaps = doubtful(table) if view.relation == "campaigns" else []
    if perhaps:
        note = f"{TODO}does {' or '.join(perhaps)} say whose it is? All is of one tenant here."
        view.show("tenant_id", NO_TENANT, note)
        return
    view.show("tenant_id", NO_TENANT, "No column says whose it is: all is of one tenant.")


def _status(view: View, context: Context, table: Table) -> Item:
    found = fields("campaigns", table)
    if "status" in found:
        return coded(view, context, "campaigns", table, found["status"], "c")
    planned = _planned(table, found)
    every = [("ended_at", "completed"), ("paused_at", "paused"), ("started_at", "running")]
    steps = [(name, status) for name, status in every if found.get(name) != planned.get(name)]
    times = [
        f"    WHEN {time(context, found[name], 'c')} IS NOT NULL THEN '{status}'"
        for name, status in steps
        if name in found
    ]
    note = f"{TODO}no column for its state was found"
    if not times:
        return Item("'running'::text", (note,))
    return Item("\n".join(["CASE", *times, "    ELSE 'scheduled' END"]), (note + ": this is told by its times",))


def _without_table(context: Context) -> View:
    calls = context.table("calls")
    note = f"{TODO}no table of campaigns was found"
    column = None if calls is None else calls_campaign(calls)
    if calls is None or column is None:
        view = View("campaigns", [f"campaigns: {note}. All is one campaign meanwhile."], "(VALUES (1)) AS one (row)")
        view.show("campaign_id", "'all'::text")
        view.show("name", "'All calls'::text")
    else:
        about = [f"campaigns: {note}. Each {column} of {calls.identifier} is one meanwhile."]
        view = View("campaigns", about, f"{calls.identifier} AS c")
        view.show("campaign_id", f"{at('c', column)}::text")
        view.show("name", f"{at('c', column)}::text")
        view.conditions.append(Item(f"{at('c', column)} IS NOT NULL"))
        view.rest = f"GROUP BY {at('c', column)}"
    view.show("tenant_id", NO_TENANT)
    view.show("status", "'running'::text", f"{TODO}its state")
    view.show("timezone", "'UTC'::text", f"{TODO}the zone of its call windows")
    _listed(view, context)
    return view


def calls_campaign(calls: Table) -> str | None:
    """A column of calls that groups them as a campaign does."""
    for wanted in ({"campaign"}, {"campaign", "id"}, {"campaign", "name"}, {"queue"}, {"queue", "name"}, {"pending"}):
        for column in calls.columns.values():
            if set(words(column.name)) == wanted and Kind.TEXT.accepts(column.type):
                return column.name
    return None


def tenants(context: Context) -> View | None:
    """Each tenant, if a table of them was found and campaigns say whose they are."""
    table, campaigns_ = context.table("tenants"), context.table("campaigns")
    if table is None or campaigns_ is None or not pointing(View("campaigns", [], ""), campaigns_, "c", table, "x"):
        return None
    view = View("tenants", origin("tenants", table), f"{table.identifier} AS w")
    view.show("tenant_id", id_of(table, "w"))
    plainly(view, context, "tenants", table, "w", list(fields("tenants", table)))
    if "name" not in view.items:
        view.show("name", f"({id_of(table, 'w')})::text")
    return view


def connections(context: Context) -> View | None:
    """Each trunk."""
    table = context.table("connections")
    if table is None or not table.key:
        return None
    view = View("connections", origin("connections", table), f"{table.identifier} AS k")
    view.show("connection_id", id_of(table, "k"))
    tenant(view, context, table, "k")
    plainly(view, context, "connections", table, "k", list(fields("connections", table)))
    if "provider" not in view.items:
        view.show("provider", "'unknown'::text", f"{TODO}the provider's name")
    switched_on(view, table, "k")
    if numbers(context) is None:
        view.about.append("It is idle until there is a view of numbers: they say which connection a call went by.")
    return view


def numbers(context: Context) -> View | None:
    """Each number to call from."""
    table = context.table("numbers")
    found = fields("numbers", table) if table is not None else {}
    if table is None or not table.key or "phone" not in found:
        return None
    trunks = context.table("connections")
    view = View("numbers", origin("numbers", table), f"{table.identifier} AS n")
    view.show("number_id", id_of(table, "n"))
    tenant(view, context, table, "n")
    trunk = trunks and pointing(view, table, "n", trunks, "trunk")
    view.show("connection_id", trunk or none_of(trunks), *([] if trunk else [f"{TODO}the trunk it belongs to"]))
    plainly(view, context, "numbers", table, "n", [name for name in found if name != "status"])
    if "status" in found:
        view.items["status"] = coded(view, context, "numbers", table, found["status"], "n")
    else:
        view.show("status", "'active'::text", f"{TODO}no column for its state was found")
    return view
