"""One refresh: what changed in the database, folded into the ledger, made into a snapshot."""

from __future__ import annotations

import contextlib
import math
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field

import psycopg
import structlog

from exporter.calendar.days import Day
from exporter.config import Config
from exporter.contract.availability import Available
from exporter.ledger.audit import AuditSchedule, differing
from exporter.ledger.closed_hours import Almanac, days_of
from exporter.ledger.ledger import Ledger
from exporter.ledger.loading import Loader, allow
from exporter.metrics.contract_violations import Violations
from exporter.metrics.samples import Values
from exporter.metrics.self_metrics import Telemetry
from exporter.metrics.snapshot import Snapshot, SnapshotBuilder
from exporter.source.database import Connection, Database, Server, snapshot
from exporter.source.platform import Platform, PlatformReader
from exporter.source.query_time import Meter, Watch
from exporter.source.reader import SMALL, SMALL_LIMIT, Moment, Reader
from exporter.source.transactions import deletions, observe
from exporter.source.watermark import Horizon, Observation, Overlap, Plan

Clock = Callable[[float], float]
"""The database's time (seconds since 1970) to the time that rows are stamped with: the same, but for simulations."""

_LOADING_FACTOR = 20
_FORGET_EVERY = 60.0
_SOURCES_EVERY = 60.0
_EARLY_AUDIT_SECONDS = 0.25
_CLOCK_SECONDS = 5.0

log = structlog.get_logger()


def database_clock(now: float) -> float:
    """The clock of production: the database's own."""
    return now


@dataclass(slots=True)
class _Session:
    """What belongs to one connection."""

    connection: Connection
    server: Server
    reader: Reader
    sources: list[int]
    looked_at: float = field(default_factory=time.monotonic)


