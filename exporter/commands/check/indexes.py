"""Whether indexes serve the reads that come again and again: by the plans of the very statements that are run."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, cast

import psycopg
import sqlalchemy as sa
from psycopg.rows import class_row
from psycopg.types.json import set_json_loads

from exporter.commands.check.report import Finding, Level, counted
from exporter.commands.check.sql import statement
from exporter.contract.availability import Available
from exporter.source.call_columns import call_rows
from exporter.source.clean_rows import CAMPAIGNS, CleanRows
from exporter.source.cleaning import STAMP_FUTURE_SECONDS, Expression
from exporter.source.database import Compiled, Connection, compile_statement, reason
from exporter.source.reader import Moment
from exporter.source.row_statements import Statements
from exporter.source.task_columns import task_rows

SMALL_TABLE_ROWS = 10_000
"""Of a table with fewer rows PostgreSQL may rightly read everything, whatever indexes it has."""

_RECENT_SECONDS = 60.0
_PLAIN_COLUMN = re.compile(r'([a-z_][a-z0-9_]*|"[^"]+")\Z')
_NOBODY = {"uuid": "00000000-0000-0000-0000-000000000000"}

Plan = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class _Read:
    """A read that comes again and again. `found_by` is what an index must begin with to serve it."""

    about: str
    thing: str
    effect: str
    found_by: Expression
    table: sa.Table
    query: Compiled
    values: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class _Base:
    """An expression over a view, followed to the table below it."""

    schema: str
    table: str
    expression: str


@dataclass(frozen=True, slots=True)
class _Index:
    """A row of `check_indexes.sql`."""

    relkind: str
    table_name: str
    rows: float
    index_name: str | None
    first_key: str | None
    valid: bool
    missing: str


def indexes(
    connection: Connection, available: Available, campaigns: Sequence[str], moment: Moment
) -> Iterator[Finding]:
    """For `tasks` and `calls`: is what changed, and what belongs to a campaign, found by an index?

    Needs an open transaction; changes settings of the planner in it. `campaigns` are some ids that exist.
    """
    _set(connection, "max_parallel_workers_per_gather", "0")
    for rows in (task_rows(available), call_rows(available)):
        for read in _reads(available, rows, campaigns, moment):
            yield _judge_safely(connection, read)


def _reads(available: Available, rows: CleanRows, campaigns: Sequence[str], moment: Moment) -> Iterator[_Read]:
    statements = Statements(available, rows, ())
    low, high = moment.now - _RECENT_SECONDS, moment.now + STAMP_FUTURE_SECONDS
    stamps = {"low": datetime.fromtimestamp(low, UTC), "high": datetime.fromtimestamp(high, UTC)}
    own, others = (available.types[name]["campaign_id"] for name in (rows.relation, "campaigns"))
    ids = statements.campaigns(campaigns)[:1] or [_NOBODY.get(own, "0")]
    of_campaigns = cast("sa.BinaryExpression[Any]", rows.of_campaigns(own if own == others else None))
    parameters = moment.parameters()
    yield _Read(
        rows.relation,
        "index for what changed",
        "every refresh reads the whole table",
        rows.updated_at,
        rows.table,
        statements.changed,
        {**parameters, **stamps},
    )
    yield _Read(
        rows.relation,
        "index for one campaign",
        "every audit of a campaign reads the whole table",
        of_campaigns.left,
        rows.table,
        statements.remembered,
        {**parameters, CAMPAIGNS.key: ids},
    )


def _judge_safely(connection: Connection, read: _Read) -> Finding:
    try:
        with connection.transaction():
            return _judge(connection, read)
    except psycopg.Error as error:
        what = f"PostgreSQL cannot plan the read: {reason(error)}"
        remedy = "mend the view, the rights of its owner on the tables below it, or whatever locks them"
        return Finding(read.about, Level.PROBLEM, read.thing, what, remedy)


def _judge(connection: Connection, read: _Read) -> Finding:
    bases = _follow(explain(connection, compile_statement(sa.select(read.found_by).select_from(read.table)), {}), 0)
    if not bases:
        return Finding(
            read.about,
            Level.ADVICE,
            read.thing,
            "the view's column is not a plain column of a table, so no index can be named",
            f"make it one, or see for yourself with EXPLAIN whether it holds that {read.effect}",
        )
    usual = explain(connection, read.query, read.values)
    _set(connection, "enable_seqscan", "off")  # then an index is taken wherever one can serve
    forced = explain(connection, read.query, read.values)
    _set(connection, "enable_seqscan", "on")
    findings = [_judge_table(connection, read, base, usual, forced) for base in bases]
    # One line for a partitioned table or a UNION ALL: the first part that is worst.
    return max(findings, key=lambda finding: list(Level).index(finding.level))


def _judge_table(connection: Connection, read: _Read, base: _Base, usual: Plan, forced: Plan) -> Finding:
    key = base.expression if _PLAIN_COLUMN.match(base.expression) else f"({base.expression})"
    with connection.cursor(row_factory=class_row(_Index)) as cursor:
        values = {"schema": base.schema, "table": base.table, "key": key}
        found = cursor.execute(statement("indexes"), values).fetchall()
    table = found[0]
    known = f"about {counted(round(table.rows), 'row')}" if table.rows >= 0 else "never analysed"
    size = f"{table.table_name} ({known})"
    fitting = [index for index in found if index.first_key is not None and _same(index.first_key, base.expression)]
    taken = {node["Index Name"] for node in _nodes(forced) if node.get("Index Cond")}
    pruned = (base.schema, base.table) not in {
        (node.get("Schema"), node.get("Relation Name")) for node in _nodes(forced)
    }
    serving = [index for index in fitting if index.index_name in taken or (pruned and index.valid)]
    if not serving:
        broken = [index.index_name for index in fitting if not index.valid]
        remedy = f"DROP INDEX CONCURRENTLY {base.schema}.{broken[0]};\n{table.missing}" if broken else table.missing
        if table.relkind == "f":
            remedy = "it is a foreign table: make the index where its rows are"
        what = f"the index {broken[0]} is not valid" if broken else "none"
        return Finding(
            read.about, Level.PROBLEM, read.thing, f"{what} on {base.expression} of {size}: {read.effect}", remedy
        )
    name = serving[0].index_name
    whole = any(
        node["Node Type"] == "Seq Scan" and (node.get("Schema"), node.get("Relation Name")) == (base.schema, base.table)
        for node in _nodes(usual)
    )
    if not whole:
        return Finding(read.about, Level.OK, read.thing, f"{name} on {size}")
    if table.rows < SMALL_TABLE_ROWS:
        return Finding(read.about, Level.OK, read.thing, f"{name} can serve; {size} is so small that it is read whole")
    if CAMPAIGNS.key in read.values:
        return Finding(read.about, Level.OK, read.thing, f"{name} can serve; one campaign is most of {size}")
    return Finding(
        read.about,
        Level.ADVICE,
        read.thing,
        f"{name} can serve, but PostgreSQL prefers to read all of {size}",
        f"ANALYZE {table.table_name};",
    )


def _same(first_key: str, expression: str) -> bool:
    """Whether an index's key is this expression; the server writes both, with more or fewer parentheses."""
    return _bare(first_key) == _bare(expression)


