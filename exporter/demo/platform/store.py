"""Writes what the dialler changed: new rows by COPY, changed rows by one UPDATE a table and column group."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from functools import cache
from itertools import chain
from operator import attrgetter
from typing import Any

from psycopg import Connection, sql

from exporter.demo.platform.model import Account, Attempt, Campaign, Lead
from exporter.demo.platform.state import State
from exporter.demo.platform.tables import TABLE_OF, TABLES, Table

SCHEMA = "dialler"


def flush(connection: Connection[Any], state: State, stamp: datetime | None = None) -> int:
    """Write all pending changes in the caller's transaction; returns how many rows.

    `stamp` becomes the `updated_at` of every lead and attempt written. A live dialler gives the start of the
    transaction on its clock, as platforms do: a reader must never find a row stamped before a watermark it
    has passed. Without a stamp rows keep the moment they changed (history). The caller must call
    `state.saved()` once the transaction is committed, and not otherwise: then the next flush tries again.
    """
    _forget_deleted(connection, state)
    if stamp is not None:
        for item in chain(state.new[Lead], state.new[Attempt]):
            item.updated_at = stamp
        for item in chain(state.changed[Lead, "state"], state.changed[Attempt, "state"]):
            item.updated_at = stamp
    rows = sum(_insert(connection, table, state.new[table.kind]) for table in TABLES if table.kind in state.new)
    for (kind, group), items in state.changed.items():
        if items:
            rows += _update(connection, TABLE_OF[kind], group, list(items))
    _add_up(connection, state)
    return rows


def _insert(connection: Connection[Any], table: Table, items: Iterable[Any]) -> int:
    count, row = 0, table.row()
    with connection.cursor() as cursor, cursor.copy(_copy_statement(table)) as copy:
        for count, item in enumerate(items, start=1):  # noqa: B007
            copy.write_row(row(item))
    return count


@cache
def _names_and_types(table_name: str, columns: tuple[str, ...]) -> sql.Composed:
    types = next(table.columns for table in TABLES if table.name == table_name)
    return sql.SQL(", ").join(sql.SQL("%s::{}[]").format(sql.SQL(types[name])) for name in columns)


def _copy_statement(table: Table) -> sql.Composed:
    return sql.SQL("COPY {} ({}) FROM STDIN").format(
        sql.Identifier(SCHEMA, table.name), sql.SQL(", ").join(map(sql.Identifier, table.columns))
    )


def _update(connection: Connection[Any], table: Table, group: str, items: list[Any]) -> int:
    keys, changed = table.key_columns(), table.groups[group]
    columns = keys + changed
    statement = sql.SQL("UPDATE {} AS t SET {} FROM unnest({}) AS v ({}) WHERE {}").format(
        sql.Identifier(SCHEMA, table.name),
        sql.SQL(", ").join(sql.SQL("{0} = v.{0}").format(sql.Identifier(name)) for name in changed),
        _names_and_types(table.name, columns),
        sql.SQL(", ").join(map(sql.Identifier, columns)),
        sql.SQL(" AND ").join(sql.SQL("t.{0} = v.{0}").format(sql.Identifier(name)) for name in keys),
    )
    values = [[getattr(item, name) for item in items] for name in columns]
    return connection.execute(statement, values).rowcount


def _forget_deleted(connection: Connection[Any], state: State) -> None:
    """Drop what hangs on leads that somebody deleted, and keep the others from being deleted meanwhile."""
    fresh = {lead.lead_id for lead in state.new.get(Lead, ())}
    needed = {attempt.lead_id for attempt in state.new.get(Attempt, ())} - fresh
    if not needed:
        return
    found = connection.execute(
        "SELECT lead_id FROM dialler.lead WHERE lead_id = ANY(%s) ORDER BY lead_id FOR KEY SHARE",
        [list(needed)],
    )
    gone = needed - {row[0] for row in found}
    if gone:
        state.new[Attempt] = [attempt for attempt in state.new[Attempt] if attempt.lead_id not in gone]


def _add_up(connection: Connection[Any], state: State) -> None:
    """Kept totals are added to, never set: a top-up by SQL between two flushes must survive."""
    for kind, items, column in (
        (Account, state.accounts.values(), "credit_balance"),
        (Campaign, state.campaigns.values(), "spent"),
    ):
        table, moved = TABLE_OF[kind], [item for item in items if item.unwritten]
        unsaved = set(state.new.get(kind, ()))
        changes = [item for item in moved if item not in unsaved]
        if changes:
            key = table.key_columns()[0]
            connection.execute(
                sql.SQL("UPDATE {} AS t SET {c} = t.{c} + v.amount FROM unnest(%s::bigint[], %s::numeric[]) "
                        "AS v (id, amount) WHERE t.{k} = v.id").format(
                    sql.Identifier(SCHEMA, table.name), c=sql.Identifier(column), k=sql.Identifier(key)),
                [list(map(attrgetter(key), changes)), [round(item.unwritten, 6) for item in changes]],
            )  # fmt: skip
