"""A column of codes as a `CASE` that makes them the contract's, and what is to be asked of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from exporter.commands.adopt.catalogue import Column, Table
from exporter.commands.adopt.codes import Codes
from exporter.commands.adopt.ends import UNTOLD, Ends
from exporter.commands.adopt.expressions import Context, at, joined
from exporter.commands.adopt.links import Link
from exporter.commands.adopt.meanings import ANSWERED_OR_NOT, LEFT, OPEN, TRIED, given_up, meant
from exporter.commands.adopt.view import TODO, Item, View
from exporter.commands.adopt.words import words
from exporter.contract import codes as contract_codes
from exporter.contract.identifiers import literal

_SETS: dict[str, Sequence[str]] = {
    "campaigns": ("draft", *contract_codes.CAMPAIGN_STATUSES),
    "tasks": contract_codes.TASK_STATUSES,
    "calls": contract_codes.OUTCOMES,
    "numbers": contract_codes.NUMBER_STATUSES,
}
_OF_BOOLEAN = {"campaigns": ("running", "paused"), "tasks": ("completed", "pending"), "numbers": ("active", "released")}
_LOOKUP_ROWS = 1_000


@dataclass(frozen=True, slots=True)
class Known:
    """What is known of a row beside its code: conditions, and what a null means."""

    answered: str | None = None
    """For codes that say only that a call is over."""
    going: str | None = None
    """The call has no end yet."""
    used_up: str | None = None
    """The task has no attempts left."""
    empty: str | None = None
    machine: str | None = None
    """It was no person who answered the call."""
    end: str = ""
    """The column of a call's end."""
    ends: Ends = UNTOLD

    @property
    def taken(self) -> str:
        """What a call is that somebody or something took."""
        return f"CASE WHEN {self.machine} THEN 'voicemail' ELSE 'answered' END" if self.machine else "'answered'"


UNKNOWN = Known()


def coded(
    view: View,
    context: Context,
    relation: str,
    table: Table,
    column: Column,
    alias: str,
    known: Known = UNKNOWN,
) -> Item:
    """A column of codes in the contract's."""
    wanted = ", ".join(_SETS[relation])
    plain = at(alias, column.name)
    if column.type == "bool":
        yes, no = _OF_BOOLEAN[relation]
        return Item(f"CASE WHEN {plain} THEN '{yes}' ELSE '{no}' END", (f"{TODO}is it all of: {wanted}?",))
    source, used = table, column
    if looked_up := _lookup(context, table, column):
        points, source, used = looked_up
        if known.ends.never:  # told by the codes that point to those words
            known = replace(known, going=None)
        joined(view, table, alias, points, source, f"{alias}_code")
        plain = at(f"{alias}_code", used.name)
    found = context.codes_of(source, used)
    text = plain if used.type in ("text", "varchar", "bpchar") else f"{plain}::text"
    if not found.values:
        why = f" ({found.source})" if found.source else ""
        return Item(text, (f"{TODO}no codes were found{why}; translate them to {wanted}",))
    return _case(relation, column, plain, text, used, found, known)


def _open(meaning: str, code: str, known: Known) -> tuple[str, list[str]]:
    """What a code is that does not say all, and what is to be asked."""
    if meaning == TRIED:
        if known.used_up is not None:
            return f"CASE WHEN {known.used_up} THEN 'failed' ELSE 'pending' END", []
        return "'failed'", [f"{TODO}is a contact that is {code} given up (failed), or tried again (pending)?"]
    if known.answered is not None:
        yes = "'abandoned'" if meaning == LEFT else known.taken
        return f"CASE WHEN {known.answered} THEN {yes} ELSE 'no_answer' END", []
    asked = f"{TODO}{code} says that the call is over; was it answered?"
    return ("'no_answer'" if meaning == LEFT else known.taken), [asked]


def codes_behind(context: Context, table: Table, column: Column) -> Sequence[str]:
    """The codes of a column, or the words that they point to."""
    looked_up = _lookup(context, table, column)
    return context.codes_of(*(looked_up[1:] if looked_up else (table, column))).values


