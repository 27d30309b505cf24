"""Whether indexes serve the reads that come again and again: by the plans of the very statements that are run."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any, cast

import psycopg
import sqlalchemy as sa
from psycopg.rows import class_row

from exporter.commands.check.commands import Command
from exporter.commands.check.failures import failed
from exporter.commands.check.plans import Base, Plan, conditions, explain, immutable, nodes, origin, read_whole, scans
from exporter.commands.check.report import Finding, Level, counted
from exporter.commands.check.rights import Role, set_for
from exporter.commands.check.sql import statement
from exporter.contract.availability import Available
from exporter.contract.identifiers import identifier
from exporter.source.clean_rows import CAMPAIGNS
from exporter.source.cleaning import STAMP_FUTURE_SECONDS, Expression
from exporter.source.database import Compiled, Connection
from exporter.source.moment import Moment
from exporter.source.reader import Reader
from exporter.source.row_statements import Statements

SMALL_TABLE_ROWS = 10_000
"""Of a table with fewer rows PostgreSQL may rightly read everything, whatever indexes it has."""

_JOINS = ("enable_hashjoin", "enable_mergejoin")
_FEW = 10
"""Of a table with so many times the rows that are asked for it may not."""

_SMALL_BYTES = 2_000_000
"""So much has a table of that size, where nobody counted its rows."""

_RECENT_SECONDS = 60.0
_NOBODY = {"uuid": "00000000-0000-0000-0000-000000000000"}
_TRIED = (("enable_indexscan", "on"), ("enable_bitmapscan", "on"), ("random_page_cost", "1.1"))
"""Settings of the planner that keep it from an index, and better ones."""


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

    def problem(self, what: str, remedy: str) -> Finding:
        return Finding(self.about, Level.PROBLEM, self.thing, f"{what}: {self.effect}", remedy)

    def found(self, level: Level, what: str, remedy: str = "") -> Finding:
        return Finding(self.about, level, self.thing, what, remedy)


@dataclass(frozen=True, slots=True)
class _Index:
    """A row of `indexes.sql`."""

    relkind: str
    table_name: str
    partition: bool
    rows: float
    bytes: int | None
    fresh: bool
    identifier: str | None
    index_name: str | None
    first_key: str | None
    valid: bool
    serves: bool | None
    building: bool
    random_page_cost: str

    @property
    def size(self) -> str:
        known = f"about {counted(round(self.rows), 'row')}" if self.rows >= 0 else "never analysed"
        return f"{self.table_name} ({known})"

    @property
    def small(self) -> bool:
        return self.rows < SMALL_TABLE_ROWS if self.rows >= 0 else (self.bytes or 0) < _SMALL_BYTES


@dataclass(frozen=True, slots=True)
class _Plans:
    """The plans of a read: the usual one, and the one that takes an index wherever one can serve."""

    usual: Plan
    forced: Plan


class Indexes:
    """For `tasks` and `calls`: is what changed, and what belongs to a campaign, found by an index?

    Needs an open transaction; changes settings of the planner in it. `campaigns` are some ids that exist, `limit` is
    how long a statement may take, in seconds.
    """

    def __init__(
        self, connection: Connection, reader: Reader, role: Role, campaigns: Sequence[str], moment: Moment,
        limit: float,
    ) -> None:  # fmt: skip
        self._connection, self._reader, self._role, self._limit = connection, reader, role, limit
        self._available = reader.available
        self._campaigns, self._moment = campaigns, moment

    def findings(self) -> Iterator[Finding]:
        """What there is to say of each read."""
        _set(self._connection, "max_parallel_workers_per_gather", "0")
        for relation in ("tasks", "calls"):
            for read in _reads(self._available, self._reader.statements(relation), self._campaigns, self._moment):
                yield self._judge_safely(read)

    def _judge_safely(self, read: _Read) -> Finding:
        try:
            with self._connection.transaction():
                return self._judge(read)
        except psycopg.Error as error:
            return failed(self._connection, self._available.schema, read.about, read.thing, error, self._limit)

    def _judge(self, read: _Read) -> Finding:
        column = Compiled(sa.select(read.found_by).select_from(read.table))
        found = origin(explain(self._connection, column, {}))
        if found.mixed:
            tables = " and ".join(found.mixed)
            return read.problem(
                f"it is worked out from {tables}, so no index can serve it",
                "keep it in a column of one of these tables, by triggers on all of them, with an index: see "
                "docs/contract.md, a stamp of several tables",
            )
        if not found.bases:
            return read.found(
                Level.ADVICE,
                "the view's column is not a plain column of a table, so no index can be named",
                f"make it one, or see for yourself with EXPLAIN whether it holds that {read.effect}",
            )
        usual = explain(self._connection, read.query, read.values)
        _set(self._connection, "enable_seqscan", "off")
        forced = explain(self._connection, read.query, read.values)
        for join in _JOINS:
            _set(self._connection, join, "off")
        looped = explain(self._connection, read.query, read.values)
        for setting in ("enable_seqscan", *_JOINS):
            _set(self._connection, setting, "on")
        worst = _worst([self._judge_table(read, base, _Plans(usual, forced)) for base in found.bases])
        return worst if worst.level is Level.PROBLEM else self._joined(read, found.bases, looped) or worst

    def _judge_table(self, read: _Read, base: Base, plans: _Plans) -> Finding:
        found = self._table(base.schema, base.table)
        table, scanned = found[0], scans(plans.forced, base)
        reaches = not scanned or any(_bare(base.expression) in _bare(conditions(scan)) for scan in scanned)
        fitting = [index for index in found if index.first_key is not None and _same(index.first_key, base.expression)]
        taken = {node["Index Name"] for node in nodes(plans.forced) if node.get("Index Cond")}
        serving = [
            index for index in fitting if index.index_name in taken or (not scanned and index.valid and index.serves)
        ]
        if table.relkind == "f":
            return _of_foreign_table(read, base, table, reaches)
        if base.constant:
            return read.found(
                Level.ADVICE,
                f"{base.expression} is the same in every row of the view, so nothing is found by it",
                f"show in {self._view(read)} the column of {table.table_name} that tells rows apart, if there is one",
            )
        if not base.plain and not immutable(self._connection, base):
            return read.problem(
                f"{base.expression} of {table.size} depends on settings or other rows, so no index can serve it",
                f"show a column of the type timestamptz in {self._view(read)}, or make the expression IMMUTABLE "
                "(AT TIME ZONE 'a zone' instead of a cast)",
            )
        if not reaches:
            return read.problem(
                f"{base.expression} of {table.size} is not looked for, as the view works out all its rows first",
                f"take LIMIT, OFFSET, DISTINCT, GROUP BY, window functions or MATERIALIZED out of {self._view(read)} "
                "and the views below it, or show a table that holds its rows",
            )
        if not serving:
            return self._without_index(read, base, table, fitting)
        return self._with_index(read, base, serving[0], plans)

    def _view(self, read: _Read) -> str:
        return identifier(self._available.schema, read.about)

    def _without_index(self, read: _Read, base: Base, table: _Index, fitting: Sequence[_Index]) -> Finding:
        for index in fitting:
            if index.building:
                return read.problem(f"{index.index_name} on {table.size} is being made", "check again when it is ready")
            if not index.valid:
                what = f"the index {index.index_name} on {base.expression} of {table.size} is not valid"
                return read.problem(what, Command.REINDEX.of(index=index.identifier))
        key = base.expression if base.plain else f"({base.expression})"
        command = Command.CREATE_INDEX_OF_PARTITIONS if table.partition else Command.CREATE_INDEX
        remedy = command.of(table=table.table_name, key=key)
        useless = ", ".join(str(index.index_name) for index in fitting)
        why = f"none but {useless}, which cannot serve it," if useless else "none"
        return read.problem(f"{why} on {base.expression} of {table.size}", remedy)

    def _table(self, schema: str, table: str) -> Sequence[_Index]:
        """A table and its indexes; at least one row."""
        with self._connection.cursor(row_factory=class_row(_Index)) as cursor:
            return cursor.execute(statement("indexes"), {"schema": schema, "table": table}).fetchall()

    def _joined(self, read: _Read, bases: Sequence[Base], looped: Plan) -> Finding | None:
        """What there is to say of a large table that is read from end to end for a few rows, to join it."""
        own = {(base.schema, base.table) for base in bases}
        for schema, table, joined in read_whole(looped, own):
            large = self._table(schema, table)[0]
            if large.rows >= max(SMALL_TABLE_ROWS, _FEW * looped["Plan Rows"]):
                return read.problem(
                    f"all of {large.size} is read to join it, as no index serves {joined}",
                    f"make an index on the column of {large.table_name} that joins it",
                )
        return None

    def _with_index(self, read: _Read, base: Base, index: _Index, plans: _Plans) -> Finding:
        name, size = index.index_name, index.size
        if not any(node["Node Type"] == "Seq Scan" for node in scans(plans.usual, base)):
            return read.found(Level.OK, f"{name} on {size}")
        if index.small:
            return read.found(Level.OK, f"{name} can serve; {size} is so small that it is read whole")
        if CAMPAIGNS.key in read.values:
            return read.found(Level.OK, f"{name} can serve; one campaign is most of {size}")
        what = f"{name} can serve, but PostgreSQL prefers to read all of {size}"
        if not index.fresh:
            return read.found(Level.ADVICE, what, Command.ANALYZE.of(table=index.table_name))
        expected = max((node["Plan Rows"] for node in scans(plans.usual, base)), default=0)
        if expected > index.rows / 10:
            return read.found(Level.OK, f"{name} can serve; much of {size} changed within a minute")
        for setting, value in _TRIED:
            if self._would_take(read, base, setting, value):
                return read.found(Level.ADVICE, what, set_for(self._role, setting, value))
        return read.found(
            Level.ADVICE,
            f"{what}, of which it expects {counted(expected, 'row')}; its statistics are fresh",
            "compare EXPLAIN ANALYZE with enable_seqscan on and off: its costs do not fit this server "
            f"(random_page_cost is {index.random_page_cost})",
        )

    def _would_take(self, read: _Read, base: Base, setting: str, value: str) -> bool:
        """Whether PostgreSQL takes the index if a setting is another."""
        (before,) = self._connection.execute("SELECT pg_catalog.current_setting(%s)", (setting,)).fetchall()[0]
        _set(self._connection, setting, value)
        plan = explain(self._connection, read.query, read.values)
        _set(self._connection, setting, before)
        return not any(node["Node Type"] == "Seq Scan" for node in scans(plan, base))


def _of_foreign_table(read: _Read, base: Base, table: _Index, reaches: bool) -> Finding:
    if reaches:
        return read.found(
            Level.ADVICE,
            f"{table.table_name} is a foreign table: whether an index serves is not to be seen from here",
            f"make sure of an index on {base.expression} where its rows are",
        )
    return read.problem(
        f"{table.table_name} is a foreign table, and what is looked for is not sent to where its rows are",
        "read the database that has the rows, or show a table here that holds them",
    )


def _worst(findings: Sequence[Finding]) -> Finding:
    """One line for the parts of a view: what is worst, with what mends all that are as bad."""
    worst = max(findings, key=lambda finding: list(Level).index(finding.level))
    remedies = [finding.remedy.splitlines() for finding in findings if finding.level is worst.level]
    return replace(worst, remedy="\n".join(dict.fromkeys(line for remedy in remedies for line in remedy)))


def _reads(available: Available, statements: Statements, campaigns: Sequence[str], moment: Moment) -> Iterator[_Read]:
    rows = statements.rows
    if rows.relation in available.counted:  # all of it is read each time, and no audit asks for one campaign
        return
    low, high = moment.now - _RECENT_SECONDS, moment.now + STAMP_FUTURE_SECONDS
    stamps = Statements.bounds(datetime.fromtimestamp(low, UTC), datetime.fromtimestamp(high, UTC))
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
        statements.changed(),
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


def _same(first_key: str, expression: str) -> bool:
    """Whether an index's key is this expression; the server writes both, with more or fewer parentheses."""
    return _bare(first_key) == _bare(expression)


def _bare(expression: str) -> str:
    return re.sub(r"[()\s]", "", expression)


def _set(connection: Connection, name: str, value: str) -> None:
    connection.execute("SELECT pg_catalog.set_config(%s, %s, true)", (name, value))
