"""Which changed rows the next refresh must read: the plan of every look, owed until a refresh succeeds."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import astuple
from typing import Any

import structlog

from exporter.config import RefreshConfig
from exporter.refresh.clock import Clock
from exporter.source.promise import LIVE, Promise
from exporter.source.transactions import Sight
from exporter.source.watermark import Arrivals, Horizon, Observation, Overlap, Plan

log = structlog.get_logger()


class Changes:
    """Plans, in the time that rows are stamped with. What can be seen of other sessions is found out at each look."""

    def __init__(self, config: RefreshConfig, clock: Clock) -> None:
        self._config = config
        self._horizon: Horizon | Overlap = Horizon(config.clock_allowance, config.overlap)
        self._arrivals = Arrivals(config.overlap)
        self._clock = clock
        self._owed: list[Plan] = []
        self._hidden = False
        self._low = -math.inf

    @property
    def low(self) -> float:
        """Rows stamped from here on are read at the next refresh."""
        elsewhere = self._arrivals.low
        return self._low if elsewhere == math.inf else min(self._low, self._clock(elsewhere))

    @property
    def watched(self) -> int:
        """How many open transactions may have written rows, which are read when they end."""
        return self._horizon.watched

    def note(self, observation: Observation, promise: Promise = LIVE) -> None:
        """What was open before a snapshot is taken, and what is promised of rows that are written elsewhere.

        The next plan's lower bound is translated now, not then: a simulation's clock may have jumped by then.
        """
        self._follow(observation)
        plan = self._horizon.observe(observation)
        low, self._low = self._low, self._clock(self._horizon.low)
        bands = self._translated(plan.bands)
        if plan.low == math.inf:
            low = math.inf
        arrived, anew = self._arrivals.observe(promise.arrived, elsewhere=promise.elsewhere, news=promise.news)
        if arrived < math.inf and (arrived := self._clock(arrived)) < low:
            bands = (*bands, (arrived, low))
        self._owed.append(Plan(low, bands, plan.everything or anew))

    def plan(self, sight: Sight) -> Plan:
        """All that is owed at a snapshot: a failed refresh leaves its plan to the next."""
        late = self._translated(self._horizon.ended_by(sight.sees))
        return Plan(
            min(plan.low for plan in self._owed),
            tuple({*late, *(band for plan in self._owed for band in plan.bands)}),
            any(plan.everything for plan in self._owed),
        )

    def _translated(self, bands: Iterable[tuple[float, float]]) -> tuple[tuple[float, float], ...]:
        return tuple((self._clock(start), self._clock(end)) for start, end in bands)

    def done(self) -> None:
        """What was owed was read."""
        self._owed.clear()

    def saved(self) -> dict[str, Any]:
        """All that `restore` needs."""
        return {
            "sees": isinstance(self._horizon, Horizon),
            "horizon": self._horizon.saved(),
            "arrivals": self._arrivals.saved(),
            "owed": [astuple(plan) for plan in self._owed],
            "hidden": self._hidden,
            "low": self._low,
        }

    def restore(self, saved: Mapping[str, Any]) -> None:
        """Read on from where another process was, which owes what that one did."""
        if not saved["sees"]:
            self._horizon = Overlap(self._config.overlap)
        self._horizon.restore(saved["horizon"])
        self._arrivals.restore(saved["arrivals"])
        self._owed = [Plan(low, tuple(map(tuple, bands)), everything) for low, bands, everything in saved["owed"]]
        self._hidden, self._low = saved["hidden"], saved["low"]

    def _follow(self, observation: Observation) -> None:
        """Look in the way that the rights of the role and the kind of server allow now."""
        sees = observation.may_see and not observation.replica
        if sees and isinstance(self._horizon, Overlap):
            self._horizon = Horizon(self._config.clock_allowance, self._config.overlap, self._horizon.low)
            log.info("open transactions can be seen")
        elif not sees and isinstance(self._horizon, Horizon):
            # Whoever was seen to write then may have committed since: nobody tells any more.
            self._horizon = Overlap(self._config.overlap, self._horizon.low - self._config.overlap)
            self._low = self._clock(self._horizon.low)
            if not observation.replica:  # of a replica it is said what can be promised
                log.warning(
                    "open transactions cannot be seen",
                    why="the role lacks pg_monitor",
                    effect="rows of transactions longer than refresh.overlap are found by the audit only",
                    remedy="make the role a member of pg_monitor",
                )
        if observation.hidden and not self._hidden and sees:
            log.warning(
                "some transactions cannot be seen",
                why="track_activities is off",
                sessions=observation.hidden,
                effect="their rows are found within refresh.overlap; those of longer transactions by the audit only",
                remedy="ALTER SYSTEM SET track_activities = on; SELECT pg_reload_conf(); see pg_db_role_setting too",
            )
        self._hidden = observation.hidden > 0
