"""Times, durations and counts in plain English."""

from __future__ import annotations

from datetime import UTC, datetime, tzinfo

from exporter.calendar.days import zone

_UNITS = (("d", 86_400), ("h", 3600), ("min", 60), ("s", 1))


def duration(seconds: float) -> str:
    """A span in its two largest units: `3 h 5 min`."""
    rest = max(0, round(seconds))
    parts: list[str] = []
    for unit, size in _UNITS:
        if rest >= size and len(parts) < 2:
            parts.append(f"{rest // size} {unit}")
            rest %= size
        elif parts:
            break
    return " ".join(parts) or "0 s"


def clock(at: float, now: float | None = None, name: str | None = None) -> str:
    """A moment in a zone (`None`: UTC), with its date where it is not the day of `now`."""
    where: tzinfo = zone(name) or UTC
    moment = datetime.fromtimestamp(at, where)
    today = now is not None and datetime.fromtimestamp(now, where).date() == moment.date()
    return moment.strftime("%H:%M" if today else "%a %Y-%m-%d %H:%M") + f" {'UTC' if where is UTC else name}"


def count(number: float, noun: str) -> str:
    """`1 call`, `2,000 calls`."""
    return f"{number:,.0f} {noun}" + ("" if number == 1 else "s")


def share(part: float, whole: float) -> str:
    """A part of a whole in per cent."""
    return f"{100 * part / whole:.0f} %" if whole else "0 %"


def money(amount: float, currency: str | None) -> str:
    """An amount with its currency."""
    return f"{amount:,.2f} {currency}" if currency else f"{amount:,.2f}"
