"""One connection and what it was found to talk to: the server, the relations, the tables under the views."""

from __future__ import annotations

import time
from dataclasses import dataclass, field

from exporter.contract.availability import Available
from exporter.source.database import Connection, Database, Server
from exporter.source.query_time import Meter
from exporter.source.transactions import Deleted, deletions, observe
from exporter.source.watermark import Observation

_SOURCES_EVERY = 60.0


@dataclass(slots=True)
class Session:
    """What belongs to one connection, and is found out anew with the next one."""

    database: Database
    connection: Connection
    server: Server
    available: Available
    sources: list[int]
    _sources_at: float = field(default_factory=time.monotonic)

    def observe(self, meter: Meter) -> tuple[Observation, Deleted]:
        """What is open now, and the signature of what was deleted; to be called before a snapshot is taken."""
        observation = observe(self.connection, self.server, meter)
        if time.monotonic() - self._sources_at > _SOURCES_EVERY:  # a new partition is a new table
            self.sources = meter.timed(lambda: self.database.sources(self.connection))
            self._sources_at = time.monotonic()
        return observation, deletions(self.connection, self.sources, meter)

    def close(self) -> None:
        """Close the connection, whatever state it is in."""
        self.database.close(self.connection)


def open_session(database: Database, meter: Meter) -> Session:
    """A new connection. `DatabaseUnavailableError` or `ContractError` says why there is none."""
    connection = meter.timed(database.connect)
    try:
        return Session(
            database,
            connection,
            meter.timed(lambda: database.server(connection)),
            meter.timed(lambda: database.discover(connection)),
            meter.timed(lambda: database.sources(connection)),
        )
    except BaseException:
        database.close(connection)
        raise
