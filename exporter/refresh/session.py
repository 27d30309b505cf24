"""One connection and what it was found to talk to: the server, and the relations."""

from __future__ import annotations

from dataclasses import dataclass, replace

from exporter.contract.availability import Available
from exporter.errors import ServerChangedError
from exporter.source.database import Connection, Database, Server
from exporter.source.pooler import Pooler
from exporter.source.query_time import Meter
from exporter.source.structure import Structure, structure
from exporter.source.transactions import Sight, observe
from exporter.source.watermark import Observation


@dataclass(frozen=True, slots=True)
class Session:
    """What belongs to one connection, and is found out anew with the next one.

    Behind the connection the server may change: a pooler keeps it over a failover, and may have several servers.
    """

    database: Database
    connection: Connection
    server: Server
    available: Available
    pooler: Pooler

    def observe(self, meter: Meter) -> tuple[Observation, Structure]:
        """What is open and what lies under the views now; to be called before a snapshot is taken."""
        with self.database.look(self.connection):
            observation = observe(self.connection, self.server, meter)
            self._recognise(meter)
            return observation, structure(self.connection, self.available.schema, meter)

    def structure(self, meter: Meter) -> Structure:
        """What lies under the views now; to be called outside of any snapshot."""
        with self.database.look(self.connection):
            self._recognise(meter)
            return structure(self.connection, self.available.schema, meter)

    def expect(self, sight: Sight) -> None:
        """`ServerChangedError` if a snapshot was taken on another server than was observed."""
        if sight.place != self.server.place:
            raise _changed("took the snapshot")

    def close(self) -> None:
        """Close the connection, whatever state it is in."""
        self.database.close(self.connection)

    def _recognise(self, meter: Meter) -> None:
        found = meter.timed(lambda: self.database.seen(self.connection))
        self.pooler.note(found.process)
        if not self.server.goes_on(replace(found, system=self.server.system)):
            raise _changed("answers now")


def _changed(what: str) -> ServerChangedError:
    return ServerChangedError(
        f"another server, or another run of it, {what} than was looked at before: a restart, a failover or a "
        "promotion, which the next refresh takes into account; or a pooler spreads transactions over several servers: "
        "then connect to one of them, the primary"
    )


def open_session(database: Database, meter: Meter) -> Session:
    """A new connection. `DatabaseUnavailableError` or `ContractError` says why there is none."""
    connection = meter.timed(database.connect)
    try:
        with database.look(connection):
            server = meter.timed(lambda: database.server(connection))
            available = meter.timed(lambda: database.discover(connection))
    except BaseException:
        database.close(connection)
        raise
    pooler = Pooler(connection.info.backend_pid)
    pooler.note(server.process)
    return Session(database, connection, server, available, pooler)
