"""Runs the rolling audit within its share of database time, and has what differs loaded anew.

A large campaign is counted beside the refreshes, a relation at a time: what the ledger said at the snapshot is
kept, and compared when the counts are there.
"""

from __future__ import annotations

import math
import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

import psycopg
import structlog

from exporter.config import AuditConfig
from exporter.errors import RowError
from exporter.ledger.audit import AuditSchedule, Turn, audited, differing, same
from exporter.ledger.loading import allow
from exporter.ledger.totals import Cell
from exporter.metrics.self_metrics import Telemetry
from exporter.refresh.beside import Beside, Piece, reason
from exporter.refresh.look import Look
from exporter.refresh.reloads import Reloads
from exporter.source.database import Connection, Rows
from exporter.source.projections import Projection
from exporter.source.query_time import Meter
from exporter.source.totals_reader import Scope

_EARLY_AUDIT_SECONDS = 0.25
_LOOK_SECONDS = 10.0
_PIECE_SECONDS = 1.0
"""The other relation is counted at the same snapshot until this time; a snapshot held for long keeps VACUUM waiting."""

Counts = list[tuple[Projection, Rows]]

log = structlog.get_logger()


@dataclass(slots=True)
class _Audit:
    """A campaign that is counted beside, and which projections are left."""

    turn: Turn
    left: list[Projection]
    piece: Piece[Counts] | None = None
    kept: Mapping[str, Mapping[int, Cell]] = field(default_factory=dict)
    wrong: set[str] = field(default_factory=set)


