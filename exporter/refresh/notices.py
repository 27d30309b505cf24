"""What the log says once when it begins, and not at every refresh: clocks that differ, budgets that are full."""

from __future__ import annotations

import math
import time
from collections.abc import Mapping

import structlog

from exporter.contract.availability import Available
from exporter.metrics.self_metrics import Telemetry
from exporter.source.caveats import Caveat
from exporter.source.pooler import Pooler
from exporter.source.promise import LIVE, Promise
from exporter.source.small_reader import SMALL_LIMIT

_CLOCK_SECONDS = 5.0
_RECONNECTIONS_SECONDS = 60.0

log = structlog.get_logger()


class Notices:
    """What was said already."""

    def __init__(self, telemetry: Telemetry) -> None:
        self._telemetry = telemetry
        self._folded: set[str] = set()
        self._left_out: set[str] = set()
        self.hidden: tuple[str, ...] = ()
        """What a policy hides, and what that costs, in a sentence each."""
        self._pooler: str | None = None
        self._reconnections = 0
        self._reconnected_at = -math.inf
        self._promise = LIVE
        self._caveats: set[Caveat] = set()
        self.clock_ahead: float | None = None
        """Seconds that this host's clock is ahead of the database's, where that is more than networks take."""

    def compare_clocks(self, database: float) -> None:
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

    def note_hidden(self, available: Available) -> None:
        """Name the relations of which rows are hidden when they begin to be, and when they can be seen again."""
        for problem in available.problems:
            if problem.relation in available.hidden and str(problem) not in self.hidden:
                log.warning(
                    "rows are hidden",
                    relation=problem.relation,
                    why=problem.what,
                    effect=problem.effect,
                    remedy=problem.remedy,
                )
        if self.hidden and not available.hidden:
            log.info("no rows are hidden any more")
        self.hidden = available.notes

    def note_reconnection(self, why: str) -> None:
        """Say that a connection was lost at rest, once a minute: a limit may end each."""
        self._reconnections += 1
        now = time.monotonic()
        if now - self._reconnected_at >= _RECONNECTIONS_SECONDS:
            self._reconnected_at = now
            log.info("connecting anew", why=why, times=self._reconnections)
            self._reconnections = 0

    def note_pooler(self, pooler: Pooler) -> None:
        """Say that a pooler stands between, and when more is known of it."""
        mode = pooler.mode if pooler.between else None
        if mode is not None and mode != self._pooler:
            log.info(
                "a pooler lends the sessions of the server",
                sign="another process of the server answers than the connection names",
                mode=mode,
                effect="settings are made in each transaction and end with it; one connection loads everything",
            )
        self._pooler = mode

    def note_promise(self, promise: Promise) -> None:
        """Say what cannot be promised when that changes, and when the figures are up to date again."""
        for caveat in promise.caveats:
            if caveat not in self._caveats:
                remedy = {"remedy": caveat.remedy} if caveat.remedy else {}
                log.warning("what can be promised", thing=caveat.thing, what=caveat.said, **remedy)
        self._caveats = set(promise.caveats)
        if self._promise.state != promise.state and promise.state == "current":
            log.info("the figures are up to date again", server=promise.server)
        self._promise = promise

    def note_folded(self, folded: Mapping[str, int]) -> None:
        """Name a family when it begins to have more label values than its budget."""
        for family in sorted(folded.keys() - self._folded):
            log.warning(
                "more label values than the budget",
                family=family,
                over=folded[family],
                effect="summed into other, or left out where no sum makes sense",
                remedy="raise the budget under series, or mend what writes so many values",
            )
        self._folded = set(folded)

    def note_left_out(self, rows: Mapping[str, int]) -> None:
        """Name a small relation when it begins to have more rows than are read."""
        found = {relation for relation, count in rows.items() if count}
        for relation in sorted(found - self._left_out):
            log.warning(
                "too many rows",
                relation=relation,
                limit=SMALL_LIMIT,
                left_out=rows[relation],
                effect="the last ones by id are left out, those of campaigns that go on as the last of all",
                remedy="let the view leave out what is not used any more",
            )
        self._left_out = found
