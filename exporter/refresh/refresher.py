"""One refresh: what changed in the database, folded into the ledger, made into a snapshot."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import psycopg
import structlog

from exporter.config import Config
from exporter.errors import CampaignExporterError, DatabaseUnavailableError, ReplacedError
from exporter.ledger.closed_hours import Almanac
from exporter.ledger.ledger import Ledger
from exporter.metrics.contract_violations import Violations
from exporter.metrics.self_metrics import Telemetry
from exporter.metrics.snapshot import Snapshot, SnapshotBuilder
from exporter.refresh.auditor import Auditor
from exporter.refresh.balance import Balance
from exporter.refresh.beside import Beside
from exporter.refresh.clock import Clock, database_clock
from exporter.refresh.echo import Echo
from exporter.refresh.epoch import Epoch, begin
from exporter.refresh.evidence import Evidence
from exporter.refresh.explaining import explain
from exporter.refresh.look import Look
from exporter.refresh.losses import Losses
from exporter.refresh.notices import Notices
from exporter.refresh.probe import Probe
from exporter.refresh.reloads import Reloads
from exporter.refresh.resuming import Memory
from exporter.refresh.session import Session, open_session
from exporter.source.database import Database
from exporter.source.origin import Origin
from exporter.source.platform import Platform, PlatformReader
from exporter.source.promise import LIVE, Promise
from exporter.source.query_time import Meter, Watch
from exporter.source.reader import SMALL, Moment
from exporter.source.structure import Structure, replaced
from exporter.source.transactions import Sight, sight
from exporter.source.watermark import Observation, Plan

_LOADING_FACTOR = 20
_FORGET_EVERY = 60.0

log = structlog.get_logger()


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
        self._session: Session | None = None
        self._epoch: Epoch | None = None
        self._platforms = PlatformReader()
        self._platform = Platform()
        self._almanac = Almanac()
        self._builder = SnapshotBuilder(config)
        self._violations = Violations()
        self._evidence = Evidence()
        self._balance = Balance()
        self._losses = Losses(self._builder, self._evidence)
        self._beside = Beside(database)
        self._reloads = Reloads(self._losses, telemetry, self._beside, config.refresh.max_share)
        self._echo = Echo(config.settle_after, self._reloads, telemetry)
        self._auditor = Auditor(config.audit, self._reloads, telemetry, self._beside)
        self._probe = Probe(self._auditor, telemetry)
        self._memory = Memory(
            config, clock, self._builder, evidence=self._evidence, balance=self._balance, losses=self._losses,
            reloads=self._reloads, echo=self._echo, auditor=self._auditor, probe=self._probe,
        )  # fmt: skip
        self._notices = Notices(telemetry)
        self._catching_up = False
        self.warm = False
        """Whether it goes on from what another process saved."""
        self._patient = False
        self._replaced = False
        self._unmade = False
        self._forgot_at = 0.0
        self.promise = LIVE
        """What is promised of the last snapshot."""
        self.data_at = 0.0
        """As of when its figures are, by this host's monotonic clock."""
        self.database_seconds = 0.0
        self.loading_seconds = 0.0
        self.watch = Watch()

    @property
    def ledger(self) -> Ledger | None:
        """The running totals, for tests and pages; `None` before the first refresh."""
        return self._epoch.ledger if self._epoch is not None else None

    @property
    def platform(self) -> Platform:
        """The small relations as the last refresh saw them."""
        return self._platform

    @property
    def clock_ahead(self) -> float | None:
        """Seconds that this host's clock is ahead of the database's, where that is more than networks take."""
        return self._notices.clock_ahead

    @property
    def notes(self) -> tuple[str, ...]:
        """What readers of pages must know of the data, in a sentence each."""
        return (*self._notices.hidden, *self._probe.notes, *self._reloads.notes)

    def refresh(self) -> Snapshot:
        """Read what changed and return the new snapshot. Any error leaves the one before valid."""
        meter = Meter(self.watch)
        self.loading_seconds = 0.0
        try:
            session, epoch, structure, promise = self._observed(meter)
            taken = time.monotonic()
            with self._database.snapshot(session.connection):
                session.guard()
                look, seen = self._look(session, epoch, promise, meter)
                self._read(look, epoch, session, seen)
            self._verify(session, structure, meter)
            self._losses.settle(look, self._reloads.turned_up)
            made = self._show(look, epoch)
        except BaseException as error:
            self.disconnect()
            self._reloads.failed()
            if not isinstance(error, psycopg.Error | OSError | CampaignExporterError):
                self._epoch = None  # a fault of ours, or no memory left: nobody knows what was folded and what not
                self.loading_seconds = 0.0  # should each try load everything, it is held to the share
            raise
        finally:
            self._patient = False
            self.database_seconds = meter.seconds
            self._telemetry.note_meter(meter)
        epoch.changes.done()
        self._reloads.done()
        self._replaced = False
        if self._catching_up:  # as loading at the start is: what was missed is read at once
            self._catching_up, self.loading_seconds = False, meter.seconds
        as_of = promise.as_of(seen.at)
        self.promise, self.data_at = promise, taken - (seen.at - as_of)
        self._telemetry.note_snapshot(made, self._clock(seen.at), self._clock(as_of) if promise.told else None)
        return made

    def saved(self) -> Mapping[str, Any] | None:
        """All that `resume` needs, between two refreshes, be the last one failed; `None` while everything is loaded.

        Arrays are the refresher's own: to be written before the next refresh.
        """
        return self._memory.saved(self._epoch, replaced=self._replaced)

    def resume(self, saved: Mapping[str, Any] | None) -> None:
        """Go on from what another process saved, if it fits; to be called before the first refresh."""
        self._memory.left = saved

    def disconnect(self) -> None:
        """Close the connection; the next refresh makes a new one and looks anew at what is there."""
        if self._session is not None:
            self._session.close()
            self._session = None

    def end(self) -> None:
        """Close all connections for good."""
        self.disconnect()
        self._beside.end()

    def wait(self) -> None:
        """Until what goes on beside the refreshes has ended; for tests."""
        self._beside.wait()

    @property
    def pending(self) -> Mapping[str, str]:
        """Why by campaign, of those that are being loaded: of new ones nothing is shown, of others not the latest."""
        return self._reloads.pending

    @property
    def busy(self) -> bool:
        """Whether some campaign is to be loaded, or audited before its turn."""
        return bool(self._reloads.pending) or self._auditor.busy

    def overdue(self) -> float:
        """Seconds by which some statement has taken longer than it may."""
        return max(self.watch.longest() - self.limit, self._beside.watch.longest() - self.patience)

    @property
    def patience(self) -> float:
        """Seconds that a statement may take while loading everything."""
        return _LOADING_FACTOR * self._config.database.statement_timeout

    @property
    def limit(self) -> float:
        """Seconds that the statement under way may take."""
        return self.patience if self._patient else self._config.database.statement_timeout

    def _connected(self, meter: Meter) -> tuple[Session, Epoch]:
        if self._session is not None and self._epoch is not None:
            return self._session, self._epoch
        with self._stage("connect"):
            session = self._session = open_session(self._database, meter)
        self._telemetry.note_available(session.available)
        self._notices.note_hidden(session.available)
        if self._memory.left is not None:
            self._epoch, self._replaced = self._memory.resumed(session)
            self.warm = self._catching_up = self._unmade = self._epoch is not None
        epoch = self._epoch
        if epoch is None or not epoch.holds(session):
            epoch = self._epoch = begin(session, self._config, self._clock, epoch)
            self._probe.begin_anew()
            self._reloads.begin_anew()
            self._auditor.begin_anew()
            self._beside.close()
            epoch.promises.settle(self._database, session.connection, session.available)  # before everything is loaded
        return session, epoch

    def _observed(self, meter: Meter) -> tuple[Session, Epoch, Structure, Promise]:
        """What is open and what lies under the views, before a snapshot is taken.

        Once more on a new connection where one was lost at rest, or leads to another server: nothing was read yet.
        """
        try:
            session, epoch, observation, structure, origin = self._observe(meter)
        except (psycopg.OperationalError, DatabaseUnavailableError) as error:
            if self._session is None or not (isinstance(error, DatabaseUnavailableError) or self._lost):
                raise
            self._notices.note_reconnection(explain(error, self._database.parting)[1])
            self.disconnect()
            session, epoch, observation, structure, origin = self._observe(meter)
        with self._stage("observe"):
            self._notices.note_pooler(session.pooler)
            promise = epoch.promises.look(origin)
            self._notices.note_promise(promise)
            self._telemetry.note_promise(promise)
            epoch.changes.note(observation, promise)
            self._balance.note(structure)
            moved, lost = self._evidence.note(structure)
            if moved and epoch.begun:
                log.warning(
                    "something under the views was replaced",
                    relations=sorted(moved),
                    action="everything is loaded anew",
                )
                self._replaced = True
            if lost:
                self._auditor.suspect(epoch.ledger.exported)
        return session, epoch, structure, promise

    @property
    def _lost(self) -> bool:
        return self._session is not None and self._session.connection.closed

    def _observe(self, meter: Meter) -> tuple[Session, Epoch, Observation, Structure, Origin]:
        session, epoch = self._connected(meter)
        with self._stage("observe"):
            return session, epoch, *session.observe(meter)

    def _verify(self, session: Session, before: Structure, meter: Meter) -> None:
        """A table that was rewritten after the snapshot was taken looks empty in it: then nothing read is true."""
        with self._stage("observe"):
            moved = replaced(before, session.structure(meter))
        if moved:
            raise ReplacedError(
                f"something under {' and '.join(sorted(moved))} was replaced or rewritten while it was read "
                "(TRUNCATE, ALTER, a view, a partition); all is read again"
            )

    def _look(self, session: Session, epoch: Epoch, promise: Promise, meter: Meter) -> tuple[Look, Sight]:
        """The snapshot's instant and its small relations, from which follow the campaigns and their days."""
        connection, reader = session.connection, epoch.reader
        with self._stage("platform"):
            seen = meter.timed(lambda: sight(connection))
            session.expect(seen)
            self._notices.compare_clocks(seen.at)
            now = self._clock(promise.judged_at(seen.at))
            raw = reader.platform(connection, now - self._config.retention, meter)
            self._telemetry.note_left_out(meter.left_out)
            self._notices.note_left_out(meter.left_out)
            everybody = self._platforms.build(SMALL, raw, now, self._config.retention)
            moment = Moment(now, self._config.settle_after, self._config.stale_after)
            self._beside.note(pooled=session.pooler.between, foreign=promise.foreign)
            platform = self._platform = self._admitted(everybody, session, epoch, moment, meter)
            days, closed = self._almanac.at(platform, now)
            self._reloads.want(epoch.ledger.set_scope(days, closed, platform.attempts), "new")
        guarded = not session.policies
        return Look(
            connection, reader, epoch.ledger, meter, moment, platform, everybody, days, self.patience, promise, guarded
        ), seen  # fmt: skip

    def _admitted(self, everybody: Platform, session: Session, epoch: Epoch, moment: Moment, meter: Meter) -> Platform:
        """The platform without large campaigns that are new, until they are loaded."""
        if not epoch.begun:
            return everybody

        def small(campaign: str) -> bool:
            return epoch.reader.up_to(session.connection, campaign, self._beside.least, moment, meter)

        return self._reloads.without_coming(everybody, epoch.ledger, small)

    def _read(self, look: Look, epoch: Epoch, session: Session, seen: Sight) -> None:
        """Make the ledger equal to the snapshot: by change, by campaign, and by the audit's turn."""
        with self._stage("changes"):
            self._reloads.want_all(look.ledger.advance(look.moment.now))
            try:
                self._read_changes(look, epoch.changes.plan(seen))
            except psycopg.errors.QueryCanceled:  # too much changed to be read row by row: count it by SQL next time
                self._reloads.want_all(look.days)
                raise
        self._patient = True
        with self._stage("load"):
            if epoch.begun:
                self._reloads.load(look)
                self.loading_seconds = self._reloads.once_seconds
            else:
                # More sessions of a pool would be taken from those who share it, and may not be free; and what lies on
                # another server has a snapshot of its own for each connection.
                alone = session.pooler.between or look.promise.foreign
                helpers = 0 if alone else self._config.database.load_connections - 1
                self.loading_seconds = self._reloads.load_in_parallel(look, self._database, helpers, self._progress)
        with self._stage("probe"):
            self._probe.run(look)
        with self._stage("audit"):
            if self._losses.gained(look, self._reloads.turned_up):
                self._auditor.suspect(look.days)
            self._auditor.run(look)

    def _read_changes(self, look: Look, plan: Plan) -> None:
        if plan.everything or self._replaced:
            self._reloads.want_all(look.days)
        if self._reloads.covers(look.days, look.ledger):
            self._balance.begin_anew()
            return
        labels = look.ledger.vocabulary.campaign.labels
        for relation in look.ledger.folds:
            for rows in look.reader.changed(look.connection, relation, plan, look.moment, look.meter):
                folded = look.ledger.apply(relation, rows)
                self._telemetry.rows_ignored.labels(relation).inc(folded.ignored)
                self._reloads.want((labels[number] for number in folded.dirty), "dirty")
                self._balance.read(relation, folded.new)
                if folded.old:
                    self._auditor.suspect(look.days)
        self._echo.read(look, plan.low)
        if found := self._balance.suspects(self._auditor.corrections):
            log.debug("inserts and new rows differ", **found, action="audited early")
            self._auditor.suspect(look.days)

    def _show(self, look: Look, epoch: Epoch) -> Snapshot:
        """Judge what changed, and encode it."""
        ledger, platform, now = look.ledger, look.platform, look.moment.now
        with self._stage("diagnose"):
            if not 0 <= now - self._forgot_at < _FORGET_EVERY:
                ledger.forget_settled(now, self._config.settle_after, self._config.remembered_rows)
                self._forgot_at = now
            changed = ledger.drain_changed()
            if not epoch.begun or self._unmade:  # whatever was shown before, by another ledger, is made again
                changed = {name: set(look.days) for name in ledger.projections}
                self._violations = Violations()
            self._unmade = True
            self._auditor.note_activity(changed)
            self._violations.update(ledger, changed)
            self._telemetry.note_violations({**self._violations.total, **platform.violations})
            self._telemetry.note_ledger(ledger, epoch.changes.low, epoch.changes.watched)
            work = self._builder.diagnose(ledger, platform, changed, now, dated=look.promise.dated)
        with self._stage("encode"):
            made = self._builder.encode(work)
            self._unmade = False
            epoch.begun = True
            self._notices.note_folded(made.folded)
            return made

    @contextlib.contextmanager
    def _stage(self, name: str) -> Iterator[None]:
        with self._telemetry.stage.labels(name).time():
            yield
