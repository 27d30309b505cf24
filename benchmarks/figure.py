"""The table: one row a figure, with its goal and whether it holds."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

_UNITS = (("s", 1.0), ("ms", 1e-3), ("µs", 1e-6))
_MEBI = 1024 * 1024


@dataclass(frozen=True, slots=True)
class Figure:
    """A measured value beside another one (`theirs`, `limit` a ratio) or beside a limit in its own unit."""

    name: str
    ours: float
    theirs: float | None
    limit: float
    unit: str = "s"

    @property
    def ratio(self) -> float:
        """Ours by theirs, or by the limit where there is no other side."""
        return self.ours / (self.limit if self.theirs is None else self.theirs)

    @property
    def holds(self) -> bool:
        """Whether the goal is reached."""
        return self.ratio <= (1.0 if self.theirs is None else self.limit)

    def cells(self) -> tuple[str, ...]:
        """The row of the table."""
        theirs = "-" if self.theirs is None else amount(self.theirs, self.unit)
        goal = f"<= {amount(self.limit, self.unit)}" if self.theirs is None else f"<= {fraction(self.limit)}"
        ratio = f"{self.ratio:.2f}" if self.theirs is None or self.limit >= 1 else fraction(self.ratio)
        return self.name, amount(self.ours, self.unit), theirs, ratio, goal, "yes" if self.holds else "NO"


HEADER = ("figure", "ours", "theirs", "ratio", "goal", "holds")


def table(figures: Sequence[Figure]) -> str:
    """All rows, in columns."""
    rows = [HEADER, *(figure.cells() for figure in figures)]
    widths = [max(len(row[column]) for row in rows) for column in range(len(HEADER))]
    lines = [" | ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows]
    lines.insert(1, "-|-".join("-" * width for width in widths))
    return "\n".join(lines)


def amount(value: float, unit: str) -> str:
    """A time or a size as a person reads it."""
    if unit == "bytes":
        return f"{value / _MEBI:.0f} MiB"
    name, scale = next(((name, scale) for name, scale in _UNITS if value >= scale), _UNITS[-1])
    return f"{value / scale:.3g} {name}"


def fraction(ratio: float) -> str:
    """A ratio below one as one by something, as the goals are given."""
    return f"1/{1 / ratio:.3g}" if 0 < ratio < 1 else f"{ratio:.3g}"
