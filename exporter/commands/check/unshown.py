"""Whether the table below a view without a stamp has one all the same: a time that a trigger moves at each change."""

from __future__ import annotations

from collections.abc import Iterator

import psycopg
import sqlalchemy as sa

from exporter.commands.check.plans import explain, nodes, origin
from exporter.commands.check.report import Finding, Level
from exporter.commands.check.sql import statement
from exporter.contract.identifiers import identifier
from exporter.source.clean_rows import CleanRows
from exporter.source.database import Compiled, Connection

UNSHOWN = "stamp below"
"""What such a finding is about."""

_WORKED_OUT = ("Aggregate", "Group", "Limit", "Recursive Union", "SetOp", "Unique", "WindowAgg")
"""Rows that are made of several: no index on a time finds those that changed."""


def unshown(connection: Connection, rows: CleanRows, schema: str) -> Iterator[Finding]:
    """A column that could be shown as `updated_at`, where each row of the view is a row of one table."""
    everything = Compiled(sa.select(rows.id_column, *rows.table.c).select_from(rows.table))
    try:
        with connection.transaction():
            plan = explain(connection, everything, {})
            bases = origin(plan).bases
            if len(bases) != 1 or any(node["Node Type"] in _WORKED_OUT for node in nodes(plan)):
                return
            found = connection.execute(statement("moved"), {"schema": bases[0].schema, "table": bases[0].table})
            moved = found.fetchone()
    except psycopg.Error:  # it is named where the rows are looked at
        return
    if moved is not None:
        column, trigger = moved
        table = identifier(bases[0].schema, bases[0].table)
        yield Finding(
            rows.relation,
            Level.ADVICE,
            UNSHOWN,
            f"{table}.{column}, which the trigger {trigger} moves, is not shown",
            f"show {table}.{column} AS updated_at in {identifier(schema, rows.relation)}",
        )
