"""A view as it is put together, and as a DBA reads it: each column with what is to be said of it above."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator
from dataclasses import dataclass, field

from exporter.contract.identifiers import identifier
from exporter.contract.relations import RELATIONS

WIDTH = 118
TODO = "TODO: "


_NUMBERED = ["Which attempt it is is counted, as no column says it. Where old calls are deleted, later ones move up."]
_ATTEMPT = (
    "    CASE WHEN one.task_id IS NULL THEN 1\n"
    "         ELSE row_number() OVER (PARTITION BY one.task_id ORDER BY one.started_at, one.call_id) END AS attempt"
)


@dataclass(frozen=True, slots=True)
class Item:
    """A column of a view: its expression, and notes that stand above it."""

    sql: str
    notes: tuple[str, ...] = ()


@dataclass(slots=True)
class View:
    """One view. `relation` is the contract's; `source` the FROM of it, `rest` what follows."""

    relation: str
    about: list[str]
    source: str
    items: dict[str, Item] = field(default_factory=dict)
    joins: dict[str, str] = field(default_factory=dict)
    """By alias, so that what two columns need is joined once."""
    conditions: list[Item] = field(default_factory=list)
    rest: str = ""
    end: list[str] = field(default_factory=list)
    """Notes that stand below the columns."""
    numbered: bool = False
    """Whether attempts are counted by the order of a task's calls."""
    counted: bool = False
    """Whether rows are put together of several, so that no stamp finds them."""

    def show(self, name: str, sql: str, *notes: str) -> None:
        """Add a column of the contract's name."""
        self.items[name] = Item(sql, tuple(notes))

    @classmethod
    def empty(cls, relation: str, note: str, **columns: str) -> View:
        """One without rows, until somebody writes another; its columns as SQL."""
        view = cls(relation, [f"{relation}: {TODO}{note} This shows none meanwhile."], "(VALUES (1)) AS none (row)")
        for name, sql in columns.items():
            view.show(name, sql)
        view.conditions.append(Item("false"))
        return view

    def written(self, schema: str) -> str:
        """The statement."""
        order = [column.name for column in RELATIONS[self.relation].columns if column.name in self.items]
        lines = [*_comments(self.about, ""), f"CREATE VIEW {identifier(schema, self.relation)} AS"]
        if self.numbered:
            lines += [*_comments(_NUMBERED, ""), "SELECT one.*,", _ATTEMPT, "FROM ("]
        lines.append("SELECT")
        for name in order:
            lines += _comments(self.items[name].notes, "    ")
            lines.append(f"    {_named(self.items[name].sql, name)}{'' if name == order[-1] else ','}")
        lines += _comments(self.end, "    ")
        lines += [f"FROM {self.source}", *self.joins.values()]
        for place, condition in enumerate(self.conditions):
            lines += _comments(condition.notes, "")
            lines.append(f"{'AND' if place else 'WHERE'} {condition.sql}")
        if self.rest:
            lines.append(self.rest)
        return "\n".join(lines) + ("\n) AS one;\n" if self.numbered else ";\n")


def _named(sql: str, name: str) -> str:
    """Two lines of one CASE stand below each other."""
    body = sql.replace("\n", "\n    ")
    return body if body.rpartition(".")[2] == name and " " not in body else f"{body} AS {identifier(name)}"


def _comments(notes: list[str] | tuple[str, ...], indent: str) -> Iterator[str]:
    for note in notes:
        yield from comment(note, indent)


def comment(note: str, indent: str = "") -> list[str]:
    """A note on lines that fit; nothing of it can end the comment."""
    flat, begin = " ".join(note.split()), f"{indent}-- "
    inner = " " * (len(note) - len(note.lstrip()))
    return textwrap.wrap(
        flat,
        WIDTH,
        initial_indent=begin + inner,
        subsequent_indent=begin + 2 * inner,
        break_long_words=False,
        break_on_hyphens=False,
    )
