"""Ids, times and amounts as expressions of a view."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from exporter.commands.adopt.catalogue import Column, Table
from exporter.commands.adopt.codes import Codes
from exporter.commands.adopt.ends import Ends
from exporter.commands.adopt.fields import fields
from exporter.commands.adopt.links import Link, link, unlike
from exporter.commands.adopt.roles import Roles
from exporter.commands.adopt.view import TODO, View
from exporter.commands.adopt.words import words
from exporter.contract.identifiers import identifier
from exporter.contract.relations import RELATIONS
from exporter.contract.types import Kind, cast_of


@dataclass(frozen=True, slots=True)
class Context:
    """What all views are made from."""

    schema: str
    zone: str
    """What PostgreSQL takes for a time without one."""
    roles: Roles
    codes_of: Callable[[Table, Column], Codes]
    ends_of: Callable[[Table, Column, str, str], Ends]
    """By a call's code, whether old rows have an end."""
    zoneless: set[str] = field(default_factory=set)
    """Columns whose times have no zone."""

    def table(self, relation: str) -> Table | None:
        """The table that stands for a relation, if one does."""
        return self.roles.table(relation)


def at(alias: str, name: str) -> str:
    """A column of a table that has an alias."""
    return f"{alias}.{identifier(name)}"


def id_of(table: Table, alias: str, columns: Sequence[str] = ()) -> str:
    """An id, of several columns as one text."""
    names = columns or table.key
    if not names:
        return f"md5({alias}::text)"
    if len(names) == 1:
        type_ = table.columns[names[0]].type
        plain = at(alias, names[0])
        return plain if Kind.ID.accepts(type_) else cast_of(Kind.ID, plain, type_, "UTC") or plain
    return " || ':' || ".join(f"{at(alias, name)}::text" for name in names)


def none_of(table: Table | None) -> str:
    """No id, of the type that ids of the table have."""
    if table is None or len(table.key) != 1 or not Kind.ID.accepts(table.columns[table.key[0]].type):
        return "NULL::text"
    return f"NULL::{table.columns[table.key[0]].type}"


def pointing(view: View, table: Table, alias: str, target: Table, as_: str) -> str | None:
    """The id of the row that a row points to, in a reference of one step or two; joins what it needs."""
    if points := link(table, target):
        if set(points.target_columns) == set(target.key):
            order = dict(zip(points.target_columns, points.columns, strict=True))
            return id_of(table, alias, [order[name] for name in target.key])
        joined(view, table, alias, points, target, as_)
        return id_of(target, as_)
    other = unlike(table, target)
    return None if other is None else id_of(table, alias, [other])


def joined(view: View, table: Table, alias: str, points: Link, target: Table, as_: str) -> None:
    """Join the row that a row points to."""
    del table
    pairs = zip(points.target_columns, points.columns, strict=True)
    condition = " AND ".join(f"{at(as_, there)} = {at(alias, here)}" for there, here in pairs)
    view.joins.setdefault(as_, f"LEFT JOIN {target.identifier} AS {as_} ON {condition}")


def through(
    view: View, context: Context, table: Table, alias: str, target: Table, but: Table | None = None
) -> str | None:
    """The id of a row that is pointed to by a third table's (`but` this one's), as a contact's campaign by its list."""
    if direct := pointing(view, table, alias, target, f"{alias}_to"):
        return direct
    for reference in table.references:
        between = context.roles.tables[reference.target]
        if between is but:
            continue
        first, second = link(table, between), link(between, target)
        if first and second and set(second.target_columns) == set(target.key):
            joined(view, table, alias, first, between, f"{alias}_via")
            return pointing(view, between, f"{alias}_via", target, f"{alias}_to")
    return None


def shown(view: View, context: Context, relation: str, name: str, column: Column, alias: str) -> None:
    """A column as the contract's, by an expression where its type is another."""
    kind = RELATIONS[relation].column(name).kind
    plain = at(alias, column.name)
    if kind is not Kind.TIME and kind.accepts(column.type):
        scale = _scale(name, column) if kind is Kind.NUMBER else ""
        view.show(name, f"{plain}{scale}")
        return
    if kind is Kind.TIME:
        if column.type in ("timestamp", "date"):
            context.zoneless.add(column.name)
        if column.type.startswith(("int", "float", "numeric")):
            if "epoch" in words(column.name):
                view.show(name, f"to_timestamp(nullif({plain}, 0))")
                return
            note = f"{TODO}{column.name} holds numbers: taken for seconds since 1970, large ones for milliseconds."
            seconds = f"CASE WHEN {plain} > {_FROM_MS} THEN {plain} / 1000.0 ELSE {plain} END"
            view.show(name, f"to_timestamp(nullif({seconds}, 0))", note)
            return
    made = plain if kind.accepts(column.type) else cast_of(kind, plain, column.type, context.zone)
    view.show(name, made or plain)


_FROM_MS = 100_000_000_000
"""Seconds of the year 5138, and milliseconds of 1973."""

_LIMITS = frozenset({"concurrency_limit", "calls_per_minute", "calls_per_second", "daily_cap", "budget"})
_MONEY = frozenset({"cost", "budget", "remaining"})
_UNITS = {"cent": " / 100.0", "micro": " / 1000000.0"}
_OF_TIME = {**dict.fromkeys(("ms", "millisecond", "milli"), " / 1000.0"), "minute": " * 60.0"}


def _nothing(code: str) -> bool:
    """Whether a limit may be no number that anybody meant: 0, -1."""
    return code.startswith("-") or code.strip("0.") == ""


def _scale(name: str, column: Column) -> str:
    """What makes an amount whole units, and a duration seconds, where the column's name tells in what it is."""
    if "per" in name.split("_"):  # a rate
        return ""
    units = _UNITS if _MONEY.intersection(name.split("_")) else _OF_TIME
    return next((units[word] for word in words(column.name) if word in units), "")


def plainly(view: View, context: Context, relation: str, table: Table, alias: str, names: Sequence[str]) -> None:
    """All of these columns that the table has."""
    found = fields(relation, table)
    for name in names:
        if name in found:
            shown(view, context, relation, name, found[name], alias)
            if name in _LIMITS and any(_nothing(code) for code in context.codes_of(table, found[name]).values):
                note = f"{TODO}{found[name].name} is 0 or less in some rows: taken for no limit."
                view.show(name, f"CASE WHEN {at(alias, found[name].name)} > 0 THEN {view.items[name].sql} END", note)


def time(context: Context, column: Column, alias: str) -> str:
    """A time as `timestamptz`."""
    view = View("calls", [], "")
    shown(view, context, "calls", "started_at", column, alias)
    return view.items["started_at"].sql
