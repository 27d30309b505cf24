"""What starts over together when the database turns out to be another, or its views have other columns."""

from __future__ import annotations

from dataclasses import dataclass

import structlog

from exporter.config import Config
from exporter.contract.availability import in_short
from exporter.ledger.ledger import Ledger
from exporter.refresh.changes import Changes
from exporter.refresh.clock import Clock
from exporter.refresh.session import Session
from exporter.source.database import Server
from exporter.source.reader import Reader, reader_of

log = structlog.get_logger()


@dataclass(slots=True)
class Epoch:
    """The totals of one server's one set of columns, and how far its changes were read."""

    server: Server
    reader: Reader
    ledger: Ledger
    changes: Changes
    begun: bool = False
    """Whether a snapshot was made of it: until then everything must be loaded, and shown anew."""

    def holds(self, session: Session) -> bool:
        """Whether it goes on: a restarted server may have lost rows it had not written, another is another truth."""
        mine, theirs = self.reader.available, session.available
        same = mine.types == theirs.types and mine.hidden == theirs.hidden
        return same and self.server.goes_on(session.server)


def begin(session: Session, config: Config, clock: Clock, before: Epoch | None) -> Epoch:
    """A new epoch, after another one or none."""
    reader = reader_of(session.available)
    if before is None or before.reader is not reader:
        # What hides rows is told by itself, as it may change while it runs.
        hidden = session.available.hidden
        for problem in in_short([each for each in session.available.problems if each.relation not in hidden]):
            log.warning("contract", problem=problem)
    ledger = Ledger(reader.available, reader.fetched("tasks"), reader.fetched("calls"), stale_after=config.stale_after)
    return Epoch(session.server, reader, ledger, Changes(config.refresh, clock))
