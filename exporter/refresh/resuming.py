"""Going on from what another process saved: as this one would after a pause since then.

What was saved is taken back, and the next refresh compares it with what it finds, as each refresh does: open
transactions, what lies under the views, counts of deleted rows, days, clocks.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Any, Protocol

import structlog

from exporter.config import Config
from exporter.metrics.snapshot import SnapshotBuilder
from exporter.refresh.clock import Clock
from exporter.refresh.epoch import Epoch, ended, restored
from exporter.refresh.session import Session
from exporter.source.database import Server
from exporter.state.matching import another, unlike

log = structlog.get_logger()


class Part(Protocol):
    """Whatever remembers something from refresh to refresh."""

    def saved(self) -> Any:
        """All that `restore` needs, as plain values and arrays."""

    def restore(self, saved: Any) -> None:
        """Go on from what another process saved."""


class Memory:
    """What a refresher remembers, beside its epoch, and how it goes on from what another one remembered."""

    def __init__(self, config: Config, clock: Clock, builder: SnapshotBuilder, parts: Mapping[str, Part]) -> None:
        self._config = config
        self._clock = clock
        self._builder = builder
        self._parts = parts
        self.left: Mapping[str, Any] | None = None
        """What another process saved, until there is a connection that tells whether it fits."""

    def saved(self, epoch: Epoch | None, *, replaced: bool) -> Mapping[str, Any] | None:
        """All that `resumed` needs; `None` while everything is loaded."""
        if epoch is None or not epoch.begun:
            return None
        parts = {name: part.saved() for name, part in self._parts.items()}
        at, builder = epoch.ledger.tasks.now, self._builder.saved()
        return {"at": at, "epoch": epoch.saved(), "builder": builder, "parts": parts, "replaced": replaced}

    def resumed(self, session: Session) -> tuple[Epoch | None, bool]:
        """The epoch of the process that saved what is `left`, if it goes on, and whether all of it is to be loaded."""
        left, self.left = self.left, None
        assert left is not None, "asked for once"
        try:
            why = unlike(left["signed"], self._config)
            if why := why or another(Server(**left["epoch"]["server"]), session.server):
                ignore(why)
                return None, False
            epoch = self._taken_back(left, session)
        except (KeyError, TypeError, ValueError, IndexError) as error:
            ignore(f"it cannot be understood ({type(error).__name__}: {error})")
            return None, False
        return epoch, epoch is not None and left["replaced"]

    def _taken_back(self, left: Mapping[str, Any], session: Session) -> Epoch | None:
        """Where it is of the same database, but of an epoch that is over, totals are counted anew, and counters go on
        all the same: so they do within one process.
        """
        kept = left["epoch"]
        over = ended(Server(**kept["server"]), kept["types"], kept["hidden"], session)
        epoch = None if over else restored(kept, session, self._config, self._clock)
        ledger = None if epoch is None else epoch.ledger
        self._builder.restore(left["builder"], ledger, left["at"] + self._config.max_staleness)
        for name, part in self._parts.items():
            part.restore(left["parts"][name])
        age = round(max(0.0, time.time() - left["written"]), 1)
        if over:
            log.info(
                "going on from the saved state in part",
                why=f"since it was saved, {over}",
                effect="everything is loaded; counters and verdicts go on from what they showed",
                age_seconds=age,
            )
        else:
            log.info("going on from the saved state", age_seconds=age, version=left["signed"]["version"])
        return epoch


def ignore(why: str) -> None:
    """Say why what is there cannot be used."""
    log.warning("the saved state is ignored", why=why, effect="everything is loaded, as at a first start")
