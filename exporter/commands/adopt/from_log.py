"""`adopt --from-log`: the view of calls out of one log of events, and nothing else."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from types import MappingProxyType

import psycopg

from dashboards.columns import SCHEMA as OF_GRAFANA
from exporter.commands.adopt.catalogue import Column, Table, named, tables
from exporter.commands.adopt.codes import Codes, codes_of
from exporter.commands.adopt.ends import ends_of
from exporter.commands.adopt.events import Log, logged, moment_of
from exporter.commands.adopt.expressions import Context
from exporter.commands.adopt.roles import Role, Roles, event_of, roles
from exporter.commands.adopt.view import TODO, comment
from exporter.config import Config
from exporter.contract.identifiers import identifier
from exporter.errors import ConfigError, DatabaseUnavailableError
from exporter.source.database import Connection, Database, reason


def from_log(config: Config, name: str, columns: Sequence[str]) -> str:
    """The script. `columns`: those of the call's id, of the event and of its time, where somebody named them."""
    database = Database(config)
    connection = database.connect()
    try:
        with database.snapshot(connection):
            return _script(connection, config.database.schema_, name, columns)
    except psycopg.Error as error:
        raise DatabaseUnavailableError(f"the log was not read: {reason(error)}; try again") from None
    finally:
        database.close(connection)


def _script(connection: Connection, schema: str, name: str, columns: Sequence[str]) -> str:
    found = tables(connection, (schema, OF_GRAFANA))
    log = _log(named(found, name, "--from-log"), columns)
    row = connection.execute("SELECT reset_val FROM pg_settings WHERE name = 'TimeZone'").fetchone()
    around = _around(roles(found), log.table)
    zone = row[0] if row else "UTC"
    context = Context(schema, zone, around, _reading(connection), partial(ends_of, connection))
    view = logged(context, log)
    text = view.written(schema)
    campaigns, tasks = context.table("campaigns"), context.table("tasks")
    notes = [
        f"One row a call out of {log.table.identifier}; made by `campaign-exporter adopt --from-log`. Nothing was run.",
        f"Read from {log.call.name} (which call), {log.event.name} (what happened) and"
        f" {log.moment.name if log.moment else 'no column'} (when). Others: --log-columns CALL,EVENT,TIME.",
        f"Campaigns are taken to be {campaigns.identifier if campaigns else 'in no table'}, contacts"
        f" {tasks.identifier if tasks else 'in no table'}.",
        f"Where it says TODO ({text.count(TODO)} times) a person who knows the dialler has to decide.",
    ]
    if context.zoneless:
        notes.append(
            f"{TODO}the times {', '.join(sorted(context.zoneless))} have no zone and are read as {context.zone};"
            " programs often write UTC, whatever that is."
        )
    head = [line for note in notes for line in comment(note)]
    return "\n".join([*head, "BEGIN;", f"CREATE SCHEMA IF NOT EXISTS {identifier(schema)};", "", f"{text}COMMIT;", ""])


def _log(table: Table, columns: Sequence[str]) -> Log:
    if columns:
        if len(columns) != 3 or any(each not in table.columns for each in columns):
            there = ", ".join(table.columns)
            raise ConfigError(f"--log-columns: three columns of {table.identifier}, which has {there}")
        call, event, moment = (table.columns[each] for each in columns)
        return Log(table, call, event, moment)
    found = event_of(table)
    if found is None:
        there = ", ".join(table.columns)
        raise ConfigError(
            f"--from-log: no columns of {table.identifier} look like the id of a call and an event; name them by"
            f" --log-columns CALL,EVENT,TIME: it has {there}"
        )
    return Log(table, *found, moment_of(table))


def _around(found: Roles, log: Table) -> Roles:
    """What was taken for what, where the log is the calls and nothing else."""
    others = {relation: role for relation, role in found.of.items() if role.table is not log and relation != "calls"}
    return Roles(MappingProxyType({**others, "calls": Role(log, 0, ("it was named",))}), found.tables)


def _reading(connection: Connection) -> Callable[[Table, Column], Codes]:
    """Codes of columns, each looked for once."""
    known: dict[tuple[int, str], Codes] = {}

    def codes(table: Table, column: Column) -> Codes:
        place = (table.id, column.name)
        if place not in known:
            known[place] = codes_of(connection, table, column)
        return known[place]

    return codes
