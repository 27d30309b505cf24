"""The rows of a projection's `GROUP BY` as cells of totals."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from exporter.ledger.totals import Cell, pack_key
from exporter.source.projections import KEY_COLUMNS, Projection, Vocabulary

Row = Sequence[Any]
"""A row of totals."""


def cells_of(projection: Projection, rows: Iterable[Row], vocabulary: Vocabulary) -> dict[int, dict[int, Cell]]:
    """The rows of `Projection.grouped`, by campaign and key."""
    found: dict[int, dict[int, Cell]] = {}
    for row in rows:
        campaign, key, cell = _cell(projection, row, vocabulary)
        cells = found.setdefault(campaign, {})
        if key in cells:  # two raw values with one label
            cells[key] = [a + b for a, b in zip(cells[key], cell, strict=True)]
        else:
            cells[key] = cell
    return found


def _cell(projection: Projection, row: Row, vocabulary: Vocabulary) -> tuple[int, int, Cell]:
    values = iter(row)
    campaign = vocabulary.campaign.number(next(values))
    keys = []
    for name in projection.keys:
        raw: Any = tuple(next(values) for _ in KEY_COLUMNS.get(name, (name,)))
        interning = vocabulary.of(name)
        if interning is None:
            keys.append(int(raw[0]))
        else:
            keys.append(interning.number(raw if len(raw) > 1 else raw[0], campaign))
    cell = [int(next(values)) for _ in range(1 + len(projection.sums))]
    return campaign, pack_key(keys), cell
