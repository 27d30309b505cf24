"""Retries as attempts: with the first call they are one more, once it was made."""

from __future__ import annotations

from exporter.commands.adopt.catalogue import Column, Table
from exporter.commands.adopt.coding import codes_behind
from exporter.commands.adopt.expressions import Context, at, time
from exporter.commands.adopt.fields import fields
from exporter.commands.adopt.meanings import meant
from exporter.commands.adopt.view import TODO, View
from exporter.commands.adopt.words import any_of, words
from exporter.contract.identifiers import literal


def counts_retries(column: Column | None) -> bool:
    """Whether a number is one of retries, by its name."""
    return column is not None and any_of(words(column.name), "retry")


def allowed(view: View, column: Column | None) -> None:
    """`max_attempts` of a view, where the column counts retries."""
    if column is not None and counts_retries(column) and "max_attempts" in view.items:
        note = f"{column.name} counts retries: with the first call it is one more."
        view.show("max_attempts", f"{view.items['max_attempts'].sql} + 1", note)


def made(view: View, context: Context, table: Table) -> None:
    """`attempts` of tasks, where the column counts retries."""
    found = fields("tasks", table)
    column = found.get("attempts")
    if column is None or not counts_retries(column):
        return
    dialled = _dialled(context, table, found.get("last_attempted_at"), found.get("status"))
    if dialled is None:
        note = f"{TODO}{column.name} counts retries: it is one more once the first call was made. What tells that?"
        view.show("attempts", view.items["attempts"].sql, note)
        return
    notes = (
        f"{column.name} counts retries: with the first call, once it was made, it is one more.",
        f"{TODO}if it is raised when a retry is planned, not when it is dialled, a contact that waits has one less.",
    )
    view.show("attempts", f"{view.items['attempts'].sql} + ({dialled})::int", *notes)


def _dialled(context: Context, table: Table, last: Column | None, status: Column | None) -> str | None:
    """A condition that a contact was dialled at all: it has a last attempt, or its state is not that of the start."""
    if last is not None:
        return f"{time(context, last, 't')} IS NOT NULL"
    if status is None or status.type not in ("text", "varchar", "bpchar", "enum"):
        return None
    codes = codes_behind(context, table, status)
    untouched = [code for code in codes if _is_untouched(code)]
    if not untouched or any(reference.columns == (status.name,) for reference in table.references):
        return None
    text = f"{at('t', status.name)}::text"
    plain = f"{text} NOT IN ({', '.join(map(literal, untouched))})"
    return f"coalesce({plain}, false)" if status.nullable else plain


def _is_untouched(code: str) -> bool:
    """Waiting and not for a retry, or taken from the list."""
    return meant("tasks", code) in ("pending", "cancelled") and not any_of(words(code), "retry callback rescheduled")
