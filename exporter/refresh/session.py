"""One connection and what it was found to talk to: the server, and the relations."""

from __future__ import annotations

from dataclasses import dataclass

from exporter.contract.availability import Available
from exporter.source.database import Connection, Database, Server
from exporter.source.policies import Secured, secured
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
    policies: tuple[Secured, ...] = ()

    def observe(self, meter: Meter) -> Observation:
        """What is open now; to be called before a snapshot is taken."""
        return observe(self.connection, self.server, meter)

    def structure(self, meter: Meter) -> Structure:
        """What lies under the views now; to be called outside of any snapshot. What is not read does not count."""
        found = structure(self.connection, self.available.schema, meter)
        return {relation: under for relation, under in found.items() if relation not in self.available.hidden}

    def secured(self, meter: Meter) -> tuple[Secured, ...]:
        """The policies that are applied to what is read now; to be called outside of any snapshot."""
        return meter.timed(lambda: secured(self.connection, self.available.schema))

    def guard(self) -> None:
        """Within a snapshot: where no policy is known to be applied, one that is makes a read fail, and hides nothing.

        A function that a view calls may read what the catalog does not tell of.
        """
        setting = "on" if self.policies else "off"
        self.connection.execute("SELECT pg_catalog.set_config('row_security', %s, true)", (setting,))

    def close(self) -> None:
        """Close the connection, whatever state it is in."""
        self.database.close(self.connection)


def open_session(database: Database, meter: Meter) -> Session:
    """A new connection. `DatabaseUnavailableError` or `ContractError` says why there is none."""
    connection = meter.timed(database.connect)
    try:
        server = meter.timed(lambda: database.server(connection))
        available = meter.timed(lambda: database.discover(connection))
        found = meter.timed(lambda: secured(connection, available.schema))
        return Session(database, connection, server, available, found)
    except BaseException:
        database.close(connection)
        raise
