"""The draft as a document: what was taken for what, the views, the role, and what is lost. Nothing is run here."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache, partial
from types import MappingProxyType

import psycopg

from dashboards.columns import SCHEMA as OF_GRAFANA
from exporter.commands.adopt.calls import calls
from exporter.commands.adopt.campaigns import campaigns, connections, numbers, tenants
from exporter.commands.adopt.catalogue import Column, Table, tables
from exporter.commands.adopt.codes import Codes, codes_of
from exporter.commands.adopt.ends import ends_of
from exporter.commands.adopt.expressions import Context
from exporter.commands.adopt.roles import Role, roles
from exporter.commands.adopt.tasks import tasks
from exporter.commands.adopt.view import TODO, View, comment
from exporter.commands.adopt.words import any_of, words
from exporter.config import Config
from exporter.contract.availability import compare, in_short
from exporter.contract.identifiers import identifier, literal
from exporter.contract.relations import RELATIONS
from exporter.errors import DatabaseUnavailableError
from exporter.source.database import Connection, Database, reason

_NOT_DRAFTED = MappingProxyType(
    {"campaigns": "no table looks like it", "tasks": "no table looks like it", "calls": "no table looks like it"}
)
_LOOKED_FOR = frozenset({"tenants", "campaigns", "connections", "numbers", "calls", "tasks"})
_SETTINGS: Mapping[str, str] = MappingProxyType(
    {
        "default_transaction_read_only": "on", "statement_timeout": "30s", "lock_timeout": "2s",
        "idle_in_transaction_session_timeout": "60s",
    }
)  # fmt: skip


def draft(config: Config, role: str) -> str:
    """The draft for a database, looked at in one read-only transaction as the role of the configuration.

    `DatabaseUnavailableError` when it cannot be reached, or has no answer in time.
    """
    database = Database(config)
    connection = database.connect()
    try:
        with database.snapshot(connection):
            return _draft(connection, config.database.schema_, role)
    except psycopg.Error as error:
        raise DatabaseUnavailableError(f"the draft was cut short: {reason(error)}; try again") from None
    finally:
        database.close(connection)


def _draft(connection: Connection, schema: str, role: str) -> str:
    found = roles(tables(connection, (schema, OF_GRAFANA)))
    row = connection.execute(
        "SELECT current_database(), current_user, reset_val FROM pg_settings WHERE name = 'TimeZone'"
    )
    name, reader, zone = row.fetchone() or ("", "", "UTC")

    @cache
    def read(table_id: int, column: str) -> Codes:
        table = found.tables[table_id]
        return codes_of(connection, table, table.columns[column])

    def codes(table: Table, column: Column) -> Codes:
        return read(table.id, column.name)

    context = Context(schema, zone, found, codes, partial(ends_of, connection))
    made = [
        tenants(context),
        campaigns(context),
        connections(context),
        numbers(context),
        calls(context),
        tasks(context),
    ]
    views = [view for view in made if view is not None]
    texts = [view.written(schema) for view in views]
    taken = _taken(found.of, {view.relation for view in views}, context)
    parts = (
        _head(name, reader, sum(text.count(TODO) for text in (taken, *texts))),
        taken,
        "BEGIN;\nSET LOCAL lock_timeout = '5s';\n\n" + f"CREATE SCHEMA {identifier(schema)};",
        *texts,
        granted(schema, role),
        "COMMIT;",
        _lost(schema, views, found.tables),
    )
    return "\n".join(part if part.endswith("\n") else part + "\n" for part in parts)


def _head(database: str, reader: str, left: int) -> str:
    """How to go on from here."""
    return "\n".join(
        [
            *comment(
                f"A draft of the contract's views for the database {database}, as the role {reader} sees it; made by"
                " `campaign-exporter adopt --draft`. Names, keys and codes were read, the rest is guessed. Nothing was"
                " run."
            ),
            "--",
            *comment(f"1. Read it. Where it says TODO ({left} times) a person who knows the dialler has to decide."),
            *comment(
                "2. Run it as one who may read the tables: psql -v ON_ERROR_STOP=1 -f this-file. It is one transaction:"
                " all of it, or nothing. No table of the dialler is touched."
            ),
            *comment(
                "3. campaign-exporter check --config.file exporter.yaml says what is wrong and what is still lost."
            ),
            *comment("Recipes for what a draft cannot know: docs/adopt.md. All columns: docs/contract.md."),
        ]
    )


def _taken(of: Mapping[str, Role], drafted: set[str], context: Context) -> str:
    lines = ["-- What was taken for what:"]
    for relation in RELATIONS:
        role = of.get(relation)
        if relation not in drafted or role is None:
            continue
        others = ""
        if role.others:
            others = f" It might also be {', '.join(other.identifier for other in role.others)}."
        lines += comment(f"  {relation}: {role.table.identifier}, by {'; '.join(role.why)}.{others}")
        unread = sum(not column.readable for column in role.table.columns.values())
        if unread:
            lines += comment(f"    {unread} of its columns are not to be read by this role: their codes are not known.")
    lines += [
        line
        for relation, why in _NOT_DRAFTED.items()
        if relation not in of
        for line in comment(f"  {relation}: {why}.")
    ]
    if context.zoneless:
        lines += comment(
            f"{TODO}the times {', '.join(sorted(context.zoneless))} have no zone. They are read as {context.zone},"
            " which is what PostgreSQL takes here; programs often write UTC, whatever that is."
        )
    return "\n".join(lines)


def granted(schema: str, role: str) -> str:
    """The exporter's role, and its rights."""
    who, where = identifier(role), identifier(schema)
    return "\n".join(
        [
            "-- The exporter's role: the views, and nothing else. Its password is yours to set.",
            "DO $$ BEGIN",
            f"    IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = {literal(role)}) THEN",
            f"        CREATE ROLE {who} LOGIN;",
            "    END IF;",
            "END $$;",
            f"ALTER ROLE {who} CONNECTION LIMIT 10;",
            *(f"ALTER ROLE {who} SET {name} = {literal(value)};" for name, value in _SETTINGS.items()),
            "-- It shows when other sessions' transactions began.",
            f"GRANT pg_monitor TO {who};",
            f"GRANT USAGE ON SCHEMA {where} TO {who};",
            f"GRANT SELECT ON ALL TABLES IN SCHEMA {where} TO {who};",
        ]
    )


