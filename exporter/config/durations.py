"""Durations: `90s` or `1h30m` as seconds, and seconds as the shortest usual text."""

from __future__ import annotations

import re
from typing import Annotated

from pydantic import BeforeValidator, Field, PlainSerializer

_UNITS = {"w": 604_800.0, "d": 86_400.0, "h": 3600.0, "m": 60.0, "s": 1.0, "ms": 0.001}
_DURATION = re.compile("".join(rf"(?:(?P<{unit}>\d{{1,18}}(?:\.\d{{1,18}})?){unit})?" for unit in _UNITS), re.ASCII)
"""Each unit once, the greatest first: `30m1h` is more likely a slip than ninety minutes."""


def parse_duration(value: object) -> object:
    """Seconds of a duration such as `90s` or `1h30m`; a number is one of seconds. `ValueError`: it is neither."""
    if isinstance(value, int | float) and not isinstance(value, bool):
        return value
    text = value.strip() if isinstance(value, str) else ""
    found = _DURATION.fullmatch(text)
    if not found or not text:
        raise ValueError("not a duration; write a number and a unit, such as 500ms, 15s, 1h30m or 7d")
    return sum(float(text) * _UNITS[unit] for unit, text in found.groupdict().items() if text is not None)


def format_duration(seconds: float) -> str:
    """The shortest usual way to write a duration."""
    for unit, size in _UNITS.items():
        if unit != "ms" and seconds >= size and seconds % size == 0:
            return f"{int(seconds // size)}{unit}"
    return f"{seconds * 1000:g}ms" if seconds < 1 else f"{seconds:g}s"


Duration = Annotated[
    float,
    BeforeValidator(parse_duration),
    Field(gt=0, le=366 * 86_400),
    PlainSerializer(format_duration),
]
