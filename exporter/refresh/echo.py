"""The echo: now and then the last minutes are read again, to find what no look announced, whatever the reason.

Changes are read by their stamps, and reasoned about by open transactions. A row that appears later than that reasoning
allows (logical replication, a foreign table, a clock set back, an import) would wait hours for its audit.
"""

from __future__ import annotations

import math
import time
from collections import Counter
from typing import Any

import psycopg
import structlog

from exporter.metrics.self_metrics import Telemetry
from exporter.refresh.look import Look
from exporter.refresh.reloads import Reloads
from exporter.source.watermark import Plan

EVERY_SECONDS = 300.0
REACH_SECONDS = 900.0

MOST_ROWS = 10_000
"""A refresh reads so many again at most: the present goes first."""

_SHARE = 0.05
"""Of the time."""

_QUICK_SECONDS = 0.05
"""A piece that took less may be longer the next time."""

_SHORTEST_SECONDS = 0.25
"""What has more rows than that within this time was written at once: it is left to the audit."""

log = structlog.get_logger()


class Echo:
    """Reads again what was stamped up to a quarter of an hour ago, every five minutes, piece by piece."""

    def __init__(self, settle_after: float, reloads: Reloads, telemetry: Telemetry) -> None:
        self._reach = min(REACH_SECONDS, settle_after / 2)  # rows that settled are known no longer
        self._reloads = reloads
        self._telemetry = telemetry
        self._at = -math.inf
        self._from: float | None = None
        """The stamp that the next piece begins with, while it reads."""
        self._width = self._reach
        """How many seconds of stamps a piece has: many where little changes."""
        self._rests_until = -math.inf
        self._found: Counter[str] = Counter()
        self._found_last = False

    def read(self, look: Look, low: float) -> None:
        """Read a piece of what is older than `low`, from where this refresh has read, if it is time."""
        now = look.moment.now
        if self._from is None:
            if self._at <= now < self._at + EVERY_SECONDS:
                return
            first, self._at = self._at == -math.inf, now
            if first or low <= now - self._reach:  # everything was loaded a moment ago, or was read again anyway
                return
            self._from = now - self._reach
        elif self._at <= now < self._rests_until:
            return
        started = time.monotonic()
        high = min(self._from + self._width, low)
        if high > self._from and not self._whole(look, self._from, high):
            self._width = (high - self._from) / 4
            if self._width >= _SHORTEST_SECONDS:
                high = self._from
            else:
                log.debug("the echo left out what was written at once", seconds=high - self._from)
                self._width = 4 * _SHORTEST_SECONDS
        elif time.monotonic() - started < _QUICK_SECONDS:
            self._width = min(self._width * 2, self._reach)
        self._rests_until = now + (time.monotonic() - started) / _SHARE
        self._from = high
        if high >= low:
            self._from = None
            self._tell(dict(+self._found))
            self._found.clear()

    def _whole(self, look: Look, low: float, high: float) -> bool:
        """Whether all rows of these stamps were read: there are not too many."""
        try:
            read = [
                self._read(look, relation, low, high)
                for relation in look.ledger.folds
                if relation not in look.reader.available.counted
            ]
        except psycopg.errors.QueryCanceled:
            return False
        return all(read)

    def _read(self, look: Look, relation: str, low: float, high: float) -> bool:
        rows_read = late = 0
        waiting = set(self._reloads.pending)  # of these such rows are known
        labels = look.ledger.vocabulary.campaign.labels
        plan, whose = Plan(math.inf, ((low, high),)), look.everybody.campaigns
        behind = self._reloads.behind  # of these all rows are read anyway
        for rows in look.reader.changed(
            look.connection, relation, plan, whose, look.moment, look.meter, MOST_ROWS, behind
        ):
            folded = look.ledger.apply(relation, rows)
            dirty = {labels[number]: count for number, count in folded.dirty.items()}
            late += folded.altered + sum(dirty[each] for each in dirty.keys() - waiting)
            self._reloads.want(dirty, "dirty", relation)
            rows_read += len(rows)
        self._telemetry.late_rows.labels(relation).inc(late)
        self._found[relation] += late
        return rows_read < MOST_ROWS

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
        """All that `restore` needs; a reading under way is begun anew."""
        return [self._at if self._from is None else self._at - EVERY_SECONDS, self._found_last]

    def restore(self, saved: list[Any]) -> None:
        """Read again what another process would have read again."""
        self._at, self._found_last = saved