def _bare(expression: str) -> str:
    return re.sub(r"[()\s]", "", expression)


def _set(connection: Connection, name: str, value: str) -> None:
    connection.execute("SELECT pg_catalog.set_config(%s, %s, true)", (name, value))


def explain(connection: Connection, query: Compiled, values: Mapping[str, Any]) -> Plan:
    """The plan of a statement, which is not run."""
    with connection.cursor() as cursor:
        set_json_loads(_loads, cursor)
        cursor.execute((statement("explain") + query.text).encode(), query.bind(**values))
        row = cursor.fetchone()
    assert row is not None, "EXPLAIN returns one row"
    plan: Plan = row[0][0]["Plan"]
    return plan


def _loads(data: str | bytes) -> Any:
    """JSON of a SQL_ASCII database too, where names may hold any bytes."""
    return json.loads(data if isinstance(data, str) else bytes(data).decode("utf-8", "surrogateescape"))


def _nodes(plan: Plan, barriers: Sequence[str] = ()) -> Iterator[Plan]:
    """The plan's nodes, the top one first; not what is below a barrier."""
    yield plan
    if plan["Node Type"] not in barriers:
        for child in plan.get("Plans", ()):
            yield from _nodes(child, barriers)


_BARRIERS = ("Aggregate", "Group", "Unique", "SetOp", "WindowAgg", "Limit", "Recursive Union", "ProjectSet")
"""Nodes through which a condition does not reach the table below."""


def _follow(plan: Plan, place: int) -> list[_Base]:
    """The tables, and the expressions over them, that the output at this place comes from; none if not plain.

    PostgreSQL has put the views' definitions in by itself: the output names the columns of tables.
    """
    if plan["Node Type"] in ("Append", "Merge Append"):
        return [base for child in plan["Plans"] for base in _follow(child, place)]
    outputs: Sequence[str] = plan.get("Output", ())
    if place >= len(outputs) or plan["Node Type"] in _BARRIERS:
        return []
    output = outputs[place]
    if "Relation Name" in plan:
        return [_base(plan, output)]
    tables = [node for node in _nodes(plan, _BARRIERS) if "Relation Name" in node]
    sources = [node for node in tables if _alias(node).search(output)]
    if len(sources) == 1:
        return [_base(sources[0], output)]
    column = output.rpartition(".")[2]
    for child in plan.get("Plans", ()):  # a subquery: the column keeps its name, but not its place
        places = [n for n, name in enumerate(child.get("Output", ())) if name.rpartition(".")[2] == column]
        if places:
            return _follow(child, places[0])
        if "Output" not in child and len(outputs) == 1:
            return _follow(child, place)
    return []


def _alias(table: Plan) -> re.Pattern[str]:
    """How an expression names this table before a column."""
    alias = table["Alias"]
    quoted = '"' + alias.replace('"', '""') + '"'
    return re.compile(rf'(?<![\w."])(?:{re.escape(alias)}|{re.escape(quoted)})\.')


def _base(table: Plan, output: str) -> _Base:
    return _Base(table["Schema"], table["Relation Name"], _alias(table).sub("", output))
