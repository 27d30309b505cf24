"""One connection and what it was found to talk to: the server, and the relations."""

from __future__ import annotations

from dataclasses import dataclass

from exporter.contract.availability import Available
from exporter.source.database import Connection, Database, Server
from exporter.source.query_time import Meter
from exporter.source.structure import Structure, structure
from exporter.source.transactions import observe
from exporter.source.watermark import Observation


@dataclass(frozen=True, slots=True)
class Session:
    """What belongs to one connection, and is found out anew with the next one."""

    database: Database
    connection: Connection
    server: Server
    available: Available

    def observe(self, meter: Meter) -> Observation:
        """What is open now; to be called before a snapshot is taken."""
        return observe(self.connection, self.server, meter)

    def structure(self, meter: Meter) -> Structure:
        """What lies under the views now; to be called outside of any snapshot."""
        return structure(self.connection, self.available.schema, meter)

    def close(self) -> None:
        """Close the connection, whatever state it is in."""
        self.database.close(self.connection)


def open_session(database: Database, meter: Meter) -> Session:
    """A new connection. `DatabaseUnavailableError` or `ContractError` says why there is none."""
    connection = meter.timed(database.connect)
    try:
        server = meter.timed(lambda: database.server(connection))
        return Session(database, connection, server, meter.timed(lambda: database.discover(connection)))
    except BaseException:
        database.close(connection)
        raise
