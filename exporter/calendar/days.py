"""Days of a tenant: whose midnight ends a number's daily cap."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta, tzinfo
from zoneinfo import ZoneInfo

EPOCH = date(1970, 1, 1)


@dataclass(frozen=True, slots=True)
class Day:
    """A local day and the next: the ordinal of today (days since 1970) and the three midnights, in seconds."""

    zone: str
    today: int
    midnights: tuple[float, float, float]


def zone(name: str | None) -> tzinfo | None:
    """The IANA zone of that name, UTC for none, and `None` for a name nobody knows."""
    if name is None:
        return UTC
    try:
        return ZoneInfo(name)
    except (KeyError, ValueError, OSError):  # unknown, malformed, a directory of the zone database
        return None


def day_at(now: float, where: tzinfo) -> Day:
    """The day that holds `now` (seconds since 1970) in this zone."""
    today = datetime.fromtimestamp(now, where).date()
    first, second, third = (_midnight(today + timedelta(days=offset), where) for offset in range(3))
    return Day(str(where), (today - EPOCH).days, (first, second, third))


def _midnight(day: date, where: tzinfo) -> float:
    return datetime(day.year, day.month, day.day, tzinfo=where).timestamp()
