"""Reading on where a view raises an error for some row: group by group, until the faulty row stands alone."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence, Sized
from typing import Any, TypeVar

from exporter.errors import RowError
from exporter.source.database import Compiled, Connection, fetch
from exporter.source.query_time import Meter

Group = TypeVar("Group", bound=Sized)

_CHUNK = 1_000


def salvaged(
    connection: Connection,
    relation: str,
    keys: Compiled,
    read: Callable[[Sequence[str]], Group],
    values: Mapping[str, Any],
    meter: Meter,
) -> Iterator[Group]:
    """Rows by key as `read` gives them, halving a group that cannot be read until the faulty row stands alone."""
    found = [row[0] for row in meter.timed(lambda: fetch(connection, keys, **values))]
    groups = [found[start : start + _CHUNK] for start in range(0, len(found), _CHUNK)]
    while groups:
        group = groups.pop()
        try:
            with connection.transaction():
                rows = read(group)
        except RowError:
            if len(group) == 1:
                meter.lost(relation)
            else:
                half = len(group) // 2
                groups += [group[:half], group[half:]]
            continue
        meter.count(relation, len(rows))
        yield rows
