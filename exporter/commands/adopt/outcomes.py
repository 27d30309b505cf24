"""What became of a call: of the columns that might say it the one that tells most, with who picked up and its end."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from exporter.commands.adopt.catalogue import Column, Table
from exporter.commands.adopt.coding import Known, coded, codes_behind
from exporter.commands.adopt.expressions import Context, at, time
from exporter.commands.adopt.fields import candidates, fields
from exporter.commands.adopt.machines import machine
from exporter.commands.adopt.meanings import told
from exporter.commands.adopt.view import TODO, Item, View
from exporter.commands.adopt.words import any_of, words

_LOOKED_AT = 5
"""Of so many columns the codes are looked at."""


def outcome(view: View, context: Context, table: Table) -> Item:
    """The column of the view."""
    found = fields("calls", table)
    column, notes = _telling(context, table)
    who = machine(context, table, column)
    known = Known(_answered(context, found), _going(context, found), machine=who.condition)
    if column is None:
        made = _without_codes(known)
        return Item(made.sql, (*made.notes, *who.notes))
    empty = "in_progress" if "ended_at" in found else None
    if known.going is not None:
        ended = found["ended_at"]
        # Where the start is as empty as the end, the row may still tell when it was made.
        begun = [time(context, found[name], "a") for name in ("started_at", "created_at") if name in found]
        ends = context.ends_of(table, column, f"coalesce({', '.join([*begun, 'NULL'])})", time(context, ended, "a"))
        known = replace(known, end=ended.name, ends=ends)
    made = coded(view, context, "calls", table, column, "a", replace(known, empty=empty))
    if empty is None and column.nullable:
        notes = (*notes, f"{TODO}is a call whose {column.name} is null in progress, or not dialled yet?")
    return Item(made.sql, (*made.notes, *who.notes, *notes))


def _telling(context: Context, table: Table) -> tuple[Column | None, tuple[str, ...]]:
    """The column whose codes tell most outcomes, and the others that tell some, as questions."""
    likely = [each for each in candidates("calls", "outcome", table) if not any_of(words(each.name), "voicemail human")]
    if not likely:
        return None, ()
    tells = {each.name: told(codes_behind(context, table, each)) for each in likely[:_LOOKED_AT]}
    first = likely[0]
    # Why a call ended is no outcome of one that was answered: it is chosen only where nothing else is there.
    fit = [each for each in likely[:_LOOKED_AT] if each is first or not any_of(words(each.name), "cause event")]
    best = max(fit, key=lambda each: len(tells[each.name]))
    others = [
        each.name
        for each in likely[:_LOOKED_AT]
        if each is not best and (tells[each.name] - tells[best.name] or each is first)
    ]
    said = (f"{TODO}{name} might tell it, too{_of(tells[name])}. Is {best.name} the right one?" for name in others)
    return best, tuple(said)


def _of(outcomes: frozenset[str]) -> str:
    return f" ({', '.join(sorted(outcomes))})" if outcomes else ""


def _answered(context: Context, found: Mapping[str, Column]) -> str | None:
    if "answered_at" in found:
        return f"{time(context, found['answered_at'], 'a')} IS NOT NULL"
    if "talk_seconds" in found and found["talk_seconds"].type != "interval":
        return f"{at('a', found['talk_seconds'].name)} > 0"
    return None


def _going(context: Context, found: Mapping[str, Column]) -> str | None:
    return f"{time(context, found['ended_at'], 'a')} IS NULL" if "ended_at" in found else None


def _without_codes(known: Known) -> Item:
    lines = ["CASE"]
    if known.going:
        lines.append(f"    WHEN {known.going} THEN 'in_progress'")
    if known.answered:
        lines.append(f"    WHEN {known.answered} THEN {known.taken}")
    note = f"{TODO}no column for the outcome was found: busy, rejected, failed and voicemail are not told apart"
    return Item("'no_answer'::text" if len(lines) == 1 else "\n".join([*lines, "    ELSE 'no_answer' END"]), (note,))
