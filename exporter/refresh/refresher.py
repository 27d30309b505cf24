"""One refresh: what changed in the database, folded into the ledger, made into a snapshot."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
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
from exporter.refresh.clock import Clock, database_clock
from exporter.refresh.epoch import Epoch, begin
from exporter.refresh.explaining import explain
from exporter.refresh.look import Look
from exporter.refresh.notices import Notices
from exporter.refresh.resuming import Memory
from exporter.refresh.rows import Rows
from exporter.refresh.session import Session, open_session
from exporter.source.database import Database
from exporter.source.limits import limits_of
from exporter.source.moment import Moment
from exporter.source.origin import Origin
from exporter.source.platform import Platform, PlatformReader
from exporter.source.promise import LIVE, Promise
from exporter.source.query_time import Meter, Watch
from exporter.source.small_reader import SMALL
from exporter.source.structure import Structure, replaced
from exporter.source.transactions import Sight, sight
from exporter.source.watermark import Observation

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
        self._session: Session | None = None
        self._epoch: Epoch | None = None
        self._platforms = PlatformReader(limits_of(config))
        self._platform = Platform()
        self._almanac = Almanac()
        self._builder = SnapshotBuilder(config)
        self._violations = Violations()
        self._rows = Rows(config, database, telemetry, self._builder, progress)
        self._memory = Memory(config, clock, self._builder, self._rows.parts)
        self._notices = Notices(telemetry)
        self._catching_up = False
        self.warm = False
        """Whether it goes on from what another process saved."""
        self._unmade = False
        self._forgot_at = 0.0
        self.promise = LIVE
        """What is promised of the last snapshot."""
        self.data_at = 0.0
        """As of when its figures are, by this host's monotonic clock."""
        self.database_seconds = 0.0
        self.watch = Watch()

    @property
    def ledger(self) -> Ledger | None:
        """The running totals, for tests and pages; `None` before the first refresh."""
        return self._epoch.ledger if self._epoch is not None else None

    @property
    def exempt_seconds(self) -> float:
        """Database time of the last refresh that is not held to `refresh.max_share`."""
        return self._rows.exempt_seconds

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
        return (*self._notices.hidden, *self._rows.notes)

    def refresh(self) -> Snapshot:
        """Read what changed and return the new snapshot. Any error leaves the one before valid."""
        meter = Meter(self.watch)
        self._rows.exempt_seconds = 0.0
        try:
            session, epoch, structure, promise = self._observed(meter)
            taken = time.monotonic()
            with self._database.snapshot(session.connection):
                session.guard()
                look, seen = self._look(session, epoch, promise, meter)
                self._rows.read(look, epoch, epoch.changes.plan(seen), pooled=session.pooler.between)
            self._verify(session, structure, meter)
            self._rows.settle(look)
            made = self._show(look, epoch)
        except BaseException as error:
            self.disconnect()
            self._rows.failed()
            if not isinstance(error, psycopg.Error | OSError | CampaignExporterError):
                self._epoch = None  # a fault of ours, or no memory left: nobody knows what was folded and what not
                self._rows.exempt_seconds = 0.0  # should each try load everything, it is held to the share
            raise
        finally:
            self._rows.patient = False
            self.database_seconds = meter.seconds
            self._telemetry.note_meter(meter)
        epoch.changes.done()
        self._rows.done()
        if self._catching_up:  # as loading at the start is: what was missed is read at once
            self._catching_up, self._rows.exempt_seconds = False, meter.seconds
        as_of = promise.as_of(seen.at)
        self.promise, self.data_at = promise, taken - (seen.at - as_of)
        self._telemetry.note_snapshot(made, self._clock(seen.at), self._clock(as_of) if promise.told else None)
        return made

    def adopt(self, config: Config) -> None:
        """Go on with another configuration, of which `TAKEN_OVER` alone is another; between two refreshes."""
        self._config = config
        self._rows.adopt(config)
        self._builder.adopt(config)

    def saved(self) -> Mapping[str, Any] | None:
        """All that `resume` needs, between two refreshes, be the last one failed; `None` while everything is loaded.

        Arrays are the refresher's own: to be written before the next refresh.
        """
        return self._memory.saved(self._epoch, replaced=self._rows.replaced)

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
        self._rows.end()

    def wait(self) -> None:
        """Until what goes on beside the refreshes has ended; for tests."""
        self._rows.wait()

    @property
    def pending(self) -> Mapping[str, str]:
        """Why by campaign, of those that are being loaded: of new ones nothing is shown, of others not the latest."""
        return self._rows.pending

    @property
    def busy(self) -> bool:
        """Whether some campaign is to be loaded, or audited before its turn."""
        return self._rows.busy

    def overdue(self) -> float:
        """Seconds by which some statement has taken longer than it may."""
        return max(self.watch.longest() - self.limit, self._rows.waited_beside - self.patience)

    @property
    def patience(self) -> float:
        """Seconds that a statement may take while loading everything."""
        return _LOADING_FACTOR * self._config.database.statement_timeout

    @property
    def limit(self) -> float:
        """Seconds that the statement under way may take."""
        return self.patience if self._rows.patient else self._config.database.statement_timeout

    def _connected(self, meter: Meter) -> tuple[Session, Epoch]:
        if self._session is not None and self._epoch is not None:
            return self._session, self._epoch
        with self._telemetry.staged("connect"):
            session = self._session = open_session(self._database, meter)
        self._telemetry.note_available(session.available)
        self._notices.note_hidden(session.available)
        if self._memory.left is not None:
            self._epoch, self._rows.replaced = self._memory.resumed(session)
            self.warm = self._catching_up = self._unmade = self._epoch is not None
        epoch = self._epoch
        if epoch is None or not epoch.holds(session):
            epoch = self._epoch = begin(session, self._config, self._clock, epoch)
            self._rows.begin_anew()
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
        with self._telemetry.staged("observe"):
            self._notices.note_pooler(session.pooler)
            promise = epoch.promises.look(origin)
            self._notices.note_promise(promise)
            self._telemetry.note_promise(promise)
            epoch.changes.note(observation, promise)
            self._rows.note_structure(structure, epoch)
        return session, epoch, structure, promise

    @property
    def _lost(self) -> bool:
        return self._session is not None and self._session.connection.closed

    def _observe(self, meter: Meter) -> tuple[Session, Epoch, Observation, Structure, Origin]:
        session, epoch = self._connected(meter)
        with self._telemetry.staged("observe"):
            return session, epoch, *session.observe(meter)

    def _verify(self, session: Session, before: Structure, meter: Meter) -> None:
        """A table that was rewritten after the snapshot was taken looks empty in it: then nothing read is true."""
        with self._telemetry.staged("observe"):
            moved = replaced(before, session.structure(meter))
        if moved:
            raise ReplacedError(
                f"something under {' and '.join(sorted(moved))} was replaced or rewritten while it was read "
                "(TRUNCATE, ALTER, a view, a partition); all is read again"
            )

    def _look(self, session: Session, epoch: Epoch, promise: Promise, meter: Meter) -> tuple[Look, Sight]:
        """The snapshot's instant and its small relations, from which follow the campaigns and their days."""
        connection, reader = session.connection, epoch.reader
        with self._telemetry.staged("platform"):
            seen = meter.timed(lambda: sight(connection))
            session.expect(seen)
            self._notices.compare_clocks(seen.at)
            now = self._clock(promise.judged_at(seen.at))
            raw = reader.small.platform(connection, now - self._config.retention, meter)
            self._telemetry.note_left_out(meter.left_out)
            self._notices.note_left_out(meter.left_out)
            everybody = self._platforms.build(SMALL, raw, now, self._config.retention)
            moment = Moment(now, self._config.settle_after, self._config.stale_after, self._config.abandonment.spans)
            platform = self._platform = self._rows.admitted(everybody, session, epoch, promise, moment, meter)
            days, closed = self._almanac.at(platform, now)
            self._rows.load_new(epoch.ledger.set_scope(days, closed, platform.attempts))
        guarded = not session.policies
        return Look(
            connection, reader, epoch.ledger, meter, moment, platform, everybody, days, self.patience, promise, guarded
        ), seen  # fmt: skip

    def _show(self, look: Look, epoch: Epoch) -> Snapshot:
        """Judge what changed, and encode it."""
        ledger, platform, now = look.ledger, look.platform, look.moment.now
        with self._telemetry.staged("diagnose"):
            if not 0 <= now - self._forgot_at < _FORGET_EVERY:
                ledger.forget_settled(now, self._config.settle_after, self._config.remembered_rows)
                self._forgot_at = now
            changed = ledger.drain_changed()
            if not epoch.begun or self._unmade:  # whatever was shown before, by another ledger, is made again
                changed = {name: set(look.days) for name in ledger.projections}
                self._violations = Violations()
            self._unmade = True
            self._rows.note_activity(changed)
            self._violations.update(ledger, changed)
            self._telemetry.note_violations({**self._violations.total, **platform.violations})
            self._telemetry.note_ledger(ledger, epoch.changes.low, epoch.changes.watched)
            work = self._builder.diagnose(ledger, platform, changed, now, dated=look.promise.dated)
        with self._telemetry.staged("encode"):
            made = self._builder.encode(work)
            self._unmade = False
            epoch.begun = True
            self._notices.note_folded(made.folded)
            return made
