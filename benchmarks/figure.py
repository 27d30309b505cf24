"""The table: one row a figure, with its goal and whether it holds."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

MEBI = 1024 * 1024
_UNITS = (("s", 1.0), ("ms", 1e-3), ("µs", 1e-6))


@dataclass(frozen=True, slots=True)
class Figure:
    """A measured value beside another one (`theirs`, `limit` a ratio) or beside a limit in its own unit.

    The limit is the most that it may be; of a pace, whose unit is "/s", the least. An infinite time is one that did
    not end while the run waited.
    """

    name: str
    ours: float
    theirs: float | None
    limit: float
    unit: str = "s"

    @property
    def ratio(self) -> float:
        """Ours by theirs, or by the limit where there is no other side."""
        other = self.limit if self.theirs is None else self.theirs
        return self.ours / other if other else math.inf

    @property
    def holds(self) -> bool:
        """Whether the goal is reached."""
        limit = 1.0 if self.theirs is None else self.limit
        return self.ratio >= limit if self._least else self.ratio <= limit

    @property
    def _least(self) -> bool:
        return self.unit == "/s"

    def cells(self) -> tuple[str, ...]:
        """The row of the table."""
        theirs = "-" if self.theirs is None else amount(self.theirs, self.unit)
        limit = amount(self.limit, self.unit) if self.theirs is None else fraction(self.limit, self._least)
        ratio = f"{self.ratio:.2f}" if self.theirs is None or self.limit >= 1 else fraction(self.ratio, self._least)
        sign = ">=" if self._least else "<="
        return self.name, amount(self.ours, self.unit), theirs, ratio, f"{sign} {limit}", "yes" if self.holds else "NO"


HEADER = ("figure", "ours", "theirs", "ratio", "goal", "holds")


def table(figures: Sequence[Figure]) -> str:
    """All rows, in columns: a table in Markdown that a terminal shows as well."""
    rows = [HEADER, *(figure.cells() for figure in figures)]
    widths = [max(len(row[column]) for row in rows) for column in range(len(HEADER))]
    lines = [" | ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)) for row in rows]
    lines.insert(1, " | ".join("-" * width for width in widths))
    return "\n".join(f"| {line} |" for line in lines)


def amount(value: float, unit: str) -> str:
    """A time, a pace or a size as a person reads it."""
    if math.isinf(value):
        return "not in time"
    if unit == "bytes":
        return f"{value / MEBI:.0f} MiB"
    if unit == "/s":
        return f"{value:.3g} a second"
    name, scale = next(((name, scale) for name, scale in _UNITS if value >= scale), _UNITS[-1])
    return f"{value / scale:.3g} {name}"


def fraction(ratio: float, decimal: bool = False) -> str:
    """A ratio below one as one by something, as most goals are given; or as it is."""
    return f"1/{1 / ratio:.3g}" if 0 < ratio < 1 and not decimal else f"{ratio:.3g}"
