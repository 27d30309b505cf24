"""Rows that a table keeps and that count no longer: marked as deleted, or switched off."""

from __future__ import annotations

from exporter.commands.adopt.catalogue import Table
from exporter.commands.adopt.expressions import at
from exporter.commands.adopt.view import Item, View
from exporter.commands.adopt.words import words


def not_deleted(view: View, table: Table, alias: str) -> None:
    """Rows that are only marked as deleted."""
    for column in table.columns.values():
        said = set(words(column.name)) - {"at", "is", "fecha", "date"}
        if said == {"delete"} and column.type in ("bool", "timestamptz", "timestamp"):
            name = at(alias, column.name)
            view.conditions.append(Item(f"NOT coalesce({name}, false)" if column.type == "bool" else f"{name} IS NULL"))


def switched_on(view: View, table: Table, alias: str) -> None:
    """What is switched off carries nothing."""
    for column in table.columns.values():
        said = set(words(column.name)) - {"is"}
        if column.type == "bool" and said in ({"active"}, {"inactive"}):
            on = at(alias, column.name) if said == {"active"} else f"NOT {at(alias, column.name)}"
            sql = f"coalesce({on}, true)" if column.nullable else on
            view.conditions.append(Item(sql, ("Not those that are switched off.",)))
