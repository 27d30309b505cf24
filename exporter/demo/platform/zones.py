"""Time zones by name, each looked up once."""

from __future__ import annotations

from functools import cache
from zoneinfo import ZoneInfo


@cache
def zone_of(name: str) -> ZoneInfo:
    """The zone of that IANA name; ZoneInfoNotFoundError (a KeyError) when there is none."""
    return ZoneInfo(name)
