"""One connection and what it was found to talk to: the server, and the relations."""

from __future__ import annotations

from dataclasses import dataclass, replace

from exporter.contract.availability import Available
from exporter.errors import ReplacedError, ServerChangedError
from exporter.source.database import Connection, Database, Server
from exporter.source.policies import Secured, secured
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
    policies: tuple[Secured, ...]
    pooler: Pooler

    def observe(self, meter: Meter) -> tuple[Observation, Structure]:
        """What is open and what lies under the views now; to be called before a snapshot is taken."""
        with self.database.look(self.connection):
            observation = observe(self.connection, self.server, meter)
            self._recognise(meter)
            if self._secured(meter) != self.policies:
                raise ServerChangedError("row-level security changed: what can be seen is looked at anew")
            return observation, self._structure(meter)

    def structure(self, meter: Meter) -> Structure:
        """What lies under the views now; to be called outside of any snapshot."""
        with self.database.look(self.connection):
            self._recognise(meter)
            if self._secured(meter) != self.policies:
                raise ReplacedError("row-level security changed while rows were read; all is read again")
            return self._structure(meter)

    def expect(self, sight: Sight) -> None:
        """`ServerChangedError` if a snapshot was taken on another server than was observed."""
        if sight.place != self.server.place:
            raise _changed("took the snapshot")

    def guard(self) -> None:
        """Within a snapshot: where no policy is known to be applied, one that is makes a read fail, and hides nothing.

        A function that a view calls may read what the catalog does not tell of.
        """
        if not self.policies:
            self.connection.execute("SET LOCAL row_security = off")

    def close(self) -> None:
        """Close the connection, whatever state it is in."""
        self.database.close(self.connection)

    def _secured(self, meter: Meter) -> tuple[Secured, ...]:
        return meter.timed(lambda: secured(self.connection, self.available.schema))

    def _structure(self, meter: Meter) -> Structure:
        """Of what is read: relations of which rows are hidden are not."""
        found = structure(self.connection, self.available.schema, meter)
        return {relation: under for relation, under in found.items() if relation not in self.available.hidden}

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
            policies = meter.timed(lambda: secured(connection, available.schema))
    except BaseException:
        database.close(connection)
        raise
    pooler = Pooler(connection.info.backend_pid)
    pooler.note(server.process)
    return Session(database, connection, server, available, policies, pooler)
