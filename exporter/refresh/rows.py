"""Tasks and calls within a refresh: the ledger is made equal to the snapshot, by change, by campaign and by audit."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

import psycopg
import structlog

from exporter.config import Config
from exporter.ledger.loading import ahead
from exporter.metrics.self_metrics import Telemetry
from exporter.metrics.snapshot import SnapshotBuilder
from exporter.refresh.auditor import Auditor
from exporter.refresh.balance import Balance
from exporter.refresh.beside import Beside
from exporter.refresh.deletions import Evidence
from exporter.refresh.echo import Echo
from exporter.refresh.epoch import Epoch
from exporter.refresh.look import Look
from exporter.refresh.losses import Losses
from exporter.refresh.parking import Parking
from exporter.refresh.probe import Probe
from exporter.refresh.reloads import Reloads
from exporter.refresh.resuming import Part
from exporter.refresh.session import Session
from exporter.refresh.unstamped import Recounting
from exporter.source.database import Database
from exporter.source.moment import Moment
from exporter.source.platform import Platform
from exporter.source.promise import Promise
from exporter.source.query_time import Meter
from exporter.source.records import Records
from exporter.source.structure import Structure
from exporter.source.watermark import Plan

_LOOKING_SECONDS = 1.0
"""How long a refresh finds out which new campaigns are small."""

log = structlog.get_logger()


class Rows:
    """What is remembered from refresh to refresh of how rows are read, and what goes on beside the refreshes."""

    def __init__(
        self,
        config: Config,
        database: Database,
        telemetry: Telemetry,
        builder: SnapshotBuilder,
        progress: Callable[[float], None],
    ) -> None:
        self._config = config
        self._database = database
        self._telemetry = telemetry
        self._progress = progress
        self._evidence = Evidence()
        self._balance = Balance()
        self._losses = Losses(builder, self._evidence)
        self._beside = Beside(database)
        self._reloads = Reloads(self._losses, telemetry, self._beside, config.refresh.max_share)
        self._parking = Parking(self._reloads, self._beside, self._balance)
        self._echo = Echo(config.settle_after, self._reloads, telemetry)
        self._auditor = Auditor(config.audit, self._reloads, telemetry, self._beside)
        self._probe = Probe(self._auditor, self._reloads, telemetry)
        self._recounting = Recounting()
        self.replaced = False
        """Whether something under the views was replaced since the last refresh that succeeded."""
        self.patient = False
        """Whether a refresh is where a statement may take long: it loads or audits."""
        self.exempt_seconds = 0.0
        """Database time, of the refresh under way or the last one, that is not held to `refresh.max_share`: of what is
        loaded once, as at the start, and of audits, which have a share of their own."""

    @property
    def parts(self) -> Mapping[str, Part]:
        """Whatever remembers something, by its name in what is saved."""
        return {
            "evidence": self._evidence, "balance": self._balance, "losses": self._losses, "reloads": self._reloads,
            "parking": self._parking, "echo": self._echo, "auditor": self._auditor, "probe": self._probe,
        }  # fmt: skip

    @property
    def notes(self) -> tuple[str, ...]:
        """What readers of pages must know, in a sentence each."""
        return (*self._probe.notes, *self._recounting.notes, *self._reloads.notes)

    def adopt(self, config: Config) -> None:
        """Go on with another configuration."""
        self._config = config
        self._reloads.adopt(config.refresh.max_share)
        self._auditor.adopt(config.audit)

    @property
    def pending(self) -> Mapping[str, str]:
        """Why by campaign, of those that are being loaded: of new ones nothing is shown, of others not the latest."""
        return self._reloads.pending

    @property
    def busy(self) -> bool:
        """Whether some campaign is to be loaded, or audited before its turn."""
        return bool(self._reloads.pending) or self._auditor.busy

    @property
    def waited_beside(self) -> float:
        """Seconds that the statement beside the refreshes has taken so far."""
        return self._beside.watch.longest()

    def wait(self) -> None:
        """Until what goes on beside the refreshes has ended; for tests."""
        self._beside.wait()

    def end(self) -> None:
        """Close the connection that works beside, for good."""
        self._beside.end()

    def begin_anew(self) -> None:
        """Another ledger: of another server, or of other columns."""
        self._probe.begin_anew()
        self._reloads.begin_anew()
        self._parking.begin_anew()
        self._auditor.begin_anew()
        self._beside.close()

    # -- a refresh, in its order --------------------------------------------------------------------------

    def note_structure(self, structure: Structure, epoch: Epoch) -> None:
        """What lies under the views now, before a snapshot is taken."""
        self._balance.note(structure)
        moved, lost = self._evidence.note(structure)
        if moved and epoch.begun:
            log.warning(
                "something under the views was replaced", relations=sorted(moved), action="everything is loaded anew"
            )
            self.replaced = True
        if lost:
            self._auditor.suspect_rows(epoch.ledger.exported)

    def admitted(
        self, everybody: Platform, session: Session, epoch: Epoch, promise: Promise, moment: Moment, meter: Meter
    ) -> Platform:
        """The platform without large campaigns that are new, until they are loaded."""
        self._beside.note(pooled=session.pooler.between, foreign=promise.foreign)
        if not epoch.begun or epoch.reader.available.counted:  # all is counted within the refresh
            return everybody

        start = meter.seconds

        def small(campaign: str) -> bool:
            if meter.seconds - start > _LOOKING_SECONDS:  # many at once are loaded together
                return True
            return epoch.reader.up_to(session.connection, campaign, self._beside.least, moment, meter)

        return self._reloads.without_coming(everybody, epoch.ledger, small)

    def read(self, look: Look, epoch: Epoch, plan: Plan, *, pooled: bool) -> None:
        """Make the ledger equal to the snapshot: by change, by campaign, and by the audit's turn."""
        self._parking.seconds = 0.0
        with self._telemetry.staged("changes"):
            self._reloads.want_all(look.ledger.advance(look.moment.now))
            try:
                self._read_changes(look, plan)
            except psycopg.errors.QueryCanceled:  # too much changed to be read row by row: count it by SQL next time
                self._reloads.want_all(look.days)
                raise
        self.patient = True
        before = look.meter.seconds
        with self._telemetry.staged("load"):
            if epoch.begun:
                self._reloads.load(look)
                self.exempt_seconds = self._reloads.once_seconds + self._parking.seconds
            else:
                # More sessions of a pool would be taken from those who share it, and may not be free; and what lies on
                # another server has a snapshot of its own for each connection.
                helpers = 0 if pooled or look.promise.foreign else self._config.database.load_connections - 1
                self.exempt_seconds = self._reloads.load_in_parallel(look, self._database, helpers, self._progress)
        self._recounting.note(self._config, look.reader.available.counted, look.meter.seconds - before)
        with self._telemetry.staged("probe"):
            self._probe.run(look)
        with self._telemetry.staged("audit"):
            if self._losses.gained(look, {each: self._parking.expected(each) for each in self._reloads.turned_up}):
                self._auditor.suspect_rows(look.days)
            self._auditor.run(look)
            self.exempt_seconds += self._auditor.counted_seconds

    def load_new(self, campaigns: set[str]) -> None:
        """These came into scope, or their days were redrawn."""
        self._reloads.want(campaigns, "new")

    def _read_changes(self, look: Look, plan: Plan) -> None:
        if plan.everything or self.replaced:
            self._reloads.want_all(look.days)
        if counted := look.reader.available.counted:
            self._reloads.count_anew(look.days, counted)
            self._balance.begin_anew(counted)
        if self._reloads.covers(look.days, look.ledger):
            self._balance.begin_anew()
            return
        labels = look.ledger.vocabulary.campaign.labels
        for relation, rows in ahead(self._changed(look, plan)):
            with self._parking.folding:
                folded = look.ledger.apply(relation, rows)
                self._telemetry.rows_ignored.labels(relation).inc(folded.ignored)
                self._reloads.want((labels[number] for number in folded.dirty), "dirty", relation)
                late = sum(folded.dirty.values())
                self._balance.read(relation, folded.new - late, late)
                if folded.old:
                    self._auditor.suspect_rows(look.days)
        self._echo.read(look, plan.low)
        if self._config.shard is not None:  # inserts are counted by table, whosever they are
            return
        if found := self._balance.suspects(self._auditor.corrections):
            log.debug("inserts and new rows differ", **found, action="audited early")
            self._auditor.suspect_rows(look.days)

    def _changed(self, look: Look, plan: Plan) -> Iterator[tuple[str, Records]]:
        """What changed in both relations. Calls first: while the many are folded, the database works on the few."""
        for relation in sorted(look.ledger.folds.keys() - look.reader.available.counted):
            for rows in self._parking.changed(look, relation, plan):
                yield relation, rows

    def settle(self, look: Look) -> None:
        """All was read, of one state of the database: see what campaigns lost, and what can be explained."""
        turned_up = [each for each in self._reloads.turned_up if self._parking.may_have_been_there(each)]
        self._losses.settle(look, turned_up)

    def note_activity(self, changed: Mapping[str, set[str]]) -> None:
        """The campaigns that changed in this refresh, by projection."""
        self._auditor.note_activity(changed)

    def done(self) -> None:
        """The refresh succeeded."""
        self._reloads.done()
        self._parking.done()
        self.replaced = False

    def failed(self) -> None:
        """The refresh failed: what it loaded is loaded again."""
        self._reloads.failed()
