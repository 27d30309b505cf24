"""What a Prometheus would remember of an exporter's page: as far back and as dense as some questions look.

Scrapes are fifteen seconds apart where a question reads a range; where it only looks at a moment, there are samples
around that moment. So each question reads what it would read of a real history.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from benchmarks.crowd.remote import Clock, labels_of
from exporter.config.durations import parse_duration
from exporter.contract.codes import ENDED_STATUSES

SCRAPE_SECONDS = 15.0
RULE_SECONDS = 60.0
_GROWTH_SECONDS = 14 * 86400.0
"""Counters grew evenly from nothing within it."""

_SELECTED = re.compile(
    r"(?P<name>[a-zA-Z_:][\w:]*)(?:\{[^}]*\})?(?P<at> @ end\(\))?"
    r"(?:\[(?P<range>\w+)(?::(?P<step>\w*))?\])?(?: offset (?P<offset>\w+))?"
)
_PAIR = re.compile(r'(\w+)="((?:[^"\\]|\\.)*)"')
Page = dict[str, list[tuple[dict[str, str], float]]]
"""Labels and values by family. Ids and names of a benchmark hold nothing that must be escaped."""

_USUAL: Mapping[str, float] = {"calls": 30.0, "calls_answered": 10.0, "calls_failed": 2.0, "cost": 1.5}
"""What was recorded in an hour of the past."""


@dataclass(slots=True)
class Reach:
    """How far back the questions look at a series: without a gap, and to which moments, in seconds before now."""

    dense: float = 0.0
    looks: set[float] = field(default_factory=set)

    def moments(self, now: float, step: float) -> NDArray[np.float64]:
        """The moments of its samples, `step` seconds apart."""
        parts = [np.arange(now - self.dense - step, now + step / 2, step)]
        parts += [np.array([now - back - step, now - back]) for back in self.looks]
        return np.unique(np.round(np.concatenate(parts)))


def extend(found: dict[str, Reach], expressions: Iterable[str], span: float = 0.0) -> None:
    """Note by name how far back these look; `span`: a graph's, which reads all of it."""
    for expression in expressions:
        for each in _SELECTED.finditer(expression):
            back, over = (_seconds(each[part]) for part in ("offset", "range"))
            reach = found.setdefault(each["name"], Reach())
            if each["step"] is not None:
                step = _seconds(each["step"]) or 60.0
                reach.looks.update(back + step * place for place in range(int(over // step) + 2))
            elif over:
                reach.dense = max(reach.dense, back + over + span)
            elif back:
                reach.looks.add(back)
            else:
                reach.dense = max(reach.dense, span)


def _seconds(text: str | None) -> float:
    seconds = parse_duration(text) if text else 0.0
    return float(seconds) if isinstance(seconds, int | float) else 0.0


def scraped(
    page: Page, reach: Mapping[str, Reach], now: float, target: Mapping[str, str]
) -> Iterator[tuple[bytes, bytes]]:
    """The series of a page that somebody asks for: their labels and samples, as remote write has them."""
    ended = {labels["campaign"] for labels, value in page.get("campaign_status", ())
             if value and labels["status"] in ENDED_STATUSES}  # fmt: skip
    for name in page.keys() & reach.keys():
        clock = Clock(reach[name].moments(now, SCRAPE_SECONDS))
        counts = name.endswith(("_total", "_bucket", "_count", "_sum"))
        growth = 1 + (clock.moments - now) / _GROWTH_SECONDS
        memory: dict[tuple[float, bool], bytes] = {}
        for labels, value in page[name]:
            key = (value, counts and labels.get("campaign") not in ended)
            if key not in memory:
                memory[key] = clock.samples(np.floor(value * growth) if key[1] else np.full(len(growth), value))
            yield labels_of({"__name__": name, **target, **labels}), memory[key]


def recorded(
    page: Page, names: Mapping[str, tuple[str, tuple[str, ...]]], reach: Mapping[str, Reach], now: float
) -> Iterator[tuple[bytes, bytes]]:
    """What rules recorded in the past. `names`: of each recorded series the family and the labels it is made by."""
    seen = {how: _distinct(page, *how) for how in set(names.values())}
    for name in names.keys() & reach.keys():
        moments = reach[name].moments(now, RULE_SECONDS)
        clock = Clock(moments[moments < now - RULE_SECONDS / 2])  # what is recorded now, the rules do
        if not len(clock.moments):
            continue
        value = np.full(len(clock.moments), _USUAL.get(name.split(":")[1], 1.0))
        if name.endswith(":sum"):  # a total so far
            value = np.floor(100 * value * (1 + (clock.moments - now) / _GROWTH_SECONDS))
        samples = clock.samples(value)
        for labels in seen[names[name]]:
            yield labels_of({"__name__": name, **labels}), samples


def _distinct(page: Page, family: str, by: tuple[str, ...]) -> list[dict[str, str]]:
    found = {tuple(labels.get(label, "") for label in by) for labels, _ in page.get(family, ())}
    return [dict(zip(by, values, strict=True)) for values in sorted(found)]


def parsed(text: str, names: Collection[str]) -> Page:
    """The samples of these families of a page in Prometheus's text format."""
    page: Page = defaultdict(list)
    wanted = {*names, "campaign_status"}
    for line in text.splitlines():
        name, _, rest = line.partition("{")
        if name in wanted:
            labels, _, value = rest.rpartition("} ")
            page[name].append((dict(_PAIR.findall(labels)), float(value)))
    return dict(page)
