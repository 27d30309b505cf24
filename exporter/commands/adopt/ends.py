"""Whether a call without an end still goes on, as far as rows that are hours old tell."""

from __future__ import annotations

from dataclasses import dataclass

import psycopg

from exporter.commands.adopt.catalogue import Column, Table
from exporter.commands.adopt.codes import SAMPLE_ROWS, rows_in_time
from exporter.contract.identifiers import identifier
from exporter.source.database import Connection

_HOURS = 6
"""No call lasts as long."""
_MANY = 0.05
"""Such a share of old rows without an end is no accident."""


@dataclass(frozen=True, slots=True)
class Ends:
    """`told`: whether there were old rows to tell by. `never`: codes of which many old rows have no end."""

    told: bool = False
    never: frozenset[str] = frozenset()


UNTOLD = Ends()


def ends_of(connection: Connection, table: Table, code: Column, begun: str, ended: str) -> Ends:
    """By a call's code; `begun` and `ended` are expressions over the alias `a`. Only the first rows are looked at."""
    query = (
        "SELECT code, count(*), count(*) FILTER (WHERE ended IS NULL)"
        f" FROM (SELECT a.{identifier(code.name)}::text AS code, {begun} AS begun, {ended} AS ended"
        f" FROM {table.identifier} AS a LIMIT {SAMPLE_ROWS}) AS few"
        f" WHERE code IS NOT NULL AND begun < now() - interval '{_HOURS} hours' GROUP BY 1"
    )
    try:
        found = rows_in_time(connection, query.encode())
    except psycopg.Error:
        return UNTOLD
    return Ends(told=bool(found), never=frozenset(row[0] for row in found if row[2] > _MANY * row[1]))
