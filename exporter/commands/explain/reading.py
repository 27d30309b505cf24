"""One look at one campaign: a short read-only transaction in which its tenant's rows are read and judged."""

from __future__ import annotations

import contextlib
import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

import psycopg
import sqlalchemy as sa

from exporter.commands.explain.ids import as_key, kind_of, quoted
from exporter.commands.explain.rows import Rows, one_of, read, seconds
from exporter.config import Config
from exporter.config.durations import format_duration
from exporter.contract.availability import Available
from exporter.contract.identifiers import identifier
from exporter.diagnosis.diagnoser import Diagnoser
from exporter.errors import DatabaseUnavailableError, RowError, UnknownIdError
from exporter.ledger.closed_hours import closed_of, days_of
from exporter.ledger.ledger import Ledger
from exporter.ledger.loading import Loader
from exporter.metrics.snapshot import Snapshot, SnapshotBuilder
from exporter.refresh.clock import Clock, database_clock
from exporter.source.database import Compiled, Connection, Database, Server, fetch, reason
from exporter.source.database import Rows as Raw
from exporter.source.limits import limits_of
from exporter.source.moment import Moment
from exporter.source.platform import Platform, PlatformReader, exported
from exporter.source.promise import Promise, Promises
from exporter.source.query_time import Meter
from exporter.source.reader import Reader
from exporter.source.small_reader import SMALL
from exporter.source.small_statements import owners_in
from exporter.web.cards.values import Freshness

ONE_LOOK = "One look at the database: how long it has been so was worked out, not watched."


@dataclass(slots=True)
class Reading:
    """A transaction that sees one instant. `platform` holds the campaign's tenant and nothing else."""

    config: Config
    connection: Connection
    server: Server
    available: Available
    reader: Reader
    now: float
    campaign_id: str
    platform: Platform
    promise: Promise
    age: float
    """Seconds since the rows were as they are."""

    @property
    def freshness(self) -> Freshness:
        """How old what is read is, and what else its reader must know."""
        grave = (each.sentence for each in self.promise.caveats if each.grave)
        notes = (ONE_LOOK, *self.available.notes, *grave)
        return Freshness(self.age, self.age > self.config.max_staleness, notes, self.promise.dated)

    def read(
        self,
        relation: str,
        column: str,
        keys: Sequence[str],
        newest_by: str,
        limit: int,
        *,
        since: float | None = None,
        columns: Sequence[str] | None = None,
    ) -> Rows:
        """The newest rows of a relation whose column is one of these ids, of those stamped since then."""
        where = [one_of(self.available, relation, column)]
        values: dict[str, Any] = {"keys": list(keys)}
        if since is not None:
            bound = sa.bindparam("since", type_=sa.DateTime(timezone=True))
            where.append(self.available.column(relation, newest_by) >= bound)
            values["since"] = datetime.fromtimestamp(since, UTC)
        return read(self.connection, self.available, relation, where, newest_by, limit, columns=columns, **values)

    def judge(self) -> Snapshot:
        """What the exporter would show of the tenant: its totals by SQL, then the diagnosis."""
        config = self.config
        moment = Moment(self.now, config.settle_after, config.stale_after, config.abandonment.spans)
        days = days_of(self.platform, self.now)
        ledger = Ledger(self.available, stale_after=config.stale_after)
        ledger.set_scope(days, closed_of(self.platform, days), self.platform.attempts)
        ledger.advance(self.now)
        Loader(self.reader, ledger, moment, Meter(), config.database.statement_timeout).load(self.connection, days)
        moments = {self.campaign_id: (self.last_event(), self.last_start())}
        builder = SnapshotBuilder(config, Diagnoser(config, moments))
        changed = {name: set(days) for name in ledger.projections}
        work = builder.diagnose(ledger, self.platform, changed, self.now, dated=self.promise.dated)
        return builder.encode(work)

    def last_start(self) -> float | None:
        """When the campaign's newest call was started; where that cannot be read, as if it were just now.

        Totals remember the calls of the last hour alone.
        """
        if "calls" in self.available.hidden:
            return None
        started = self.available.column("calls", "started_at")
        now = sa.bindparam("now", type_=sa.DateTime(timezone=True))
        newest = sa.func.extract("epoch", sa.func.max(started)).cast(sa.Double)
        query = sa.select(newest).where(one_of(self.available, "calls", "campaign_id"), started <= now)
        values = {"keys": [self.campaign_id], "now": datetime.fromtimestamp(self.now, UTC)}
        try:
            with self.connection.transaction():
                found = fetch(self.connection, Compiled(query), **values)
        except (psycopg.Error, RowError):
            return self.now
        return None if found[0][0] is None else float(found[0][0])

    def last_event(self) -> float | None:
        """When the campaign's state or settings last changed, where the platform tells."""
        if not self.available.has("campaign_events"):
            return None
        try:
            found = self.read("campaign_events", "campaign_id", [self.campaign_id], "at", 1).rows
        except (psycopg.Error, RowError):
            return None
        return seconds(found[0]["at"]) if found else None


