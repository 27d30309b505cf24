"""Runs the rolling audit within its share of database time, and has what differs loaded anew."""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping

import structlog

from exporter.config import AuditConfig
from exporter.ledger.audit import AuditSchedule, differing
from exporter.ledger.loading import allow
from exporter.metrics.self_metrics import Telemetry
from exporter.refresh.look import Look
from exporter.refresh.reloads import Reloads

_EARLY_AUDIT_SECONDS = 0.25

log = structlog.get_logger()


class Auditor:
    """Whose turn it is from refresh to refresh; a suspicion brings turns forward."""

    def __init__(self, config: AuditConfig, reloads: Reloads, telemetry: Telemetry) -> None:
        self._schedule = AuditSchedule(config)
        self._reloads = reloads
        self._telemetry = telemetry
        self._ran_at = time.monotonic()
        self.corrections = 0
        """Differences found so far."""

    def suspect(self, campaigns: Iterable[str]) -> None:
        """Rows of these may have left or moved: audit them early."""
        self._schedule.suspect(campaigns)

    def note_activity(self, changed: Mapping[str, Iterable[str]]) -> None:
        """The campaigns that changed in this refresh."""
        self._schedule.note_activity(changed)

    def run(self, look: Look) -> None:
        """Audit those that are due, for as long as the budget and this refresh's share of it last."""
        elapsed, self._ran_at = time.monotonic() - self._ran_at, time.monotonic()
        self._schedule.pass_time(elapsed)
        start = look.meter.seconds
        while look.meter.seconds - start < _EARLY_AUDIT_SECONDS:
            due = self._schedule.due(look.days, look.moment.now)
            if due is None:
                return
            self._audit(look, due)

    def _audit(self, look: Look, campaign: str) -> None:
        before = look.meter.seconds
        allow(look.connection, look.patience)
        try:
            wrong = differing(
                look.connection, look.reader, look.ledger, campaign, look.days[campaign], look.moment, look.meter
            )
        finally:  # one that is cut off has its next turn a period later: it must not cost every refresh
            self._schedule.done(campaign, look.moment.now, look.meter.seconds - before)
        self._telemetry.audits.inc()
        for relation in wrong or ():
            self._telemetry.corrections.labels(relation).inc()
        if wrong:
            self.corrections += 1
            log.info("audit found a difference", campaign=campaign, relations=sorted(wrong), action="loaded anew")
        if wrong is None or wrong:  # where SQL cannot count because of some row, the others are read again
            self._reloads.load_audited(look, campaign)
