"""Call windows out of a column for each day of the week and two for the hours, of campaigns or of a table beside."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from types import MappingProxyType

from exporter.commands.adopt.catalogue import Table
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
    return None


def _window(table: Table, alias: str) -> str | None:
    days = dict(_days(table))
    hours = [column.name for column in table.columns.values() if column.type == "time"]
    if len(days) < _FEWEST or len(hours) != 2:
        return None
    first = [name for name in hours if any_of(words(name), "start from open desde")]
    start = first[0] if len(first) == 1 else hours[0]
    end = next(name for name in hours if name != start)
    cases = [f"CASE WHEN {at(alias, days[day])} THEN '{day}' END" for day in _DAYS if day in days]
    listed = "\n        " + ",\n        ".join(cases)
    parts = f"'start', to_char({at(alias, start)}, 'HH24:MI:SS'), 'end', to_char({at(alias, end)}, 'HH24:MI:SS')"
    return f"jsonb_build_object(\n    'days', to_jsonb(array_remove(ARRAY[{listed}], NULL)),\n    {parts})"


def _days(table: Table) -> Iterator[tuple[str, str]]:
    for column in table.columns.values():
        if column.type == "bool":
            for day, spellings in _DAYS.items():
                if any_of(words(column.name), spellings):
                    yield day, column.name
