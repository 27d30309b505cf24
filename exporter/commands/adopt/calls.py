"""The view of calls: a row each, or put together of a log of events."""

from __future__ import annotations

from dataclasses import dataclass

from exporter.commands.adopt.campaigns import calls_campaign, origin
from exporter.commands.adopt.catalogue import Column, Table
from exporter.commands.adopt.expressions import (
    Context,
    at,
    coded,
    id_of,
    none_of,
    plainly,
    pointing,
    shown,
    through,
    time,
)
from exporter.commands.adopt.fields import fields
from exporter.commands.adopt.links import link
from exporter.commands.adopt.meanings import ANSWERED_OR_NOT, meant
from exporter.commands.adopt.roles import event_of, shared_list
from exporter.commands.adopt.view import TODO, Item, View
from exporter.commands.adopt.words import any_of, words
from exporter.contract.identifiers import literal
from exporter.contract.types import Kind

_CALLED = (
    {"destination", "number"}, {"contact", "number"}, {"contact", "phone"}, {"customer", "phone"}, {"phone"},
    {"phone", "number"}, {"to", "number"}, {"number", "dial"}, {"caller", "destination"}, {"destination"}, {"number"},
    {"to"}, {"dst"},
)  # fmt: skip
"""What the number that is called may be called."""

