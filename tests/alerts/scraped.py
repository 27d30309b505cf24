"""The samples of a case as a shorter scrape interval would have them: what grows, grows evenly within each minute."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import pairwise
from typing import Any

_COUNTERS = ("_total", "_bucket", "_count", "_sum")
_RUN = re.compile(r"(?P<first>-?[\d.e]+)(?:(?P<step>[+-][\d.e]+(?:e-?\d+)?))?x(?P<times>\d+)")
MINUTE = 60

BY_STEPS = {"campaign_calls_outside_window_total"}
"""What its cases are about is in how many steps it grows."""

Value = float | str


def scraped_every(seconds: int, document: dict[str, Any]) -> dict[str, Any]:
    """A file of tests, whose samples lie a minute apart, with samples so many seconds apart."""
    tests = [
        {
            **test,
            "interval": f"{seconds}s",
            "input_series": [
                {**each, "values": _closer(each["series"], each["values"], MINUTE // seconds)}
                for each in test["input_series"]
            ],
        }
        for test in document["tests"]
    ]
    return {**document, "tests": tests}


def _closer(series: str, values: str, parts: int) -> str:
    name = re.split(r"[{ ]", series)[0]
    counts = name.endswith(_COUNTERS) and name not in BY_STEPS
    found = list(_values(values))
    closer: list[Value] = []
    for one, other in pairwise([*found, found[-1]]):
        grows = counts and isinstance(one, float) and isinstance(other, float) and other > one
        rise = other - one if grows else 0.0  # type: ignore[operator]
        closer += [one + rise * part / parts if grows else one for part in range(parts)]  # type: ignore[operator]
    return " ".join(value if isinstance(value, str) else f"{value!r}" for value in closer)


def _values(text: str) -> Iterator[Value]:
    """The values of promtool's notation; `_` where there is none."""
    for token in text.split():
        if token.startswith("_x"):
            yield from ["_"] * int(token[2:])
        elif (run := _RUN.fullmatch(token)) is not None:
            first, step = float(run["first"]), float(run["step"] or 0)
            yield from (first + step * place for place in range(int(run["times"]) + 1))
        elif token in ("_", "stale"):
            yield token
        else:
            yield float(token)