class Auditor:
    """Whose turn it is from refresh to refresh; a suspicion brings turns forward."""

    def __init__(self, config: AuditConfig, reloads: Reloads, telemetry: Telemetry, beside: Beside) -> None:
        self._schedule = AuditSchedule(config)
        self._config = config
        self._reloads = reloads
        self._telemetry = telemetry
        self._beside = beside
        self._audit: _Audit | None = None
        self._large: set[str] = set()
        self._looked_at = self._unreadable_at = -math.inf
        self._ran_at = time.monotonic()
        self.corrections = 0
        """Differences found so far."""
        self.counted_seconds = 0.0

    """Database time that the last `run` took for counting, which is held to the audits' own share, and for loading
    what differed, for which what is loaded beside rests."""

    def adopt(self, config: AuditConfig) -> None:
        """Take turns by another configuration."""
        self._config = config
        self._schedule.adopt(config)

    def suspect(self, campaigns: Iterable[str]) -> None:
        """Anything may be wrong with these: audit them early."""
        self._schedule.suspect(campaigns)

    def suspect_rows(self, campaigns: Iterable[str]) -> None:
        """Rows of these may have left or moved: count them early."""
        self._schedule.suspect_rows(campaigns)

    def note_activity(self, changed: Mapping[str, Iterable[str]]) -> None:
        """The campaigns that changed in this refresh."""
        self._schedule.note_activity(changed)

    def begin_anew(self) -> None:
        """Another ledger: what is being counted is of no use."""
        self._audit = None
        self._looked_at = -math.inf

    def saved(self) -> dict[str, Any]:
        """Whose turn it is, for `restore`; who is being counted beside has its turn once more."""
        return {
            "schedule": self._schedule.saved(),
            "counted": [self._audit.turn.campaign] if self._audit is not None else [],
        }

    def restore(self, saved: Mapping[str, Any]) -> None:
        """Go on with the turns of another process."""
        self._schedule.restore(saved["schedule"])
        self._schedule.suspect(saved["counted"])

    def run(self, look: Look) -> None:
        """Audit those that are due, for as long as the budget and this refresh's share of it last."""
        elapsed, self._ran_at = time.monotonic() - self._ran_at, time.monotonic()
        self._schedule.pass_time(elapsed)
        self.counted_seconds = 0.0
        if self._audit is not None:
            self._go_on(look, self._audit)
        start, now = look.meter.seconds, look.moment.now
        if any(look.meter.unreadable.values()) or self._reloads.unreadable:
            self._unreadable_at = now
        self._schedule.keep(look.days, now)
        if not self._schedule.affordable or look.reader.available.counted.issuperset(look.ledger.folds):
            return
        blind = 0 <= now - self._unreadable_at < self._config.period  # SQL counts rows that nobody can read
        # What is known of them is about to be replaced.
        free = look.days.keys() - self._reloads.pending.keys()
        large = free & self._large_ones(look)
        if self._audit is None and (turn := self._schedule.due(large, now, beside=True, whole_only=blind)) is not None:
            self._schedule.done(turn, now)  # its turn, which others need not wait for
            self._audit = _Audit(turn, audited(look.ledger, look.reader.available.counted, whole=turn.whole))
            self._go_on(look, self._audit)
        small = free - large
        while look.meter.seconds - start < _EARLY_AUDIT_SECONDS:
            if (turn := self._schedule.due(small, now, whole_only=blind)) is None:
                return
            if self._beside.takes(look.ledger.rows(turn.campaign)):  # it has grown
                self._large.add(turn.campaign)
                small.discard(turn.campaign)
                continue
            self._audit_at_once(look, turn)
            small -= self._reloads.pending.keys()

    def _large_ones(self, look: Look) -> set[str]:
        """The campaigns that are counted beside: looked for now and then, as there may be thousands."""
        if not 0 <= look.moment.now - self._looked_at < _LOOK_SECONDS:
            self._looked_at = look.moment.now
            self._large = {each for each in look.days if self._beside.takes(look.ledger.rows(each))}
        return self._large

    def _audit_at_once(self, look: Look, turn: Turn) -> None:
        before, day = look.meter.seconds, look.days[turn.campaign]
        allow(look.connection, look.patience)
        try:
            wrong = differing(
                look.connection, look.reader, look.ledger, turn.campaign, day, look.moment, look.meter, whole=turn.whole
            )
        finally:  # one that is cut off has its next turn a period later: it must not cost every refresh
            seconds = look.meter.seconds - before
            self._schedule.spend(turn, seconds)
            self._schedule.done(turn, look.moment.now)
            self.counted_seconds += seconds
        # Where SQL cannot count because of some row, the others are read again.
        self._tell(look, turn, wrong or set(), unreadable=wrong is None)

    def _go_on(self, look: Look, audit: _Audit) -> None:
        """Compare what was counted, and begin to count the next projection."""
        campaign = audit.turn.campaign
        if campaign not in look.days or campaign in self._reloads.pending:
            self._audit = None
            return
        if not self._beside.possible:
            self._audit = None
            self._again(audit.turn)
            return
        if audit.piece is not None:
            if not audit.piece.done:
                return
            self._schedule.spend(audit.turn, audit.piece.meter.seconds)
            self._telemetry.note_meter(audit.piece.meter)
            if audit.piece.error is not None:
                self._audit = None
                self._fail(look, audit.turn, audit.piece)
                return
            for projection, rows in audit.piece.future.result():
                audit.left.remove(projection)
                if not same(look.ledger, projection, campaign, rows, audit.kept[projection.name]):
                    audit.wrong.add(projection.relation)
            audit.piece = None
        if not audit.left:
            self._audit = None
            self._tell(look, audit.turn, audit.wrong)
        elif self._schedule.affordable:
            self._begin(look, audit)

    def _begin(self, look: Look, audit: _Audit) -> None:
        campaign, left = audit.turn.campaign, tuple(audit.left)
        day, attempts = look.days[campaign], look.ledger.tasks.allowed(look.ledger.campaign(campaign))
        reader = look.reader
        scope = Scope([campaign], look.moment, settled=False, day=day, attempts=attempts)

        def count(connection: Connection, meter: Meter) -> Counts:
            counts: Counts = []
            for relation in dict.fromkeys(projection.relation for projection in left):
                some = [projection for projection in left if projection.relation == relation]
                counts += reader.totals.of_each(connection, some, scope, meter)
                if meter.seconds > _PIECE_SECONDS:
                    break
            return counts

        audit.kept = {projection.name: dict(look.ledger.cells(projection.name, campaign)) for projection in left}
        audit.piece = self._beside.begin(look, count)

    @property
    def busy(self) -> bool:
        """Whether a campaign is being audited, or is to be before its turn."""
        return self._audit is not None or self._schedule.suspects

    def _again(self, turn: Turn) -> None:
        if turn.whole:
            self._schedule.suspect([turn.campaign])
        else:
            self._schedule.suspect_rows([turn.campaign])

    def _fail(self, look: Look, turn: Turn, piece: Piece[Counts]) -> None:
        if isinstance(piece.error, RowError):
            self._tell(look, turn, set(), unreadable=True)
            return
        campaign = turn.campaign
        cut_off = isinstance(piece.error, psycopg.errors.QueryCanceled)  # it would be again
        if not cut_off:
            self._again(turn)
        action = "at its next turn" if cut_off else "again"
        log.warning("an audit could not be done", campaign=campaign, why=reason(piece), action=action)

    def _tell(self, look: Look, turn: Turn, wrong: set[str], *, unreadable: bool = False) -> None:
        """Load what is wrong anew, and say so: but where SQL counted rows that cannot be read."""
        if turn.whole:
            self._telemetry.audits.inc()
        if not wrong and not unreadable:
            return
        before, began = sum(look.meter.unreadable.values()), look.meter.seconds
        self._schedule.loaded(turn.campaign, look.moment.now)
        try:
            # Where SQL could not count, nobody knows which relation differs.
            self._reloads.load_audited(look, turn.campaign, () if unreadable else wrong)
        finally:
            self.counted_seconds += look.meter.seconds - began
            if sum(look.meter.unreadable.values()) > before:
                self._unreadable_at = look.moment.now
                wrong = wrong if turn.whole else set()
            for relation in wrong:
                self._telemetry.corrections.labels(relation).inc()
            if wrong:
                self.corrections += 1
                log.info(
                    "audit found a difference", campaign=turn.campaign, relations=sorted(wrong), action="loaded anew"
                )
