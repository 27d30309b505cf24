"""Tasks that no column of a call points to: they point to the call, or both point to the same campaign and contact."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from exporter.commands.adopt.catalogue import Table
from exporter.commands.adopt.expressions import Context, at
from exporter.commands.adopt.links import Link, link
from exporter.commands.adopt.view import TODO, View
from exporter.contract.identifiers import identifier


@dataclass(frozen=True, slots=True)
class Back:
    """Columns of a task and of a call that are equal. `by_call`: the task holds the call's key. `sure`: by keys."""

    of_task: tuple[str, ...]
    of_call: tuple[str, ...]
    by_call: bool
    sure: bool


def back(context: Context, calls: Table, tasks: Table, campaigns: Table | None) -> Back | None:
    """How a call's task is found, if it is so."""
    pair = _pair(context, calls, tasks, campaigns) if campaigns is not None else None
    points = link(tasks, calls)
    if points and tuple(points.target_columns) == calls.key and not (pair and pair.sure):
        return Back(points.columns, points.target_columns, by_call=True, sure=points.declared)
    return pair


def _pair(context: Context, calls: Table, tasks: Table, campaigns: Table) -> Back | None:
    """By campaign and contact: it finds all calls of a task, where a task's own column holds one."""
    campaign = _both(calls, tasks, campaigns)
    contact = next(_contacts(context, calls, tasks, campaigns), None)
    if campaign is None or contact is None:
        return None
    (of_call, of_task), (call, task) = campaign, contact
    columns = (*of_task.columns, *task.columns), (*of_call.columns, *call.columns)
    return Back(*columns, by_call=False, sure=call.declared and task.declared)


def _both(calls: Table, tasks: Table, target: Table) -> tuple[Link, Link] | None:
    """How both point to the same columns of a table."""
    here, there = link(calls, target), link(tasks, target)
    return (here, there) if here and there and here.target_columns == there.target_columns else None


def _contacts(context: Context, calls: Table, tasks: Table, campaigns: Table) -> Iterator[tuple[Link, Link]]:
    """Whom both are for: not what campaigns point to, too, as an owner, an agent or a list."""
    away = {campaigns.id, calls.id, tasks.id, *(each.target for each in campaigns.references)}
    away |= {role.table.id for role in context.roles.of.values()}
    for target in context.roles.tables.values():
        if target.id not in away and (found := _both(calls, tasks, target)):
            yield found


def joined_back(view: View, tasks: Table, found: Back, alias: str) -> tuple[str, ...]:
    """Join a call's task as `task`, once however many there are; what is to be said of it."""
    on = " AND ".join(
        f"{at('task', there)} = {at(alias, here)}" for there, here in zip(found.of_task, found.of_call, strict=True)
    )
    unique = any(set(each) <= set(found.of_task) for each in (*tasks.unique, tasks.key) if each)
    source = tasks.identifier if unique else _once(tasks, found.of_task)
    view.joins["task"] = f"LEFT JOIN {source} AS task\n    ON {on}"
    view.counted = True
    names = ", ".join(found.of_task)
    notes = [f"By {names} of {tasks.identifier}." if found.by_call else f"By {names}, which both have."]
    if found.by_call:
        doubt = "if a contact that is called again has another call there, the calls before are of none and left out."
        notes.append(TODO + doubt)
    if not found.sure:
        notes.append(f"{TODO}no key says so, but their names. Is it the row that was called?")
    return tuple(notes)


def _once(tasks: Table, columns: Sequence[str]) -> str:
    """One row of each, the first that was made."""
    listed = ", ".join(identifier(name) for name in columns)
    order = "".join(f", {identifier(name)}" for name in tasks.key)
    return f"(SELECT DISTINCT ON ({listed}) * FROM {tasks.identifier} ORDER BY {listed}{order})"
