"""How a card writes its values: times, rates and money as JSON that a person can read too."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from exporter.calendar.call_windows import EARLIEST, LATEST
from exporter.diagnosis.view import Cells

Json = dict[str, Any]

VERSION = 1
"""Of the documented shape: raised when a key changes its meaning or goes; a new key leaves it."""


@dataclass(frozen=True, slots=True)
class Freshness:
    """How old what is shown is, and what else its reader must know of it."""

    age_seconds: float = 0.0
    """Since the moment as of which the data are, by this host's clock."""
    stale: bool = False
    """Older than `max_staleness`, or true of no moment: the campaign may be in another state by now."""
    notes: tuple[str, ...] = ()
    dated: bool = True
    """Whether it is known as of when the data are."""


NEW = Freshness()


def iso(at: float | None) -> str | None:
    """A moment in seconds since 1970 as `2026-03-04T12:00:00Z`; `None` stays `None`, as does what no calendar holds."""
    if at is None or not EARLIEST <= at < LATEST:
        return None
    return datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def rate(part: float, whole: float) -> float | None:
    """A part of a whole, from 0 to 1; `None` of nothing."""
    return round(part / whole, 6) if whole else None


def amount(value: float | None) -> float | None:
    """Money, to the millionth."""
    return None if value is None else round(value, 6)


def whole(value: float | None) -> float | None:
    """A count or a limit, without a point where it is whole."""
    return int(value) if value is not None and float(value).is_integer() else value


def head(at: float, freshness: Freshness, exporter_version: str) -> Json:
    """What every answer begins with."""
    return {
        "version": VERSION,
        "exporter_version": exporter_version,
        "at": iso(at),
        "dated": freshness.dated,
        "age_seconds": round(freshness.age_seconds, 1),
        "stale": freshness.stale,
        "notes": list(freshness.notes),
    }


def merged(cells: Cells | None) -> tuple[int, ...]:
    """The sum of all cells of a projection, column by column; empty where there is none."""
    return tuple(map(sum, zip(*cells.values(), strict=True))) if cells else ()
