"""What starts over together when the database turns out to be another, or its views have other columns."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

import structlog

from exporter.config import Config
from exporter.contract.availability import in_short
from exporter.ledger.ledger import Ledger
from exporter.refresh.changes import Changes
from exporter.refresh.clock import Clock
from exporter.refresh.session import Session
from exporter.source.database import Server
from exporter.source.promise import Promises
from exporter.source.reader import Reader

Types = Mapping[str, Mapping[str, str]]

log = structlog.get_logger()


@dataclass(slots=True)
class Epoch:
    """The totals of one server's one set of columns, and how far its changes were read."""

    server: Server
    reader: Reader
    ledger: Ledger
    changes: Changes
    promises: Promises
    begun: bool = False
    """Whether a snapshot was made of it: until then everything must be loaded, and shown anew."""

    def holds(self, session: Session) -> bool:
        """Whether it goes on."""
        mine = self.reader.available
        return ended(self.server, mine.types, mine.hidden, session) is None

    def saved(self) -> dict[str, Any]:
        """All that `restored` needs of an epoch of which a snapshot was made."""
        return {
            "server": asdict(self.server),
            "types": self.reader.available.types,
            "hidden": self.reader.available.hidden,
            "ledger": self.ledger.saved(),
            "changes": self.changes.saved(),
            "promises": self.promises.saved(),
        }


def ended(server: Server, types: Types, hidden: Mapping[str, str], session: Session) -> str | None:
    """Why an epoch of this server and these columns does not go on; `None`: it does.

    A restarted server may have lost rows it had not written, another is another truth.
    """
    if types != session.available.types:
        return "columns are not the same any more"
    if hidden != session.available.hidden:
        return "row-level security is not the same any more"
    if not server.goes_on(session.server):
        return "the server, or one of its processes, was restarted or promoted since, or another answers"
    return None


def begin(session: Session, config: Config, clock: Clock, before: Epoch | None) -> Epoch:
    """A new epoch, after another one or none."""
    reader = Reader(session.available, config.shard)
    if before is None or before.reader is not reader:
        _tell_problems(session)
    return _empty(session, reader, config, clock)


def restored(saved: Mapping[str, Any], session: Session, config: Config, clock: Clock) -> Epoch:
    """The epoch of another process, of the server and the columns of this session."""
    epoch = _empty(session, Reader(session.available, config.shard), config, clock)
    epoch.ledger.restore(saved["ledger"])
    epoch.changes.restore(saved["changes"])
    epoch.promises.restore(saved["promises"])
    epoch.begun = True
    _tell_problems(session)
    return epoch


def _empty(session: Session, reader: Reader, config: Config, clock: Clock) -> Epoch:
    ledger = Ledger(reader.available, stale_after=config.stale_after)
    return Epoch(session.server, reader, ledger, Changes(config.refresh, clock), Promises())


def _tell_problems(session: Session) -> None:
    # What hides rows is told by itself, as it may change while it runs.
    hidden = session.available.hidden
    for problem in in_short([each for each in session.available.problems if each.relation not in hidden]):
        log.warning("contract", problem=problem)
