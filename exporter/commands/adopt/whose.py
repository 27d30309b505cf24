"""Whose a call is: its campaign and its task, by keys, by names of columns, or by the number that was called."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from exporter.commands.adopt.campaigns import calls_campaign
from exporter.commands.adopt.catalogue import Column, Table
from exporter.commands.adopt.expressions import Context, at, none_of, pointing, through
from exporter.commands.adopt.links import link
from exporter.commands.adopt.roles import shared_list
from exporter.commands.adopt.view import TODO, Item, View
from exporter.commands.adopt.words import words
from exporter.contract.identifiers import literal
from exporter.contract.types import Kind

_CALLED = (
    {"destination", "number"}, {"contact", "number"}, {"contact", "phone"}, {"customer", "phone"}, {"phone"},
    {"phone", "number"}, {"to", "number"}, {"number", "dial"}, {"caller", "destination"}, {"destination"}, {"number"},
    {"to"}, {"dst"},
)  # fmt: skip
"""What the number that is called may be called."""


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


def whose(view: View, context: Context, table: Table, alias: str) -> Whose:
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


def outgoing(context: Context, table: Table) -> Iterator[Item]:
    """The condition that leaves out calls that came in, where a column tells."""
    for column in table.columns.values():
        if words(column.name)[-1:] == ("direction",):
            codes = context.codes_of(table, column).values
            coming = [code for code in codes if code.lower() in ("inbound", "in", "incoming", "entrante", "local")]
            if coming:
                listed = ", ".join(map(literal, coming))
                text = f"{at('a', column.name)}::text"
                condition = f"({text} NOT IN ({listed}) OR {text} IS NULL)"
                yield Item(condition, (f"Not {listed}: a campaign calls out.",))
