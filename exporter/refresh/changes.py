"""Which changed rows the next refresh must read: the plan of every look, owed until a refresh succeeds."""

from __future__ import annotations

import math

import structlog

from exporter.config import RefreshConfig
from exporter.refresh.clock import Clock
from exporter.source.database import Server
from exporter.source.watermark import Horizon, Observation, Overlap, Plan

log = structlog.get_logger()


class Changes:
    """Plans, in the time that rows are stamped with."""

    def __init__(self, server: Server, config: RefreshConfig, clock: Clock) -> None:
        self._horizon = _horizon(server, config)
        self._clock = clock
        self._owed: list[Plan] = []
        self.low = -math.inf
        """Rows stamped from here on are read at the next refresh."""

    @property
    def watched(self) -> int:
        """How many open transactions hold `low` back."""
        return self._horizon.watched

    def note(self, observation: Observation) -> None:
        """What was open before a snapshot is taken.

        The next plan's lower bound is translated now, not then: a simulation's clock may have jumped by then.
        """
        plan = self._horizon.observe(observation)
        low, self.low = self.low, self._clock(self._horizon.low)
        bands = tuple((self._clock(start), self._clock(end)) for start, end in plan.bands)
        self._owed.append(Plan(low, bands, plan.everything))

    def plan(self) -> Plan:
        """All that is owed: a failed refresh leaves its plan to the next."""
        return Plan(
            min(plan.low for plan in self._owed),
            tuple({band for plan in self._owed for band in plan.bands}),
            any(plan.everything for plan in self._owed),
        )

    def done(self) -> None:
        """What was owed was read."""
        self._owed.clear()


def _horizon(server: Server, config: RefreshConfig) -> Horizon | Overlap:
    if server.may_see and not server.replica:
        return Horizon(config.clock_allowance)
    log.warning(
        "open transactions cannot be seen",
        why="the server is a replica" if server.replica else "the role lacks pg_monitor",
        effect="rows of transactions longer than refresh.overlap are found by the audit only",
        remedy="raise refresh.overlap if need be" if server.replica else "GRANT pg_monitor to the role",
    )
    return Overlap(config.overlap)
