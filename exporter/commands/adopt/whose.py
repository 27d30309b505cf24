"""Whose a call is: its campaign and its task, by keys, by names of columns, or by the number that was called."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from exporter.commands.adopt.back import back, joined_back
from exporter.commands.adopt.campaigns import calls_campaign
from exporter.commands.adopt.catalogue import Column, Table
from exporter.commands.adopt.expressions import Context, at, id_of, none_of, pointing, through
from exporter.commands.adopt.fields import fields
from exporter.commands.adopt.links import link
from exporter.commands.adopt.roles import shared_list
from exporter.commands.adopt.view import TODO, Item, View
from exporter.commands.adopt.words import every, words
from exporter.contract.identifiers import literal
from exporter.contract.types import Kind

_CALLED = (
    {"destination", "number"}, {"contact", "number"}, {"contact", "phone"}, {"customer", "phone"}, {"phone"},
    {"phone", "number"}, {"to", "number"}, {"number", "dial"}, {"caller", "destination"}, {"destination"}, {"number"},
    {"to"}, {"dst"},
)  # fmt: skip
"""What the number that is called may be called."""
_OF_ANOTHER = ({"originating", "leg"}, {"parent", "call"}, {"parent"}, {"other", "leg"})
_LONG = 6
"""A name of so many letters is no chance."""


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
    if tasks is not None and task is None and (on := _by_kind(context, table, alias, tasks)):
        view.joins["task"] = f"LEFT JOIN {tasks.identifier} AS task ON {on}"
        task = at("task", tasks.key[0])
        if campaign is None and campaigns is not None:
            campaign = through(view, context, tasks, "task", campaigns)
    said: tuple[str, ...] = ()
    if tasks is not None and task is None and (found := back(context, table, tasks, campaigns)):
        said = joined_back(view, tasks, found, alias)
        task = id_of(tasks, "task")
        if campaign is None and campaigns is not None:
            campaign = through(view, context, tasks, "task", campaigns)
    own = tasks is not None and campaigns is not None and task is not None and link(tasks, campaigns) is not None
    if campaigns is not None and campaign is None and not own:
        campaign = through(view, context, table, alias, campaigns, but=tasks)
    joined_by = None if tasks is None else link(table, tasks)
    if campaigns is not None and tasks is not None and campaign is None and joined_by is not None:
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
        alike = (f" Perhaps {here}, which campaigns have as {there}." for here, there in _alike(table, campaigns))
        like = "".join(alike)
        notes.append(f"{TODO}no column says which campaign a call is of; without it no call is counted.{like}")
    found_task = _task(context, table, alias, tasks, task, campaign or "")
    return Whose(Item(campaign or "", tuple(notes)), Item(found_task.sql, (*said, *found_task.notes)))


def _by_kind(context: Context, table: Table, alias: str, tasks: Table) -> str | None:
    """How a row points to a task where one column says to which table another points, as `callable_type` does."""
    for kind in table.columns.values():
        pointer = table.columns.get(kind.name.removesuffix("type") + "id")
        if not kind.name.endswith("type") or pointer is None or len(tasks.key) != 1:
            continue
        for code in context.codes_of(table, kind).values:
            if words(code) == words(tasks.name):
                key = at("task", tasks.key[0])
                return f"{at(alias, kind.name)} = {literal(code)} AND {key}::text = {at(alias, pointer.name)}::text"
    return None


def _task(context: Context, table: Table, alias: str, tasks: Table | None, task: str | None, campaign: str) -> Item:
    if tasks is not None and task is not None:
        if shared_list(context.roles):
            return Item(f"({campaign})::text || ':' || {task}", ("A contact is a task in each campaign of its list.",))
        return Item(task)
    number = called(table)
    if tasks is not None:
        both = number and "phone" in fields("tasks", tasks)
        of = " It could be found by the number that was called." if both else ""
        note = f"{TODO}no column says which row of {tasks.identifier} was called.{of}"
        return Item(none_of(tasks), (note,))
    if number is None:
        return Item("NULL::text", (f"{TODO}no column says who was called",))
    key = f"md5(({campaign})::text || ':' || {at(alias, number.name)})"
    notes = ["There are no rows of contacts: who was called is one, by a hash, as ids become labels."]
    if campaign.startswith("NULL"):
        notes.append(f"{TODO}{campaign} stands for the campaign here, too: write the same as in campaign_id.")
    return Item(key, tuple(notes))


def _alike(table: Table, campaigns: Table) -> Iterator[tuple[str, str]]:
    """Columns of calls that campaigns have by the same name, but for a word of their own before it."""
    for there in campaigns.columns.values():
        for here in table.columns.values():
            end = there.name.removesuffix(here.name)
            longer = end not in ("", there.name) and end.endswith("_")
            if longer and len(here.name) >= _LONG and "id" not in words(here.name):
                yield here.name, there.name


_CAME, _WENT = every("inbound in incoming entrante"), every("outbound out outgoing saliente")


def outgoing(context: Context, table: Table) -> Iterator[Item]:
    """The conditions that leave out calls that came in, and the other legs of a call, where a column tells."""
    for column in table.columns.values():
        last = words(column.name)[-1:]
        if last in (("leg",), ("direction",), ("type",)):
            codes = context.codes_of(table, column).values
            low = {code: code.lower() for code in codes}
            if last == ("leg",):
                yield from _without(column, [code for code in codes if low[code] == "b"], "each call once")
            elif last == ("direction",):
                if not codes:
                    note = f"{column.name} tells which calls came in; its codes could not be read: leave those out."
                    yield Item("true", (TODO + note,))
                coming = [code for code in codes if low[code] in _CAME | {"local"}]
                yield from _without(column, coming, "a campaign calls out")
            elif not _WENT.isdisjoint(low.values()):
                yield from _without(column, [code for code in codes if low[code] in _CAME], "a campaign calls out")
        elif set(words(column.name)) - {"id"} in _OF_ANOTHER and column.nullable:
            yield Item("true", (f"{TODO}{column.name} points to another leg or call: is each call counted once?",))


def _without(column: Column, codes: Sequence[str], why: str) -> Iterator[Item]:
    """The condition that leaves out rows with one of these codes."""
    if codes:
        listed, text = ", ".join(map(literal, codes)), f"{at('a', column.name)}::text"
        yield Item(f"({text} NOT IN ({listed}) OR {text} IS NULL)", (f"Not {listed}: {why}.",))
