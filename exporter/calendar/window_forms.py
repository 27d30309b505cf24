"""Call windows as platforms write them: read where the meaning is certain, else told with what to write instead."""

from __future__ import annotations

import json
import re
import reprlib
from collections.abc import Iterator
from typing import Any

from exporter.calendar.call_windows import DAYS, Range, Ranges, canonical

_DAY = 1_440  # minutes
_NAMES = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
_EXAMPLE = '{"days": ["mon"], "start": "09:00", "end": "17:00"}'
_A_DAY = f"write one of {', '.join(DAYS)}, or 1 (Monday) to 7 (Sunday)"
_A_TIME = "write HH:MM, 00:00 to 24:00"
_SEPARATORS = re.compile(r"\s*[,;]\s*|\s+")
_DASH = re.compile(r"\s*[-\u2010-\u2015]\s*")
# As jsonb makes it of a time column, or with one digit, or by a clock of 12 hours.
_TIME = re.compile(
    r"(?P<hour>\d{1,2})(?::(?P<minute>[0-5]\d)(?::(?P<second>[0-5]\d)(?:\.(?P<fraction>\d{1,9}))?)?)?"
    r"(?:\s?(?P<half>[ap])\.?m\.?)?",
    re.ASCII | re.IGNORECASE,
)
_OFFSET = re.compile(r"\d{1,2}:\d\d\S*\s?(?:[+-]\d\d(?::?\d\d)*|Z)", re.ASCII)


class WindowsError(ValueError):
    """The value is not a list of call windows. The message names what is wrong, its value and the remedy."""


def parse_ranges(value: Any) -> Ranges | None:
    """The ranges of a JSON value of `campaigns.call_windows`; `None` for null (always open), `()` for never.

    The result is canonical: two lists that are open at the same times give equal ranges. Overlapping and touching
    ranges are one, and one of more than 24 hours is cut after each 24. Raises `WindowsError` for what is not certain.
    """
    if isinstance(value, str):
        value = _decoded(value)
    if value is None:
        return None
    if isinstance(value, dict) and {"days", "start", "end"} <= value.keys():  # the only window, without a list
        value = [value]
    if not isinstance(value, list):
        raise _error("call_windows", value, f"is not a list; write [{_EXAMPLE}], null for always open or [] for never")
    return canonical([_range(window, f"call_windows[{index}]") for index, window in enumerate(value)])


def _decoded(text: str) -> Any:
    """What a JSON text within JSON says; the text itself where it is none."""
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return text


def _range(window: Any, path: str) -> Range:
    if not isinstance(window, dict):
        raise _error(path, window, f"is not an object; write one such as {_EXAMPLE}")
    if missing := [key for key in ("days", "start", "end") if key not in window]:
        raise _error(path, window, f"has no {' and no '.join(missing)}; write it as {_EXAMPLE}")
    days = frozenset(_days(window["days"], f"{path}.days"))
    start, end = _minutes(window["start"], f"{path}.start"), _minutes(window["end"], f"{path}.end", is_end=True)
    if start == _DAY:
        raise _error(f"{path}.start", window["start"], "is the end of a day; write 00:00 and the next day")
    return Range(days, start, end)


def _days(value: Any, path: str) -> Iterator[int]:
    """The days of a list, or of a text such as `mon, wed-fri`: 0 Monday to 6 Sunday."""
    if isinstance(value, str) and value.strip():
        yield from _days_of_text(value, path)
    elif isinstance(value, list):
        for index, day in enumerate(value):
            place = f"{path}[{index}]"
            if isinstance(day, str) and day.strip():
                yield from _days_of_text(day, place)
            else:
                yield _day(day, day, place)
    else:
        raise _error(path, value, 'is not a list; write one such as ["mon", "tue"]')


def _days_of_text(text: str, path: str) -> Iterator[int]:
    for part in _SEPARATORS.split(_DASH.sub("-", text.strip())):
        first, dash, last = part.partition("-")
        begin = _day(first, text, path)
        days = (_day(last, text, path) - begin) % 7 if dash else 0
        yield from ((begin + later) % 7 for later in range(days + 1))


def _day(day: Any, whole: Any, path: str) -> int:
    if isinstance(day, str) and day.isascii() and day.isdigit():
        day = int(day[:9])
    if isinstance(day, int | float) and not isinstance(day, bool):
        if day == 0:  # Monday to some, Sunday to others
            raise _error(path, whole, f"may be Sunday or Monday; {_A_DAY}")
        if day in range(1, 8):
            return int(day) - 1
    elif isinstance(day, str):
        name = day.rstrip(".").lower()
        if len(name) >= 3:
            for place, full in enumerate(_NAMES):
                if full.startswith(name):
                    return place
    raise _error(path, whole, f"is not a day; {_A_DAY}")


def _minutes(text: Any, path: str, *, is_end: bool = False) -> int:
    match = _TIME.fullmatch(text.strip()) if isinstance(text, str) else None
    if match is None or not (match["minute"] or match["half"]):
        if isinstance(text, str) and _OFFSET.fullmatch(text.strip()):
            raise _error(path, text, f"has an offset, but windows go by the campaign's timezone; {_A_TIME}")
        raise _error(path, text, f"is not a time of day; {_A_TIME}")
    hour, minute, second = int(match["hour"]), int(match["minute"] or 0), int(match["second"] or 0)
    if match["half"]:
        if not 1 <= hour <= 12:
            raise _error(path, text, f"is not a time of day; {_A_TIME}")
        hour = hour % 12 + (12 if match["half"].lower() == "p" else 0)
    moment = hour * 60 + minute
    if second or int(match["fraction"] or 0):
        if not (is_end and moment == _DAY - 1 and second == 59):  # to the last second of the day is to its end
            raise _error(path, text, f"has seconds, but windows go by minutes; {_A_TIME}")
        moment = _DAY
    if moment > _DAY:
        raise _error(path, text, f"is not a time of day; {_A_TIME}")
    return moment


def _error(path: str, value: Any, problem: str) -> WindowsError:
    return WindowsError(f"{path}: {reprlib.repr(value)} {problem}")