def _unended(meanings: Mapping[str, str | None], subject: str, known: Known) -> tuple[list[str], list[str]]:
    """The line of calls that have no end yet though their code is that of one that is over, and what is to be asked."""
    over = {code for code, meaning in meanings.items() if meaning not in (None, "in_progress")}
    stages = set(meanings.values())
    # Where a code of its own says that a call is over, or that it goes on, nothing else need be asked.
    told = ANSWERED_OR_NOT in stages and not stages.isdisjoint({"answered", "in_progress"})
    if known.going is None or told or not over:
        return [], []
    if over <= known.ends.never:
        return [], [f"{TODO}{known.end} is empty in many old rows: it does not tell which calls go on. What does?"]
    but, notes = "", []
    if known.ends.never:
        listed = ", ".join(map(literal, sorted(known.ends.never)))
        but = f" AND {subject} NOT IN ({listed})"
        notes.append(f"{TODO}many old rows of {listed} have no {known.end}: are these over at once?")
    elif not known.ends.told:
        notes.append(f"{TODO}no old rows tell whether {known.end} is filled in whenever a call is over; is it?")
    return [f"    WHEN {known.going}{but} THEN 'in_progress'"], notes


def _lookup(context: Context, table: Table, column: Column) -> tuple[Link, Table, Column] | None:
    """Where a code points to a small table of codes: its words."""
    for reference in table.references:
        target = context.roles.tables[reference.target]
        small = target.rows is None or target.rows <= _LOOKUP_ROWS
        if reference.columns == (column.name,) and small:
            for name in ("code", "slug", "name", "label", "description"):
                for each in target.columns.values():
                    if each.type in ("text", "varchar", "bpchar") and words(each.name)[-1:] == (name,):
                        return Link(reference.columns, reference.target_columns, declared=True), target, each
    return None


def _case(
    relation: str,
    column: Column,
    plain: str,
    text: str,
    used: Column,
    found: Codes,
    known: Known,
) -> Item:
    numbers = used.type in ("int2", "int4", "int8")
    meanings = {code: meant(relation, code) for code in found.values}
    unended, asked = _unended(meanings, text, known) if relation == "calls" else ([], [])
    same = all(code == meaning for code, meaning in meanings.items())
    if same and not unended and not (known.machine and "answered" in meanings):
        return Item(text, tuple(asked))
    subject = plain if numbers else text
    lines: list[str] = []
    notes, unknown = [f"The codes are those of {found.source}.", *asked], []
    if known.empty is not None and column.nullable:
        lines.append(f"    WHEN {plain} IS NULL THEN '{known.empty}'")
    lines += unended
    both = known.going is not None and {"answered", ANSWERED_OR_NOT} <= set(meanings.values())
    for code, meaning in sorted(meanings.items(), key=lambda each: (each[1] is None, each[1] or "", each[0])):
        value = code if numbers else literal(code)
        if meaning is None:
            unknown.append(code)
            then = literal(code)
        elif meaning in OPEN:
            then, doubt = _open(meaning, code, known)
            notes += doubt
        elif meaning == "answered" and both and code not in known.ends.never:
            then = f"CASE WHEN {known.going} THEN 'in_progress' ELSE {known.taken} END"
            notes.append(f"{TODO}is a call that is {code} and has no end still going on?")
        elif meaning == "answered":
            then = known.taken
        else:
            then = f"'{meaning}'"
            if relation == "calls" and given_up(code):
                notes.append(f"{TODO}who cancels a call that is {code}? It counts as one that nobody answered.")
        lines.append(f"    WHEN {subject} = {value} THEN {then}")
    if unknown:
        notes.append(f"{TODO}what do these mean: {', '.join(unknown)}? One of {', '.join(_SETS[relation])}.")
    return Item("\n".join(["CASE", *lines, f"    ELSE {text} END"]), tuple(notes))
