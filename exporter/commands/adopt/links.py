"""How one table's rows point to another's: by a foreign key, or by columns that are named as if there were one."""

from __future__ import annotations

from dataclasses import dataclass

from exporter.commands.adopt.catalogue import Table, alike
from exporter.commands.adopt.words import NOISE, words


@dataclass(frozen=True, slots=True)
class Link:
    """Columns of one table that hold the key of another. `declared`: by a foreign key."""

    columns: tuple[str, ...]
    target_columns: tuple[str, ...]
    declared: bool


def link(table: Table, target: Table) -> Link | None:
    """How rows of a table point to those of another, if they do."""
    if table.id == target.id:
        return None
    declared = [each for each in table.references if each.target == target.id]
    if declared:
        best = min(declared, key=lambda each: (each.target_columns != target.key, _aside(each.columns[0])))
        return Link(best.columns, best.target_columns, declared=True)
    if not target.key:
        return None
    by_key = _by_name_of_key(table, target)
    return by_key or _by_name_of_table(table, target)


def _by_name_of_key(table: Table, target: Table) -> Link | None:
    """Columns with the very names of the key, where these say more than `id`."""
    if frozenset(words(target.key[-1])) <= NOISE | {"id"} or not all(name in table.columns for name in target.key):
        return None
    if table.key == target.key or not _comparable(table, target.key, target):
        return None
    return Link(target.key, target.key, declared=False)


def unlike(table: Table, target: Table) -> str | None:
    """A column that is named as if it held another table's key, and is of another type: compared as texts it may."""
    found = _by_name_of_table(table, target, alike_only=False)
    return found.columns[0] if found is not None else None


def _by_name_of_table(table: Table, target: Table, *, alike_only: bool = True) -> Link | None:
    """`lead_id` of a table `dialer_leads`, `campaignId` of `Campaign`."""
    if len(target.key) != 1:
        return None
    own = words(target.name)
    elsewhere = {name for each in table.references for name in each.columns}
    for column in table.columns.values():
        if column.name in elsewhere:  # it points to what its key says, whatever it is called
            continue
        said = [word for word in words(column.name) if word not in ("id", "fk", "ref")]
        named = tuple(said) in {own[-size:] for size in range(1, len(own) + 1)}
        fits = _comparable(table, (column.name,), target) if alike_only else "id" in words(column.name)
        if said and named and fits:
            return Link((column.name,), target.key, declared=False)
    return None


def _comparable(table: Table, names: tuple[str, ...], target: Table) -> bool:
    return alike([table.columns[name] for name in names], [target.columns[name] for name in target.key])


def _aside(name: str) -> bool:
    """A reference to another row of the kind than its own: its parent, its copy, whoever made it."""
    return any(word in ("parent", "previous", "original", "copy", "source", "by") for word in words(name))
