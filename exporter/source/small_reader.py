"""Small relations, which are read whole at each refresh: every column as text, up to a number of rows."""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Any

from exporter.contract.relations import RELATIONS
from exporter.errors import RowError
from exporter.source.clean_rows import ROW_KEYS
from exporter.source.database import Connection, Rows, fetch
from exporter.source.query_time import Meter
from exporter.source.salvage import salvaged
from exporter.source.small_statements import Choice, Exported, SmallStatements, owners_in

SMALL: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        name: tuple(column.name for column in RELATIONS[name].columns)
        for name in (
            "tenants",
            "campaigns",
            "goals",
            "variants",
            "agents",
            "connections",
            "numbers",
            "campaign_numbers",
            "audience_uploads",
        )
    }
)
"""The relations that are read at each refresh, with all their columns."""

SMALL_LIMIT = 200_000
"""Rows read of a small relation; what is left out past it is counted and named in the log."""


class SmallReader:
    """The reads of the small relations that a database has. All need an open `snapshot`."""

    def __init__(self, statements: Mapping[str, SmallStatements]) -> None:
        self._small = statements

    @property
    def relations(self) -> tuple[str, ...]:
        """The small relations that the database has."""
        return tuple(self._small)

    def rows(self, connection: Connection, relation: str, meter: Meter, of: Exported | None = None) -> Rows:
        """Rows of a small relation, every column as text; columns that the database lacks are null.

        Without `of` everybody's, else those that matter: of these campaigns only; of numbers, connections and
        tenants, past the limit, theirs before others.
        """
        statements = self._small[relation]
        choice = statements.all if of is None else statements.exported
        values = {} if of is None else of.parameters()
        try:
            with connection.transaction():
                rows, left_out = _up_to_limit(connection, choice, values, meter)
        except RowError:
            return self._salvage_small(connection, relation, choice, values, meter)
        meter.leave_out(relation, left_out)
        meter.count(relation, len(rows))
        return rows

    def platform(self, connection: Connection, ended_after: float, meter: Meter) -> dict[str, Rows]:
        """The small relations as they matter to the campaigns that go on, or ended since (seconds since 1970)."""
        raw = {"campaigns": self.rows(connection, "campaigns", meter, Exported(ended_after))}
        of = owners_in(raw["campaigns"], SMALL["campaigns"], ended_after)
        for relation in self._small:
            if relation != "campaigns":
                raw[relation] = self.rows(connection, relation, meter, of)
        return raw

    def _salvage_small(
        self, connection: Connection, relation: str, choice: Choice, values: Mapping[str, Any], meter: Meter
    ) -> Rows:
        """The same where the view cannot show some row; where it cannot even tell whose it is, of everybody."""
        statements = self._small[relation]

        def read(keys: Sequence[str]) -> Rows:
            return meter.timed(lambda: fetch(connection, statements.by_key, **values, **{ROW_KEYS.key: keys}))

        left_out = 0
        for keys, count in ((choice.keys, choice.count), (statements.all.keys, statements.all.count)):
            try:
                with connection.transaction():
                    found = list(
                        itertools.chain.from_iterable(salvaged(connection, relation, keys, read, values, meter))
                    )
                    if len(found) + meter.unreadable.get(relation, 0) >= SMALL_LIMIT:
                        left_out = fetch(connection, count, **values)[0][0] - SMALL_LIMIT
            except RowError:
                if keys is statements.all.keys:
                    raise
                continue
            break
        meter.leave_out(relation, left_out)
        return found


def _up_to_limit(connection: Connection, choice: Choice, values: Mapping[str, Any], meter: Meter) -> tuple[Rows, int]:
    """The rows, and how many are left out: in the order of their keys, which costs a sort, only where some are."""
    rows: Rows = meter.timed(lambda: fetch(connection, choice.rows, **values))
    if len(rows) <= SMALL_LIMIT:
        return rows, 0
    count = meter.timed(lambda: fetch(connection, choice.count, **values))[0][0]
    return meter.timed(lambda: fetch(connection, choice.first, **values)), count - SMALL_LIMIT