def _lost(schema: str, views: Sequence[View], tables: Mapping[int, Table]) -> str:
    """What no column was found for, as `check` would say it."""
    shown = {
        view.relation: {
            name: RELATIONS[view.relation].column(name).kind.value[0]
            for name in (*view.items, *(["attempt"] if view.numbered else []))
        }
        for view in views
    }
    available = compare(schema, shown)
    lines = comment("What no column was found for, and what is lost by that:")
    absent = [problem.relation for problem in available.problems if problem.column is None]
    there = [problem for problem in available.problems if problem.column is not None]
    for sentence in in_short(there):
        lines += comment(f"  {sentence}")
    for relation in absent:
        why = "no table" if relation in _LOOKED_FOR else f"a draft does not look for them{_perhaps(relation, tables)}"
        lines += comment(f"  {relation}: {why}; lost: {RELATIONS[relation].without}")
    return "\n".join(lines)


def _perhaps(relation: str, tables: Mapping[int, Table]) -> str:
    """Tables that may hold people on the line, with their state."""
    found = sorted(
        table.identifier for table in tables.values()
        if any_of(words(table.name), "agent caller operator")
        and any(words(column)[-1:] == ("status",) for column in table.columns)
    )  # fmt: skip
    return f" (perhaps {', '.join(found[:3])})" if relation == "agents" and found else ""
