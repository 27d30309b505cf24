"""One refresh's things: an open snapshot of the database, its instant, and whose campaigns there are."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from exporter.calendar.days import Day
from exporter.ledger.ledger import Ledger
from exporter.ledger.loading import Loader
from exporter.source.database import Connection
from exporter.source.moment import Moment
from exporter.source.platform import Platform
from exporter.source.promise import Promise
from exporter.source.query_time import Meter
from exporter.source.reader import Reader


@dataclass(frozen=True, slots=True)
class Look:
    """What reading needs within one snapshot. `patience`: seconds that a statement may take when it counts a lot."""

    connection: Connection
    reader: Reader
    ledger: Ledger
    meter: Meter
    moment: Moment
    platform: Platform
    everybody: Platform
    """The same with those that are not loaded yet, of which nothing is shown."""
    days: Mapping[str, Day]
    patience: float
    promise: Promise
    guarded: bool
    """Whether a policy that hides rows makes a read fail."""

    @property
    def loader(self) -> Loader:
        """Loads campaigns at this snapshot."""
        return Loader(self.reader, self.ledger, self.moment, self.meter, self.patience)