@contextlib.contextmanager
def open_reading(config: Config, campaign_id: str, clock: Clock = database_clock) -> Iterator[Reading]:
    """Open a look at a campaign. `UnknownIdError` when there is none; `DatabaseUnavailableError` says why not."""
    database = Database(config)
    connection = database.connect()
    try:
        with named_errors(config, f"campaign {quoted(campaign_id)}"):
            with database.look(connection):
                available = database.discover(connection)
            promise = Promises().settle(database, connection, available)
            with database.snapshot(connection):
                yield _read(config, database, connection, available, promise, campaign_id, clock)
    finally:
        database.close(connection)


@contextlib.contextmanager
def named_errors(config: Config, what: str) -> Iterator[None]:
    """Errors of the database as something that a person can mend."""
    try:
        yield
    except psycopg.errors.QueryCanceled:
        limit = format_duration(config.database.statement_timeout)
        raise DatabaseUnavailableError(
            f"reading {what} took longer than database.statement_timeout ({limit}): campaign-exporter check names "
            "indexes that are missing; or raise it in a copy of the configuration"
        ) from None
    except psycopg.Error as error:
        raise DatabaseUnavailableError(
            f"reading {what} failed: {reason(error)}; see campaign-exporter check, and try again"
        ) from None


def _read(
    config: Config,
    database: Database,
    connection: Connection,
    available: Available,
    promise: Promise,
    campaign_id: str,
    clock: Clock,
) -> Reading:
    server = database.server(connection)
    row = connection.execute("SELECT extract(epoch FROM now())::float8").fetchone()
    assert row is not None, "one row"
    now, reader, meter = clock(promise.judged_at(row[0])), Reader(available), Meter()
    campaigns = reader.small.rows(connection, "campaigns", meter)
    key, tenant = _find(available, campaigns, campaign_id)
    place = {name: index for index, name in enumerate(SMALL["campaigns"])}
    raw: dict[str, Raw] = {"campaigns": [row for row in campaigns if row[place["tenant_id"]] == tenant]}
    of = owners_in(raw["campaigns"], SMALL["campaigns"], -math.inf)
    for relation in reader.small.relations:
        if relation != "campaigns":
            raw[relation] = _of_tenant(relation, reader.small.rows(connection, relation, meter, of), tenant)
    everything = PlatformReader(limits_of(config)).build(SMALL, raw, now, math.inf)
    if key not in everything.campaigns:
        raise UnknownIdError(f"campaign {quoted(campaign_id)} is a draft: drafts are neither dialled nor exported")
    # Its siblings hold slots, so they count as the exporter counts them; the campaign itself however long it is over.
    kept = {
        sibling: campaign
        for sibling, campaign in everything.campaigns.items()
        if sibling == key or exported(campaign, now, config.retention)
    }
    schedules = {sibling: everything.schedules[sibling] for sibling in kept}
    platform = replace(everything, campaigns=kept, schedules=schedules)
    age = row[0] - promise.as_of(row[0])
    return Reading(config, connection, server, available, reader, now, key, platform, promise, age)


def _of_tenant(relation: str, rows: Raw, tenant: str | None) -> Raw:
    """Without other tenants' rows; those of campaigns were read of its own alone."""
    if "tenant_id" not in SMALL[relation]:
        return rows
    place = SMALL[relation].index("tenant_id")
    return [row for row in rows if row[place] == tenant]


def _find(available: Available, campaigns: Raw, campaign_id: str) -> tuple[str, str | None]:
    """The campaign's id as the database writes it, and its tenant's."""
    typname = available.types["campaigns"]["campaign_id"]
    key = as_key(campaign_id, typname)
    place = {name: index for index, name in enumerate(SMALL["campaigns"])}
    for row in campaigns:
        if key is not None and row[place["campaign_id"]] == key:
            return key, row[place["tenant_id"]]
    named = [row[place["campaign_id"]] for row in campaigns if row[place["name"]] == campaign_id]
    where = identifier(available.schema, "campaigns")
    if len(named) == 1 and named[0] is not None:
        raise UnknownIdError(f"campaign {quoted(campaign_id)}: that is a name; the campaign's id is {quoted(named[0])}")
    if "campaigns" in available.hidden:
        raise UnknownIdError(
            f"campaign {quoted(campaign_id)}: none with this id can be seen in {where}: "
            f"{available.hidden['campaigns']}; campaign-exporter check has the remedy"
        )
    why = f"; ids there are {kind_of(typname)}" if key is None else ""
    raise UnknownIdError(
        f"campaign {quoted(campaign_id)}: there is none with this id in {where}{why}; check the id in that view, in "
        "campaign_info of /metrics, or on the exporter's page /campaigns"
    )
