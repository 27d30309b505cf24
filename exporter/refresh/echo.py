"""The echo: now and then the last minutes are read again, to find what no look announced, whatever the reason.

Changes are read by their stamps, and reasoned about by open transactions. A row that appears later than that reasoning
allows (logical replication, a foreign table, a clock set back, an import) would wait hours for its audit.
"""

from __future__ import annotations

import math
from typing import Any

import psycopg
import structlog

from exporter.metrics.self_metrics import Telemetry
from exporter.refresh.look import Look
from exporter.refresh.reloads import Reloads
from exporter.source.watermark import Plan

EVERY_SECONDS = 300.0
REACH_SECONDS = 900.0

log = structlog.get_logger()


class Echo:
    """Reads again what was stamped up to a quarter of an hour ago, every five minutes."""

    def __init__(self, settle_after: float, reloads: Reloads, telemetry: Telemetry) -> None:
        self._reach = min(REACH_SECONDS, settle_after / 2)  # rows that settled are known no longer
        self._reloads = reloads
        self._telemetry = telemetry
        self._at = -math.inf
        self._found_last = False

    def read(self, look: Look, low: float) -> None:
        """Read what is older than `low`, from where this refresh has read, if it is time."""
        now = look.moment.now
        if self._at <= now < self._at + EVERY_SECONDS:
            return
        first, self._at = self._at == -math.inf, now
        if first or low <= now - self._reach:  # everything was loaded a moment ago, or was read again anyway
            return
        found = {}
        try:
            for relation in look.ledger.folds:
                found[relation] = self._read(look, relation, low)
        except psycopg.errors.QueryCanceled:  # too much to be read twice: it is left to the audit
            log.debug("the echo took too long", reach_seconds=self._reach)
        self._tell({relation: rows for relation, rows in found.items() if rows})

    def _read(self, look: Look, relation: str, low: float) -> int:
        late = 0
        waiting = set(self._reloads.pending)  # of these such rows are known
        labels = look.ledger.vocabulary.campaign.labels
        plan = Plan(math.inf, ((look.moment.now - self._reach, low),))
        for rows in look.reader.changed(look.connection, relation, plan, look.moment, look.meter):
            folded = look.ledger.apply(relation, rows)
            dirty = {labels[number]: count for number, count in folded.dirty.items()}
            late += folded.altered + sum(dirty[each] for each in dirty.keys() - waiting)
            self._reloads.want(dirty, "dirty", relation)
        self._telemetry.late_rows.labels(relation).inc(late)
        return late

    def _tell(self, found: dict[str, int]) -> None:
        if found and not self._found_last:
            log.warning(
                "rows appeared later than their stamps say",
                **found,
                why="likely logical replication, a foreign table, a clock that is behind or was set back, or an import "
                "with old stamps",
                effect=f"such rows are seen up to {EVERY_SECONDS / 60:.0f} minutes late",
                remedy="stamp rows with the database's clock when they are written, or raise refresh.clock_allowance",
            )
        self._found_last = bool(found)

    def saved(self) -> list[Any]:
        """All that `restore` needs."""
        return [self._at, self._found_last]

    def restore(self, saved: list[Any]) -> None:
        """Read again what another process would have read again."""
        self._at, self._found_last = saved
