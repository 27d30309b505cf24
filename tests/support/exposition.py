"""What `/metrics` shows, read quickly: prometheus_client's parsers take most of the time of tests with many series.

A line in the plain form, which leaves nothing to interpretation, is taken apart here; any other (an escaped text, an
exemplar) is left to prometheus_client, and so is the whole page wherever its form is the question.
"""

from __future__ import annotations

import re

from prometheus_client.parser import text_string_to_metric_families

Series = tuple[str, tuple[tuple[str, str], ...]]
"""A sample's name and its sorted labels."""

_SAMPLE = re.compile(r"([a-zA-Z_:][a-zA-Z0-9_:]*)(?:\{(.+)\})? ([^ ]+)")
_LABEL = re.compile(r'([a-zA-Z_][a-zA-Z0-9_]*)="([^"\\\n]*)"(?:,|$)')
_EXEMPLAR = re.compile(r" # \{[^{}]*\} [-+0-9.eE]+( [0-9.]+)?$")
"""What OpenMetrics may say after a sample, and the text format's parser does not take."""


def samples(text: str) -> dict[Series, float]:
    """The samples of the text format or of OpenMetrics; a series that is there twice is an error."""
    found: dict[Series, float] = {}
    odd: list[str] = []

    def add(series: Series, value: float) -> None:
        assert series not in found, f"{series} is there twice"
        found[series] = value

    for line in text.split("\n"):
        if not line or line[0] == "#":
            continue
        sample = _SAMPLE.fullmatch(line)
        pairs = _LABEL.findall(sample[2]) if sample and sample[2] else []
        if sample and ",".join(f'{name}="{value}"' for name, value in pairs) == (sample[2] or ""):
            add((sample[1], tuple(sorted(pairs))), float(sample[3]))
        else:
            odd.append(_EXEMPLAR.sub("", line))
    for family in text_string_to_metric_families("\n".join([*odd, ""])):
        for each in family.samples:
            add((each.name, tuple(sorted(each.labels.items()))), each.value)
    return found
