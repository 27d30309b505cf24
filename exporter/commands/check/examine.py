"""Would the exporter work well on this database? Looks at server, role, contract, indexes and rows; changes nothing."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

import psycopg

from alerts.catalogue import alerts
from alerts.settings import Settings
from exporter.commands.check.agreement import agreement
from exporter.commands.check.attempts import attempts
from exporter.commands.check.call_times import call_times
from exporter.commands.check.commands import Command
from exporter.commands.check.failures import CHECK_SECONDS
from exporter.commands.check.indexes import Indexes
from exporter.commands.check.policies import policies
from exporter.commands.check.report import Finding, Level, Report, ordered
from exporter.commands.check.rights import ABOUT as ROLE
from exporter.commands.check.rights import Role, read_role, rights
from exporter.commands.check.rows import SAMPLE_ROWS, read_small, sampled, violations
from exporter.commands.check.size import ABOUT as EXPORTER
from exporter.commands.check.size import TRIAL_ROWS, pace, selection, series, shard, trial
from exporter.commands.check.sql import statement
from exporter.commands.check.stamps import looking_again, stamps
from exporter.commands.check.under_way import under_way
from exporter.commands.check.unshown import unshown
from exporter.config import Config
from exporter.contract.availability import Available, compare
from exporter.contract.identifiers import identifier
from exporter.contract.relations import RELATIONS
from exporter.contract.wording import duration
from exporter.errors import DatabaseUnavailableError
from exporter.metrics.selection import selected
from exporter.source.database import Connection, Database, Rows, Server, columns_of, reason
from exporter.source.limits import limits_of
from exporter.source.moment import Moment
from exporter.source.platform import PlatformReader
from exporter.source.policies import hidden, secured
from exporter.source.pooler import Pooler
from exporter.source.promise import Promise, Promises
from exporter.source.reader import Reader
from exporter.source.small_reader import SMALL

SERVER = "server"
_READ_BY_EXPORTER = frozenset((*SMALL, "tasks", "calls"))
_OF_GRAFANA = frozenset({("tasks", "contact"), ("tasks", "phone")})
"""Columns that the exporter itself never reads."""

ASLEEP: Sequence[tuple[str, Sequence[tuple[str, str | None]]]] = [
    (alert.name, [(relation, column or None) for relation, _, column in (need.partition(".") for need in alert.needs)])
    for alert in alerts(Settings())
]
"""What each alert needs of what is optional: relations (`None`) and columns."""


@dataclass(slots=True)
class _Results:
    """What was found so far."""

    findings: list[Finding] = field(default_factory=list)
    rows: dict[str, int] = field(default_factory=dict)
    series: int | None = None

    @property
    def report(self) -> Report:
        return Report(ordered(self.findings, (SERVER, ROLE, *RELATIONS, EXPORTER)), self.rows, self.series)


def check(config: Config) -> Report:
    """Look at the database as the exporter's role, in one read-only transaction of bounded statements.

    `DatabaseUnavailableError` or `ConfigError` when it cannot be reached.
    """
    selected(config.metrics)  # a mistake is told before anything is looked at
    database = Database(config)
    connection = database.connect()
    try:
        pooler = database.pooler(connection)
        schema = config.database.schema_
        with database.look(connection):
            available = compare(schema, *columns_of(connection, schema))
        promise = Promises().settle(database, connection, available)
        with database.snapshot(connection):
            limit = min(config.database.statement_timeout, CHECK_SECONDS)
            _set_timeout(connection, limit)
            return _check(config, database, connection, pooler, limit, promise)
    except psycopg.Error as error:
        raise DatabaseUnavailableError(f"the check was cut short: {reason(error)}; try again") from None
    finally:
        database.close(connection)


def _set_timeout(connection: Connection, seconds: float) -> None:
    connection.execute("SELECT pg_catalog.set_config('statement_timeout', %s, true)", (f"{round(seconds * 1000)}ms",))


def _check(
    config: Config, database: Database, connection: Connection, pooler: Pooler, limit: float, promise: Promise
) -> Report:
    results = _Results()
    server, role = database.server(connection), read_role(connection)
    results.findings += _server(server, role, pooler)
    results.findings += _source(config, promise)
    results.findings += rights(connection, config, server, role)
    schema = config.database.schema_
    usage = connection.execute(statement("schema"), {"schema": schema}).fetchone()
    if usage is None or not usage[0]:
        results.findings.append(_no_schema(schema, role, exists=usage is not None))
        return results.report
    found, zone = columns_of(connection, schema)
    applied = secured(connection, schema)
    available = compare(schema, found, zone, hidden(applied))
    if not applied:  # where the catalog tells of no policy, one that is applied all the same is an error
        connection.execute("SELECT pg_catalog.set_config('row_security', 'off', true)")
    results.findings += policies(connection, applied, available, _READ_BY_EXPORTER)
    results.findings += _contract(connection, available, found, role)
    if available.usable:
        _look_inside(config, connection, available, role, results, limit)
    else:
        what = "not looked at, as what is required is missing"
        results.findings.append(Finding(EXPORTER, Level.ADVICE, "rows and indexes", what, "mend that and check again"))
    return results.report


def _server(server: Server, role: Role, pooler: Pooler) -> Iterator[Finding]:
    major, minor = divmod(server.version, 10_000)
    yield Finding(SERVER, Level.OK, "version", f"PostgreSQL {major}.{minor}, database {role.database}")
    ascii_only = server.encoding == "SQL_ASCII"
    yield Finding(
        SERVER,
        Level.ADVICE if ascii_only else Level.OK,
        "encoding",
        f"{server.encoding}: texts may hold any bytes; what is not UTF-8 is replaced"
        if ascii_only
        else server.encoding,
        "none, but for moving to a database with an encoding" if ascii_only else "",
    )
    kind = "replica: commands are to be run on its primary" if server.replica else "primary"
    yield Finding(SERVER, Level.OK, "kind", kind)
    if pooler.between:
        yield Finding(SERVER, Level.OK, "pooler", f"{pooler.mode}; what the exporter sets ends with each transaction")


def _source(config: Config, promise: Promise) -> Iterator[Finding]:
    """From where rows come, where that is not this server alone: as of when they are, and what that costs."""
    if promise.dated and promise.known is not None:
        age = promise.at - promise.known
        old = age > max(config.max_staleness, promise.silence)
        limit = f", more than max_staleness ({duration(config.max_staleness)}): campaigns are withheld" if old else ""
        remedy = "see what is said of it below" if old else ""
        yield Finding(SERVER, Level.PROBLEM if old else Level.OK, "as of", f"{duration(age)} ago{limit}", remedy)
    for caveat in promise.caveats:
        level = Level.PROBLEM if caveat.grave else Level.ADVICE
        yield Finding(SERVER, level, caveat.thing, caveat.said, caveat.remedy)


def _no_schema(schema: str, role: Role, *, exists: bool) -> Finding:
    if exists:
        what, remedy = (
            f"role has no right to use the schema {identifier(schema)}",
            Command.GRANT_USAGE.of(schema=identifier(schema), role=role.identifier),
        )
    else:
        what, remedy = f"database {role.database} has no schema {schema}", "write the views as docs/contract.md shows"
    return Finding(ROLE if exists else SERVER, Level.PROBLEM, "schema", what, remedy)


def _contract(
    connection: Connection, available: Available, found: Mapping[str, Mapping[str, str]], role: Role
) -> Iterator[Finding]:
    """Relation by relation: what is missing, of a wrong type, or there but not to be read."""
    unread: dict[str, set[str]] = {}
    for relation, column in connection.execute(statement("unreadable"), {"schema": available.schema}):
        unread.setdefault(relation, set()).add(column)
    for relation in RELATIONS.values():
        name = relation.name
        for problem in (problem for problem in available.problems if problem.relation == name):
            if problem.column is None and name in available.hidden:
                continue  # told of by itself
            if problem.column is None:
                unreadable = name in unread
                matters = name in _READ_BY_EXPORTER if unreadable else not relation.optional
            else:
                unreadable = problem.column in unread.get(name, ())
                # What is optional may be left out; what is there with a wrong type was meant to be read.
                matters = not relation.column(problem.column).optional or problem.column in found.get(name, ())
            if unreadable and (name, problem.column) in _OF_GRAFANA:
                yield Finding(name, Level.ADVICE, str(problem.column), "hidden from this role, which has no need of it")
                continue
            what = "exists, but this role may not read it" if unreadable else problem.what
            view = identifier(available.schema, name)
            grant = Command.GRANT_SELECT.of(relation=view, role=role.identifier)
            if problem.column is not None:
                column = identifier(problem.column)
                grant = Command.GRANT_COLUMN.of(column=column, relation=view, role=role.identifier)
            yield Finding(
                name,
                Level.PROBLEM if matters else Level.ADVICE,
                problem.column or "relation",
                f"{what}; {problem.effect}",
                grant if unreadable else problem.remedy,
                "" if unreadable else problem.feature,
            )
        missing = {problem.column for problem in available.problems if problem.relation == name}
        if sleeping := [
            alert for alert, needs in ASLEEP if any(relation == name and c in missing for relation, c in needs)
        ]:
            yield Finding(name, Level.ADVICE, "alerts", f"asleep for want of it: {', '.join(sleeping)}")
        if name in available.types:
            there, wanted = len(available.types[name]), len(relation.columns)
            yield Finding(name, Level.OK, "columns", f"{there} of {wanted}")


def _look_inside(
    config: Config, connection: Connection, available: Available, role: Role, results: _Results, limit: float
) -> None:
    """The rows and the indexes of a database that has what is required."""
    row = connection.execute("SELECT extract(epoch FROM now())::float8").fetchone()
    assert row is not None, "one row"
    moment = Moment(row[0], config.settle_after, config.stale_after, config.abandonment.spans)
    reader = Reader(available, config.shard)
    raw = _small(connection, reader, config, results, limit)
    platform = PlatformReader(limits_of(config)).build(SMALL, raw, moment.now, config.retention)
    results.findings += violations(platform, raw, available.schema)
    results.findings += _given(config)
    if config.shard is not None:
        results.findings.append(shard(config.shard, platform))
    campaigns = _everybodys(connection, reader, config, raw, limit)
    read = [reader.statements(name).rows for name in ("tasks", "calls") if name not in available.hidden]
    some = list(platform.campaigns) or campaigns
    found = [
        each
        for each in Indexes(connection, reader, role, some, moment, limit).findings()
        if each.about not in available.hidden
    ]
    results.findings += found
    served = {finding.about: finding.level is Level.OK for finding in reversed(found)}
    samples = [(rows, served.get(rows.relation, False)) for rows in read]  # none is looked for of what is counted anew
    for rows, newest in samples:
        count, findings = sampled(connection, rows, available, campaigns, moment, newest=newest, limit=limit)
        results.findings += findings
        if count is not None:
            if rows.relation in available.counted:
                results.findings += unshown(connection, rows, available.schema)
            else:
                results.findings += stamps(connection, available, rows, moment.parameters(), newest=newest)
                results.findings += looking_again(connection, reader, rows.relation, moment)
            if rows.relation == "calls":
                results.findings += call_times(connection, available, rows, moment.parameters(), newest=newest)
            many = f"about {count:,}, of which {SAMPLE_ROWS:,} were looked at"
            results.rows[rows.relation] = count
            results.findings.append(
                Finding(rows.relation, Level.OK, "rows", many if count >= SAMPLE_ROWS else f"{count:,}")
            )
    if not available.hidden:
        results.findings += agreement(connection, reader, moment, newest=served.get("calls", False))
        results.findings += attempts(connection, reader, moment, newest=served.get("calls", False))
        results.findings += under_way(connection, reader, moment.parameters(), newest=served)
    made = trial(connection, config, reader, platform, samples, moment)
    if made is not None:
        results.series = made.series
        whole = not available.hidden and all(results.rows.get(rows.relation, 0) <= TRIAL_ROWS for rows in read)
        results.findings += series(made, whole)
    results.findings += selection(config.metrics)


def _given(config: Config) -> Iterator[Finding]:
    """The limits that the configuration gives instead of the platform."""
    parts = [
        f"{name.replace('_', ' ')}: {len(named)}"
        for name, named in (
            ("tenants", config.limits.tenants),
            ("campaigns", config.limits.campaigns),
            ("calls_per_minute", config.limits.calls_per_minute),
        )
        if named
    ]
    if parts:
        yield Finding(EXPORTER, Level.OK, "limits", f"given by the configuration, {', '.join(parts)}")


def _everybodys(
    connection: Connection, reader: Reader, config: Config, raw: Mapping[str, Rows], limit: float
) -> list[str]:
    """The ids of all campaigns there are, of other shards too: rows of them are no strays."""
    rows = raw.get("campaigns", ())
    if config.shard is not None:
        rows, _, _ = read_small(connection, Reader(reader.available), "campaigns", config.database.schema_, limit)
    place = SMALL["campaigns"].index("campaign_id")
    return [row[place] for row in rows if row[place] is not None]


def _small(
    connection: Connection, reader: Reader, config: Config, results: _Results, limit: float
) -> Mapping[str, Rows]:
    raw: dict[str, Rows] = {}
    seconds: dict[str, float] = {}
    for relation in reader.small.relations:
        schema = config.database.schema_
        raw[relation], seconds[relation], findings = read_small(connection, reader, relation, schema, limit)
        results.findings += findings
        if not findings:
            results.rows[relation] = len(raw[relation])
            results.findings.append(Finding(relation, Level.OK, "rows", f"{len(raw[relation]):,}"))
    results.findings.append(pace(config, seconds))
    return raw
