"""Whether tasks and calls agree: a contact who answered long ago is not still to be called, as a rule."""

from __future__ import annotations

from collections.abc import Iterator

import psycopg
import sqlalchemy as sa

from exporter.commands.check.report import Finding, Level, counted
from exporter.commands.check.rows import some_of
from exporter.commands.check.stamps import ALIKE_ROWS
from exporter.contract.identifiers import identifier
from exporter.errors import RowError
from exporter.source.clean_rows import ROW_KEYS
from exporter.source.cleaning import NOW
from exporter.source.database import Compiled, Connection, fetch
from exporter.source.moment import Moment
from exporter.source.query_time import Meter
from exporter.source.reader import Reader

CALLS = 1_000
"""Answered calls whose tasks are looked up, by their ids."""

LONG_AGO_SECONDS = 3_600.0
MOST_COST = 50_000.0
"""Of a look-up, in PostgreSQL's unit, a page read in sequence: a thousand pages by an index, and their rows."""

_HALF = 0.5


def agreement(connection: Connection, reader: Reader, moment: Moment, *, newest: bool) -> Iterator[Finding]:
    """Whether the tasks of answered calls are over. `newest` as for `stamps`, of calls."""
    available = reader.available
    calls, tasks = (reader.statements(name).rows for name in ("calls", "tasks"))
    own = available.column("calls", "task_id")
    long_ago = calls.parts["started"] < NOW - LONG_AGO_SECONDS
    chosen = (
        sa.select(sa.cast(own, sa.Text))
        .select_from(calls.table)
        .where(own.is_not(None), available.column("calls", "outcome").cast(sa.Text) == "answered", long_ago)
    )
    status = available.column("tasks", "status").cast(sa.Text)
    kinds = available.types["tasks"]["task_id"]
    found = sa.select(sa.func.count(), sa.func.count().filter(status == "pending"))
    try:
        with connection.transaction():
            answered = Compiled(some_of(chosen, calls, CALLS, newest=newest))
            keys = sorted({row[0] for row in fetch(connection, answered, **moment.parameters())})
            if reader.cost_by_ids(connection, "tasks", keys, moment, Meter()) > MOST_COST:
                return  # no index finds them
            known = Compiled(found.select_from(tasks.table).where(tasks.of_keys(kinds)))
            told, pending = fetch(connection, known, **{ROW_KEYS.key: keys})[0]
    except (psycopg.Error, RowError):  # it is named where the rows are looked at
        return
    if pending >= max(ALIKE_ROWS, _HALF * told):
        view = identifier(available.schema, "tasks")
        yield Finding(
            "tasks",
            Level.ADVICE,
            "status",
            f"{pending:,} of {counted(told, 'task')} with a call that was answered over an hour ago are pending still",
            f"see that status is the state of calling in {view}, not of an order or a payment; leave it where people "
            "are called again after they answered",
        )
