"""Several projections counted by one statement: it cleans each row once, where one for each cleans it again and again.

One statement for each is spread over parallel workers, and is what a start runs. Together they take half of the work,
which is what counts beside a platform that is busy.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import sqlalchemy as sa

from exporter.source.clean_rows import CleanRows
from exporter.source.cleaning import Expression
from exporter.source.compiled import Compiled
from exporter.source.projections import KEY_COLUMNS, Columns, Projection

Row = tuple[Any, ...]

_KEYS, _SUMS, _TIMES = 2, 3, 2
"""What a projection has at most; all have as many, some of them null."""


class Together:
    """The statement for some projections of a relation, and its rows as those of each."""

    def __init__(self, rows: CleanRows, projections: Sequence[Projection], *where: Expression) -> None:
        self._projections = tuple(projections)
        names = {"campaign", *(name for projection in projections for name in projection.columns)}
        clean = rows.cleaned(sorted(names), rows.id_column.is_not(None), *where)
        self._whole = {name for name in names if isinstance(clean[name].type, sa.Integer)}
        self.query = Compiled(sa.union_all(*(self._part(clean, place) for place in range(len(self._projections)))))

    def _part(self, clean: Columns, place: int) -> sa.Select[Any]:
        projection = self._projections[place]
        keys, (count, *others) = projection.keys_of(clean), projection.totals_of(clean)
        sums, times = others[: len(projection.sums)], others[len(projection.sums) :]
        columns: list[Expression] = [
            sa.literal_column(str(place)),
            clean["campaign"],
            *_filled([sa.cast(key, sa.Text) for key in keys], _KEYS, sa.Text()),
            count,
            *_filled([sa.cast(each, sa.Numeric) for each in sums], _SUMS, sa.Numeric()),
            *_filled(times, _TIMES, sa.Double()),
        ]
        return sa.select(*columns).where(*projection.counts(clean)).group_by(clean["campaign"], *keys)

    def split(self, rows: Sequence[Row]) -> Iterator[tuple[Projection, list[Row]]]:
        """By projection, the rows that a statement for it alone would give."""
        found: list[list[Row]] = [[] for _ in self._projections]
        for place, campaign, *values in rows:
            projection = self._projections[place]
            names = [name for key in projection.keys for name in KEY_COLUMNS.get(key, (key,))]
            keys = [int(key) if name in self._whole else key for name, key in zip(names, values, strict=False)]
            count, sums = values[_KEYS], values[_KEYS + 1 : _KEYS + 1 + len(projection.sums)]
            found[place].append((campaign, *keys, count, *sums, *(values[-_TIMES:] if projection.dated else ())))
        return zip(self._projections, found, strict=True)


def _filled(values: Sequence[Expression], size: int, kind: sa.types.TypeEngine[Any]) -> list[Expression]:
    return [*values, *(sa.cast(sa.null(), kind) for _ in range(size - len(values)))]