_DERIVED = (
    "attempt", "started_at", "answered_at", "ended_at", "provider", "error_code", "talk_seconds", "ai_cost",
    "telephony_cost", "sentiment", "score", "created_at", "updated_at",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Whose:
    """The campaign and the task of a call, as expressions, and what is to be said of them."""

    campaign: Item
    task: Item


def called(table: Table) -> Column | None:
    """The column of the number that is called."""
    for wanted in _CALLED:
        for column in table.columns.values():
            if set(words(column.name)) - {"e164"} == wanted and Kind.TEXT.accepts(column.type):
                return column
    return None


def calls(context: Context) -> View:
    """Each attempt."""
    table = context.table("calls")
    if table is None:
        return _empty(context)
    log = event_of(table)
    return _rows(context, table) if log is None else _events(context, table, *log)


def _whose(view: View, context: Context, table: Table, alias: str) -> Whose:
    campaigns, tasks = context.table("campaigns"), context.table("tasks")
    task = None if tasks is None else pointing(view, table, alias, tasks, "task")
    campaign = None if campaigns is None else pointing(view, table, alias, campaigns, "campaign")
    if campaigns is not None and tasks is not None and campaign is None and task is not None:
        joined_by = link(table, tasks)
        assert joined_by is not None, "it has a task"
        pairs = zip(joined_by.target_columns, joined_by.columns, strict=True)
        on = " AND ".join(f"{at('task', there)} = {at(alias, here)}" for there, here in pairs)
        view.joins.setdefault("task", f"LEFT JOIN {tasks.identifier} AS task ON {on}")
        campaign = through(view, context, tasks, "task", campaigns)
    if campaigns is not None and campaign is None:
        campaign = through(view, context, table, alias, campaigns)
    notes: list[str] = []
    if campaigns is None:
        column = calls_campaign(table)
        campaign = f"{at(alias, column)}::text" if column else "'all'::text"
    elif campaign is None:
        campaign = none_of(campaigns)
        notes.append(f"{TODO}no column says which campaign a call is of; without it no call is counted")
    return Whose(Item(campaign or "", tuple(notes)), _task(context, table, alias, tasks, task, campaign or ""))


def _task(context: Context, table: Table, alias: str, tasks: Table | None, task: str | None, campaign: str) -> Item:
    if tasks is not None and task is not None:
        if shared_list(context.roles):
            return Item(f"({campaign})::text || ':' || {task}", ("A contact is a task in each campaign of its list.",))
        return Item(task)
    number = called(table)
    if tasks is not None:
        of = " It could be found by the number that was called." if number else ""
        note = f"{TODO}no column says which row of {tasks.identifier} was called.{of}"
        return Item(none_of(tasks), (note,))
    if number is None:
        return Item("NULL::text", (f"{TODO}no column says who was called",))
    key = f"md5(({campaign})::text || ':' || {at(alias, number.name)})"
    return Item(key, ("There are no rows of contacts: who was called is one, by a hash, as ids become labels.",))


def _rows(context: Context, table: Table) -> View:
    found = fields("calls", table)
    view = View("calls", origin("calls", table), f"{table.identifier} AS a")
    view.show("call_id", id_of(table, "a"), *_of_key(table))
    whose = _whose(view, context, table, "a")
    view.items["campaign_id"], view.items["task_id"] = whose.campaign, whose.task
    numbers = context.table("numbers")
    if numbers is not None and (number := pointing(view, table, "a", numbers, "number")):
        view.show("number_id", number)
    plainly(view, context, "calls", table, "a", [name for name in _DERIVED if name in found])
    if "provider" in view.items and any_of(words(found["provider"].name), "id"):
        del view.items["provider"]
    if "started_at" not in view.items:
        view.show("started_at", "NULL::timestamptz", f"{TODO}no column says when it was dialled")
    view.items.setdefault("created_at", view.items["started_at"])
    view.items["outcome"] = _outcome(view, context, table)
    _of_a_campaign(view, table)
    if "attempt" not in view.items:
        view.numbered = view.counted = True
    _outbound(view, context, table)
    stamp(view, context, table, "a", found.get("updated_at"))
    return view


def _of_key(table: Table) -> list[str]:
    return [f"{TODO}{table.identifier} has no primary key; is this unique?"] if not table.unique else []


def _answered(context: Context, found: dict[str, Column]) -> str | None:
    if "answered_at" in found:
        return f"{time(context, found['answered_at'], 'a')} IS NOT NULL"
    if "talk_seconds" in found and found["talk_seconds"].type != "interval":
        return f"{at('a', found['talk_seconds'].name)} > 0"
    return None


def _outcome(view: View, context: Context, table: Table) -> Item:
    found = fields("calls", table)
    answered = _answered(context, found)
    if "outcome" in found:
        empty = "in_progress" if "ended_at" in found else None
        return coded(view, context, "calls", table, found["outcome"], "a", answered=answered, empty=empty)
    lines = ["CASE"]
    if "ended_at" in found:
        lines.append(f"    WHEN {time(context, found['ended_at'], 'a')} IS NULL THEN 'in_progress'")
    if answered:
        lines.append(f"    WHEN {answered} THEN 'answered'")
    note = f"{TODO}no column for the outcome was found: busy, rejected, failed and voicemail are not told apart"
    return Item("'no_answer'::text" if len(lines) == 1 else "\n".join([*lines, "    ELSE 'no_answer' END"]), (note,))


def _of_a_campaign(view: View, table: Table) -> None:
    """Calls of no campaign, made by hand or come in, are none of the contract's."""
    campaign = view.items["campaign_id"].sql
    if any(campaign.startswith(at("a", column.name)) and column.nullable for column in table.columns.values()):
        view.conditions.append(Item(f"{campaign} IS NOT NULL", ("Not those of no campaign.",)))


def _outbound(view: View, context: Context, table: Table) -> None:
    """Without calls that came in, where a column tells."""
    for column in table.columns.values():
        if words(column.name)[-1:] == ("direction",):
            codes = context.codes_of(table, column).values
            coming = [code for code in codes if code.lower() in ("inbound", "in", "incoming", "entrante", "local")]
            if coming:
                listed = ", ".join(map(literal, coming))
                text = f"{at('a', column.name)}::text"
                condition = f"({text} NOT IN ({listed}) OR {text} IS NULL)"
                view.conditions.append(Item(condition, (f"Not {listed}: a campaign calls out.",)))


def stamp(view: View, context: Context, table: Table, alias: str, column: Column | None) -> None:
    """The stamp, where an index finds what changed by it; otherwise it is left out, and said how to have it."""
    view.items.pop("updated_at", None)
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
        view.items["updated_at"] = Item(
            view.items["updated_at"].sql,
            (f"{TODO}does each change of a row move it, by any program? If not, leave it out. check --watch tells.",),
        )


def _events(context: Context, table: Table, call: Column, event: Column) -> View:
    """Calls put together of their events."""
    found = fields("calls", table)
    view = View("calls", origin("calls", table), f"{table.identifier} AS a", counted=True)
    view.about.append(f"It is a log: the rows of one {call.name} are one call. All of it is read at each refresh.")
    moment = next(
        (
            each
            for each in table.columns.values()
            if each.type in ("timestamptz", "timestamp") or ("epoch" in words(each.name))
        ),
        None,
    )
    when = time(context, moment, "a") if moment else "NULL::timestamptz"
    inner = View("calls", [], "")
    whose = _whose(inner, context, table, "a")
    view.joins = inner.joins
    first = "(array_agg({0} ORDER BY {1}) FILTER (WHERE {0} IS NOT NULL))[1]"
    campaign = first.format(whose.campaign.sql, when)
    task = first.format(whose.task.sql, when)
    text = f"{at('a', event.name)}::text"
    codes = context.codes_of(table, event)
    by_meaning: dict[str | None, list[str]] = {}
    for code in codes.values:
        by_meaning.setdefault(meant("calls", code), []).append(code)
    over = [code for meaning, some in by_meaning.items() if meaning not in (None, "in_progress", "answered")
            for code in some]  # fmt: skip

    def among(some: list[str]) -> str:
        return f"{text} IN ({', '.join(map(literal, some))})"

    view.show("call_id", id_of(table, "a", (call.name,)))
    view.items["campaign_id"] = Item(campaign, whose.campaign.notes)
    view.items["task_id"] = Item(task, whose.task.notes)
    view.show("started_at", f"min({when})")
    view.show("created_at", f"min({when})")
    if answers := by_meaning.get("answered"):
        view.show("answered_at", f"min({when}) FILTER (WHERE {among(answers)})")
    if over:
        view.show("ended_at", f"max({when}) FILTER (WHERE {among(over)})")
    talk = found.get("talk_seconds")
    if talk is not None:
        shown(inner, context, "calls", "talk_seconds", talk, "a")
        view.show("talk_seconds", f"max({inner.items['talk_seconds'].sql})")
    view.numbered = True
    lines = [
        f"    WHEN bool_or({among(by_meaning[meaning])}) THEN '{meaning}'"
        for meaning in ("voicemail", "answered", "busy", "rejected", "failed", "no_answer")
        if meaning in by_meaning
    ]
    if ended := by_meaning.get(ANSWERED_OR_NOT):
        lines.append(f"    WHEN bool_or({among(ended)}) THEN 'answered'")
    notes = [f"The events are those of {codes.source}; the first line that fits counts."]
    if strange := by_meaning.get(None):
        notes.append(f"{TODO}what do these events say of the outcome: {', '.join(strange)}? Nothing is taken.")
    if not codes.values:
        notes = [f"{TODO}no events were found ({codes.source or 'it is empty'}); translate them to outcomes"]
    sql = "\n".join(["CASE", *lines, "    ELSE 'in_progress' END"]) if lines else "'in_progress'::text"
    view.items["outcome"] = Item(sql, tuple(notes))
    view.conditions.append(Item(f"{at('a', call.name)} IS NOT NULL"))
    view.rest = f"GROUP BY {at('a', call.name)}"
    stamp(view, context, table, "a", None)
    return view


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