class Refresher:
    """Makes one snapshot after the other. All its state is one thread's."""

    def __init__(
        self,
        config: Config,
        database: Database,
        telemetry: Telemetry,
        clock: Clock = database_clock,
        progress: Callable[[float], None] = lambda _: None,
    ) -> None:
        self._config = config
        self._database = database
        self._telemetry = telemetry
        self._clock = clock
        self._progress = progress
        self._session: _Session | None = None
        self._reader: Reader | None = None
        self._server: Server | None = None
        self._anew = True
        self._horizon: Horizon | Overlap = Horizon(config.refresh.clock_allowance)
        self._owed: list[Plan] = []
        self._platforms = PlatformReader()
        self._platform = Platform()
        self._builder = SnapshotBuilder(config)
        self._violations = Violations()
        self._audits = AuditSchedule(config.audit)
        self._ledger: Ledger | None = None
        self._to_load: dict[str, str] = {}
        self._before_loading: dict[str, tuple[tuple[int, int], dict[str, Values]]] = {}
        self._patient = False
        self._unmade = False
        self._forgot_at = 0.0
        self._folded: set[str] = set()
        self.clock_ahead: float | None = None
        self._almanac = Almanac()
        self._audited_at = time.monotonic()
        self._low = -math.inf
        self._deleted: tuple[int, int] | None = None
        self.database_seconds = 0.0
        self.loading_seconds = 0.0
        self.watch = Watch()

    @property
    def ledger(self) -> Ledger | None:
        """The running totals, for tests and pages; `None` before the first refresh."""
        return self._ledger

    @property
    def platform(self) -> Platform:
        """The small relations as the last refresh saw them."""
        return self._platform

    def refresh(self) -> Snapshot:
        """Read what changed and return the new snapshot. Any error leaves the one before valid."""
        meter = Meter(self.watch)
        self.loading_seconds = 0.0
        try:
            session = self._connected(meter)
            self._owed.append(self._plan(self._observe(session, meter)))
            with snapshot(session.connection):
                made = self._refresh(session, meter)
        except BaseException:
            self.disconnect()
            raise
        finally:
            self._patient = False
            self.database_seconds = meter.seconds
            self._telemetry.note_meter(meter)
        self._owed.clear()
        self._to_load.clear()
        self._before_loading.clear()
        self._telemetry.note_snapshot(made)
        return made

    def disconnect(self) -> None:
        """Close the connection; the next refresh makes a new one and looks anew at what is there."""
        if self._session is not None:
            self._database.close(self._session.connection)
            self._session = None

    @property
    def patience(self) -> float:
        """Seconds that a statement may take while loading everything."""
        return _LOADING_FACTOR * self._config.database.statement_timeout

    @property
    def limit(self) -> float:
        """Seconds that the statement under way may take."""
        return self.patience if self._patient else self._config.database.statement_timeout

    # -- before the snapshot ------------------------------------------------------------------------------

    def _connected(self, meter: Meter) -> _Session:
        if self._session is not None:
            return self._session
        with self._stage("connect"):
            connection = meter.timed(self._database.connect)
            try:
                server = meter.timed(lambda: self._database.server(connection))
                available = meter.timed(lambda: self._database.discover(connection))
                sources = meter.timed(lambda: self._database.sources(connection))
            except BaseException:
                self._database.close(connection)
                raise
            self._session = _Session(connection, server, self._reader_of(available), sources)
        self._telemetry.note_available(available)
        # A server that was restarted may have lost what it had not written; another one is another truth.
        if self._ledger is None or self._server != server:
            self._start_over(self._session)
        self._server = server
        return self._session

    def _reader_of(self, available: Available) -> Reader:
        """The statements for what is there; other columns make other totals, so the ledger starts over."""
        if self._reader is None or self._reader.available.types != available.types:
            for problem in available.problems:
                log.warning("contract", problem=str(problem))
            self._reader = Reader(available)
            self._ledger = None
        return self._reader

    def _start_over(self, session: _Session) -> None:
        server, reader = session.server, session.reader
        if server.may_see and not server.replica:
            self._horizon = Horizon(self._config.refresh.clock_allowance)
        else:
            self._horizon = Overlap(self._config.refresh.overlap)
            why = "the server is a replica" if server.replica else "the role lacks pg_monitor"
            log.warning(
                "open transactions cannot be seen",
                why=why,
                effect="rows of transactions longer than refresh.overlap are found by the audit only",
                remedy="GRANT pg_monitor to the role" if not server.replica else "raise refresh.overlap if need be",
            )
        self._owed.clear()
        self._low = -math.inf
        self._ledger = Ledger(
            reader.available, reader.fetched("tasks"), reader.fetched("calls"), stale_after=self._config.stale_after
        )
        self._anew = True

    def _observe(self, session: _Session, meter: Meter) -> Observation:
        connection = session.connection
        with self._stage("observe"):
            observation = observe(connection, session.server, meter)
            if time.monotonic() - session.looked_at > _SOURCES_EVERY:  # a new partition is a new table
                session.sources = meter.timed(lambda: self._database.sources(connection))
                session.looked_at = time.monotonic()
            deleted = deletions(connection, session.sources, meter)
            if self._ledger is not None and self._deleted not in (None, deleted):
                self._audits.suspect(self._ledger.exported)
            self._deleted = deleted
        return observation

    def _plan(self, observation: Observation) -> Plan:
        """What this refresh must read, in the time that rows are stamped with.

        The next one's lower bound is translated now, not then: a simulation's clock may have jumped by then.
        """
        plan = self._horizon.observe(observation)
        low, self._low = self._low, self._clock(self._horizon.low)
        bands = tuple((self._clock(start), self._clock(end)) for start, end in plan.bands)
        return Plan(low, bands, plan.everything)

    # -- within the snapshot ------------------------------------------------------------------------------

    def _refresh(self, session: _Session, meter: Meter) -> Snapshot:
        connection, reader, ledger = session.connection, session.reader, self._ledger
        assert ledger is not None, "a connection makes a ledger"
        with self._stage("platform"):
            row = meter.timed(lambda: connection.execute("SELECT extract(epoch FROM now())::float8").fetchone())
            assert row is not None, "one row"
            self._compare_clocks(row[0])
            now = self._clock(row[0])
            moment = Moment(now, self._config.settle_after, self._config.stale_after)
            raw = {name: reader.small(connection, name, meter) for name in reader.small_relations}
            for name, rows in raw.items():
                if len(rows) >= SMALL_LIMIT:
                    log.warning("too many rows", relation=name, limit=SMALL_LIMIT, effect="the rest is left out")
            platform = self._platform = self._platforms.build(SMALL, raw, now, self._config.retention)
            days = days_of(platform, now)
            for campaign in ledger.set_scope(days, self._almanac.closed(platform, days)):
                self._to_load.setdefault(campaign, "new")
        with self._stage("changes"):
            for campaign in ledger.advance(now):
                self._to_load.setdefault(campaign, "everything")
            try:
                self._read_changes(session, moment, meter, days)
            except psycopg.errors.QueryCanceled:  # too much changed to be read row by row: count it by SQL next time
                self._to_load.update(dict.fromkeys(days, "everything"))
                raise
        self._patient = True
        with self._stage("load"):
            self._load(session, platform, days, moment, meter)
        with self._stage("audit"):
            self._audit(session, platform, days, moment, meter)
        with self._stage("diagnose"):
            if not 0 <= now - self._forgot_at < _FORGET_EVERY:
                ledger.forget_settled(now, self._config.settle_after)
                self._forgot_at = now
            changed = ledger.drain_changed()
            if self._anew or self._unmade:  # whatever was shown before, by another ledger, is made again
                changed = {name: set(days) for name in ledger.projections}
                self._violations = Violations()
            self._unmade = True
            self._audits.note_activity(changed)
            self._violations.update(ledger, changed)
            self._telemetry.note_violations({**self._violations.total, **platform.violations})
            for relation, fold in ledger.folds.items():
                self._telemetry.rows_held.labels(relation).set(len(fold.held))
            self._telemetry.watermark.set(self._low)
            self._telemetry.transactions_watched.set(self._horizon.watched)
            work = self._builder.diagnose(ledger, platform, changed, now)
        with self._stage("encode"):
            made = self._builder.encode(work)
            self._anew = self._unmade = False
            self._say_what_is_folded(made.folded)
            return made

    def _compare_clocks(self, database: float) -> None:
        """Judgement goes by the database's clock; say so where this host's tells another time."""
        difference = time.time() - database
        self._telemetry.clock_difference.set(difference)
        off = abs(difference) > _CLOCK_SECONDS
        if off and self.clock_ahead is None:
            log.warning(
                "the clocks differ",
                ahead_seconds=round(difference, 1),
                effect="all times are judged by the database's clock; Prometheus compares them with its own",
                remedy="synchronise the clocks of this host and of the database (NTP)",
            )
        self.clock_ahead = difference if off else None

    def _say_what_is_folded(self, folded: Mapping[str, int]) -> None:
        """Name a family in the log when it begins to have more label values than its budget."""
        for family in sorted(folded.keys() - self._folded):
            log.warning(
                "more label values than the budget",
                family=family,
                over=folded[family],
                effect="summed into other, or left out where no sum makes sense",
                remedy="raise the budget under series, or mend what writes so many values",
            )
        self._folded = set(folded)

    def _read_changes(self, session: _Session, moment: Moment, meter: Meter, days: Mapping[str, Day]) -> None:
        ledger = self._ledger
        assert ledger is not None, "a connection makes a ledger"
        plan = Plan(
            min(plan.low for plan in self._owed),
            tuple({band for plan in self._owed for band in plan.bands}),
            any(plan.everything for plan in self._owed),
        )
        if plan.everything:
            for campaign in days:
                self._to_load.setdefault(campaign, "everything")
        if self._to_load.keys() >= days.keys():
            return  # all campaigns are loaded anyway
        labels = ledger.vocabulary.campaign.labels
        for relation in ledger.folds:
            for rows in session.reader.changed(session.connection, relation, plan, moment, meter):
                folded = ledger.apply(relation, rows)
                self._telemetry.rows_ignored.labels(relation).inc(folded.ignored)
                for number in folded.dirty:
                    self._to_load.setdefault(labels[number], "dirty")

    def _load(
        self, session: _Session, platform: Platform, days: Mapping[str, Day], moment: Moment, meter: Meter
    ) -> None:
        wanted = {campaign: days[campaign] for campaign in self._to_load if campaign in days}
        if not wanted:
            return
        for campaign in wanted:
            self._telemetry.loaded.labels(self._to_load[campaign]).inc()
        ledger = self._ledger
        assert ledger is not None, "a connection makes a ledger"
        loader = self._loader(session, moment, meter)
        with self._minding_purges(platform, wanted):
            if self._anew:
                helpers = self._config.database.load_connections - 1
                before = meter.seconds
                loader.load_in_parallel(session.connection, wanted, self._database, helpers, self._progress)
                self.loading_seconds = meter.seconds - before
            else:
                loader.load(session.connection, wanted)

    @contextlib.contextmanager
    def _minding_purges(self, platform: Platform, campaigns: Mapping[str, Day]) -> Iterator[None]:
        """Where a campaign comes back with fewer rows, rows were deleted: its counters carry what was lost."""
        ledger = self._ledger
        assert ledger is not None, "a connection makes a ledger"
        before = self._before_loading  # kept if the loading fails: what is left then is not what there was
        for campaign in campaigns:
            if campaign not in before and any(ledger.rows(campaign)):
                before[campaign] = (ledger.rows(campaign), self._builder.true_counters(ledger, platform, campaign))
        yield
        for campaign in campaigns:
            if campaign not in before:
                continue
            rows, counters = before.pop(campaign)
            if any(now < then for now, then in zip(ledger.rows(campaign), rows, strict=True)):
                after = self._builder.true_counters(ledger, platform, campaign)
                self._builder.purged(campaign, counters, after)

    def _audit(
        self, session: _Session, platform: Platform, days: Mapping[str, Day], moment: Moment, meter: Meter
    ) -> None:
        ledger = self._ledger
        assert ledger is not None, "a connection makes a ledger"
        elapsed, self._audited_at = time.monotonic() - self._audited_at, time.monotonic()
        self._audits.pass_time(elapsed)
        start = meter.seconds
        while meter.seconds - start < _EARLY_AUDIT_SECONDS:
            due = self._audits.due(days, moment.now)
            if due is None:
                return
            before = meter.seconds
            allow(session.connection, self.patience)
            try:
                wrong = differing(session.connection, session.reader, ledger, due, days[due], moment, meter)
            finally:  # one that is cut off has its next turn a period later: it must not cost every refresh
                self._audits.done(due, moment.now, meter.seconds - before)
            self._telemetry.audits.inc()
            for relation in wrong or ():
                self._telemetry.corrections.labels(relation).inc()
            if wrong:
                log.info("audit found a difference", campaign=due, relations=sorted(wrong), action="loaded anew")
            if wrong is None or wrong:  # where SQL cannot count because of some row, the others are read again
                self._telemetry.loaded.labels("audit").inc()
                self._to_load[due] = "audit"  # until the refresh succeeds: a load that is cut off leaves half
                with self._minding_purges(platform, {due: days[due]}):
                    self._loader(session, moment, meter).load(session.connection, {due: days[due]})

    def _loader(self, session: _Session, moment: Moment, meter: Meter) -> Loader:
        assert self._ledger is not None, "a connection makes a ledger"
        return Loader(session.reader, self._ledger, moment, meter, self.patience)

    @contextlib.contextmanager
    def _stage(self, name: str) -> Iterator[None]:
        with self._telemetry.stage.labels(name).time():
            yield
