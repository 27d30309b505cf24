"""Who picked up: a column beside the outcome that tells a machine from a person."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from exporter.commands.adopt.catalogue import Column, Table
from exporter.commands.adopt.expressions import Context, at
from exporter.commands.adopt.view import TODO
from exporter.commands.adopt.words import any_of, every, words
from exporter.contract.identifiers import literal

_TEXTS = ("text", "varchar", "bpchar", "enum")
_OTHERWISE = every(
    "active inactive confidence duration second url message path file id drop count limit config cause sid"
    " retry audio template text setting time at timeout"
)
"""Words of a column about machines that does not say whether it was one."""
_NOTHING = every("unknown notsure none null na undetermined uncertain error fail sure not pending")


@dataclass(frozen=True, slots=True)
class Machine:
    """A condition that it was a machine, where one is known, and what is to be said or asked."""

    condition: str | None = None
    notes: tuple[str, ...] = ()


def machine(context: Context, table: Table, outcome: Column | None) -> Machine:
    """By the first column whose codes tell, else the question what a column says."""
    asked: list[str] = []
    for column in _columns(table, outcome):
        plain = at("a", column.name)
        if column.type == "bool":
            if any_of(words(column.name), "voicemail"):
                return Machine(plain)
            continue
        codes = [code for code in context.codes_of(table, column).values if code.strip()]
        machines = [code for code in codes if _is_machine(code)]
        if not machines:
            asked.append(f"{TODO}{column.name} may tell machines from people: which of its codes is a voicemail?")
            continue
        others = [code for code in codes if code not in machines and not _is_person(code)]
        doubt = f"{TODO}what do these of {column.name} mean: {', '.join(others)}? Taken for a person."
        return Machine(f"{plain}::text IN ({', '.join(map(literal, machines))})", (doubt,) if others else ())
    return Machine(notes=tuple(asked[:1]))


def _columns(table: Table, outcome: Column | None) -> Iterator[Column]:
    for column in table.columns.values():
        said = set(words(column.name))
        who = {"answer", "by"} <= said or any_of(said, "voicemail human") or {"voice", "mail"} <= said
        typed = column.type in _TEXTS or column.type == "bool"
        if column != outcome and who and typed and not said & _OTHERWISE:
            yield column


def _is_machine(code: str) -> bool:
    found = set(words(code))
    return any_of(found, "voicemail fax beep mailbox") or {"voice", "mail"} <= found


def _is_person(code: str) -> bool:
    return any_of(words(code), "human agent user customer contact") or bool(_NOTHING.intersection(words(code)))
