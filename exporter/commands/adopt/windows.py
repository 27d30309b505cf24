"""Call windows out of two columns for the hours, with one for each day of the week or without, or where they may be."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from types import MappingProxyType

from exporter.commands.adopt.catalogue import Column, Table
from exporter.commands.adopt.expressions import Context, at
from exporter.commands.adopt.links import link
from exporter.commands.adopt.view import TODO, Item
from exporter.commands.adopt.words import any_of, words

_DAYS: Mapping[str, str] = MappingProxyType(
    {
        "mon": "mon monday lune segunda montag lundi", "tue": "tue tuesday marte terca dienstag mardi",
        "wed": "wed wednesday miercole quarta mittwoch mercredi",
        "thu": "thu thur thursday jueve quinta donnerstag jeudi",
        "fri": "fri friday vierne sexta freitag vendredi", "sat": "sat saturday sabado samstag samedi",
        "sun": "sun sunday domingo sonntag dimanche",
    }
)  # fmt: skip
"""As `words` has them: without an s at the end."""
_FEWEST = 5
"""So many days must have a column of their own."""
_BEGIN, _END = "start from open opening first earliest desde", "end to until till closing last latest hasta"


def windows(context: Context, campaigns: Table, alias: str) -> Item | None:
    """The column `call_windows`, where one can be made."""
    note = f"{TODO}is an end before the start on the next day? Here it is. The hours are those of the zone above."
    if own := _window(campaigns, alias):
        return Item(f"jsonb_build_array({own})", (note,))
    for table in context.roles.tables.values():
        points = link(table, campaigns)
        made = _window(table, "h") if points and table is not campaigns else None
        if made and points:
            pairs = zip(points.columns, points.target_columns, strict=True)
            on = " AND ".join(f"{at('h', here)} = {at(alias, there)}" for here, there in pairs)
            return Item(f"(SELECT jsonb_agg({made})\n FROM {table.identifier} AS h WHERE {on})", (note,))
    return _daily(context, campaigns, alias, note)


def _daily(context: Context, campaigns: Table, alias: str, note: str) -> Item | None:
    """Hours of every day, where no column says on which days."""
    hours = _hours(campaigns)
    if hours is None:
        return None
    start, end = (campaigns.columns[name] for name in hours)
    days = [column.name for column in campaigns.columns.values() if _is_days(column)]
    doubt = f"does {days[0]} say on which days?" if days else "on which days? No column says it."
    every = f"'{json.dumps(list(_DAYS))}'::jsonb"
    made = f"jsonb_build_array(jsonb_build_object(\n    'days', {every},\n    {_from_to(alias, *hours)}))"
    empty = " AND ".join(f"{at(alias, each.name)} IS NOT NULL" for each in (start, end) if each.nullable)
    if empty:
        made = f"CASE WHEN {empty} THEN {made} END"
    others = _elsewhere(context, campaigns, but=hours)
    more = (f"{TODO}its call windows may be in {', '.join(others)}, too.",) if others else ()
    return Item(made, (f"{TODO}{doubt} Taken for every day.", note, *more))


def _is_days(column: Column) -> bool:
    said = set(words(column.name))
    return (
        "day" in said and not said & {"max", "limit", "count", "retry", "per", "next", "last"} and column.type != "time"
    )


def elsewhere(context: Context, campaigns: Table) -> list[str]:
    """Where its windows may be, as a question."""
    found = ", ".join(_elsewhere(context, campaigns))
    return (
        [f"{TODO}its call windows may be in {found}: without call_windows it is taken as always open."] if found else []
    )


def _elsewhere(context: Context, campaigns: Table, but: Sequence[str] = ()) -> list[str]:
    columns = [
        column.name
        for column in campaigns.columns.values()
        if column.name not in but
        and any_of(words(column.name), "window hour schedule calendar")
        and not any_of(words(column.name), "retry timezone")
        and column.type in ("time", "timetz", "json", "jsonb", "text", "varchar")
    ]
    around = [
        table.identifier
        for table in context.roles.tables.values()
        if any_of(words(table.name), "window hour schedule calendar")
        and any(_is_hour(column) for column in table.columns.values())
        and (link(table, campaigns) or link(campaigns, table))
    ]
    return [*columns, *around][:4]


def _is_hour(column: Column) -> bool:
    """Whether a column may hold the time of a day."""
    plain = column.type in ("time", "timetz", "json", "jsonb", "text", "varchar")
    return column.type in ("time", "timetz") or (
        plain and any_of(words(column.name), "hour start from open day window")
    )


def _hours(table: Table) -> tuple[str, str] | None:
    """The columns of when calls begin and end on a day, where their names tell them apart."""
    hours = [column.name for column in table.columns.values() if column.type == "time"]
    begun = [name for name in hours if any_of(words(name), _BEGIN)]
    over = [name for name in hours if any_of(words(name), _END)]
    return (begun[0], over[0]) if len(begun) == 1 == len(over) and begun != over else None


def _from_to(alias: str, start: str, end: str) -> str:
    return f"'start', to_char({at(alias, start)}, 'HH24:MI:SS'), 'end', to_char({at(alias, end)}, 'HH24:MI:SS')"


def _window(table: Table, alias: str) -> str | None:
    days = dict(_days(table))
    hours = [column.name for column in table.columns.values() if column.type == "time"]
    if len(days) < _FEWEST or len(hours) != 2:
        return None
    first = [name for name in hours if any_of(words(name), _BEGIN)]
    start = first[0] if len(first) == 1 else hours[0]
    end = next(name for name in hours if name != start)
    cases = [f"CASE WHEN {at(alias, days[day])} THEN '{day}' END" for day in _DAYS if day in days]
    listed = "\n        " + ",\n        ".join(cases)
    on = f"to_jsonb(array_remove(ARRAY[{listed}], NULL))"
    return f"jsonb_build_object(\n    'days', {on},\n    {_from_to(alias, start, end)})"


def _days(table: Table) -> Iterator[tuple[str, str]]:
    for column in table.columns.values():
        if column.type == "bool":
            for day, spellings in _DAYS.items():
                if any_of(words(column.name), spellings):
                    yield day, column.name
