"""Reading on where a view raises an error for some row: group by group, until the faulty row stands alone."""

from __future__ import annotations

import functools
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from exporter.errors import RowError
from exporter.source.clean_rows import ROW_KEYS
from exporter.source.database import Compiled, Connection, fetch
from exporter.source.query_time import Meter

_CHUNK = 1_000


def salvaged(
    connection: Connection,
    relation: str,
    keys: Compiled,
    by_key: Compiled,
    values: Mapping[str, Any],
    meter: Meter,
) -> Iterator[Sequence[tuple[Any, ...]]]:
    """Rows by key, halving a group that cannot be read until the faulty row stands alone."""
    found = [row[0] for row in meter.timed(lambda: fetch(connection, keys, **values))]
    groups = [found[start : start + _CHUNK] for start in range(0, len(found), _CHUNK)]
    while groups:
        group = groups.pop()
        wanted = {**values, ROW_KEYS.key: group}
        try:
            with connection.transaction():
                rows = meter.timed(functools.partial(fetch, connection, by_key, **wanted))
        except RowError:
            if len(group) == 1:
                meter.lost(relation)
            else:
                half = len(group) // 2
                groups += [group[:half], group[half:]]
            continue
        meter.count(relation, len(rows))
        yield rows
