"""Row-level security: which relations show this role fewer rows than there are, found in the catalog, not guessed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from exporter.contract.relations import RELATIONS
from exporter.source.connecting import Connection
from exporter.source.sql import statement


@dataclass(frozen=True, slots=True)
class Secured:
    """A table to whose rows policies are applied when a relation is read. Names are quoted for SQL where need be."""

    relation: str
    table: str
    view: str | None
    """The view that reads the table, as `VIEW name`; `None`: the relation is the table."""
    reader: str
    """The role whose policies are applied: ours, or the view's owner."""
    own: bool
    """Whether that is our own role."""
    logs_in: bool
    policies: Sequence[str]
    restricted: bool
    """Whether a restrictive policy is among them: another permissive one would open nothing."""
    hides: bool
    """Not for certain that all rows pass."""
    beside: Sequence[str]
    """All that the view reads."""
    beside_schemas: Sequence[str]
    versions: str

    def __str__(self) -> str:
        names = " and ".join(self.policies)
        by = f"policy {names}" if len(self.policies) == 1 else f"policies {names}" if names else "no policy lets it"
        return f"row-level security of {self.table} hides rows from {self.reader} ({by})"


def secured(connection: Connection, schema: str) -> tuple[Secured, ...]:
    """Every table under the contract's relations to which policies are applied; now, if not within a snapshot."""
    if not connection.execute(statement("any_policy")).fetchall()[0][0]:
        return ()
    rows = connection.execute(statement("policies"), {"schema": schema, "relations": list(RELATIONS)}).fetchall()
    return tuple(Secured(*row) for row in rows)


def hidden(found: Sequence[Secured]) -> Mapping[str, str]:
    """What hides rows, by relation."""
    told: dict[str, list[str]] = {}
    for each in found:
        if each.hides and str(each) not in told.setdefault(each.relation, []):
            told[each.relation].append(str(each))
    return {relation: "; ".join(texts) for relation, texts in told.items() if texts}
