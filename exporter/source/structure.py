"""What lies under the views that are read by change: whether it was replaced, rewritten, or lost rows."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from exporter.source.database import Connection
from exporter.source.query_time import Meter
from exporter.source.sql import statement


@dataclass(frozen=True, slots=True)
class Under:
    """What is under one view: signatures of its definition and its tables' files, rows ever deleted and inserted."""

    definition: str
    files: str | None
    deleted: int
    inserted: int | None = None
    """Unknown where the view is made of several tables, as one row of it takes several inserts or none."""


Structure = Mapping[str, Under]
"""By relation: `tasks` and `calls`."""


def structure(connection: Connection, schema: str, meter: Meter) -> Structure:
    """What lies under the views now. Not within a snapshot: files are replaced whatever a snapshot sees."""
    rows = meter.timed(lambda: connection.execute(statement("structure"), {"schema": schema}).fetchall())
    return {relation: Under(*under) for relation, *under in rows}


def replaced(before: Structure, after: Structure) -> set[str]:
    """The relations of which a view, a function, a policy, a partition or a table's file is another."""
    return {
        relation
        for relation in before.keys() | after.keys()
        if _what(before.get(relation)) != _what(after.get(relation))
    }


def _what(under: Under | None) -> tuple[str, str | None] | None:
    return (under.definition, under.files) if under else None
