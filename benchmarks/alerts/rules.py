"""Prometheus's rule files: which series rules make, which they need, and in which order they can be evaluated."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from exporter.config.durations import parse_duration

_STRING = re.compile(r'"(?:\\.|[^"\\])*"' + r"|'(?:\\.|[^'\\])*'" + r"|`[^`]*`|#.*")
_NAME = re.compile(r"[a-zA-Z_:][a-zA-Z0-9_:]*")
_LABEL = re.compile(r"\{\{\s*\$labels\.(\w+)\s*\}\}")


class RulesError(ValueError):
    """The rules cannot be evaluated here; the message says why."""


@dataclass(frozen=True, slots=True)
class Recording:
    """A series that is made of others."""

    name: str
    expression: str
    labels: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Alert:
    """A rule that alerts. Durations are seconds."""

    name: str
    expression: str
    labels: Mapping[str, str]
    hold: float
    keep: float
    interval: float

    def labelled(self, series: Mapping[str, str]) -> dict[str, str]:
        """The alert's labels for a series of the expression's result, as Prometheus makes them."""
        own = {
            name: _LABEL.sub(lambda found: series.get(found[1], ""), text)
            for name, text in self.labels.items()
        }  # fmt: skip
        for name, text in own.items():
            if "{{" in text:
                raise RulesError(f"alert {self.name}: label {name}: {text!r}: only {{{{ $labels.x }}}} is known here")
        found = {name: value for name, value in series.items() if name != "__name__"} | own | {"alertname": self.name}
        return {name: value for name, value in found.items() if value}


@dataclass(frozen=True, slots=True)
class Rules:
    """All rules of some files."""

    recordings: tuple[Recording, ...]
    alerts: tuple[Alert, ...]

    def names(self) -> set[str]:
        """Whatever the expressions mention: names of series, and words that are none."""
        expressions = [*(each.expression for each in self.recordings), *(each.expression for each in self.alerts)]
        return {name for expression in expressions for name in mentioned(expression)}

    def levels(self) -> list[list[Recording]]:
        """The recording rules in rounds: each rests on rounds before it only."""
        needs: dict[str, set[str]] = defaultdict(set)
        for each in self.recordings:
            needs[each.name] |= mentioned(each.expression)
        left, rounds = set(needs), list[list[Recording]]()
        while left:
            ready = {name for name in left if not needs[name] & left}
            if not ready:
                raise RulesError(f"recording rules that rest on each other: {', '.join(sorted(left))}")
            rounds.append([each for each in self.recordings if each.name in ready])
            left -= ready
        return rounds


def mentioned(expression: str) -> set[str]:
    """The words of an expression outside of strings and comments."""
    return set(_NAME.findall(_STRING.sub('""', expression)))


def load(places: Iterable[Path], interval: float = 60.0) -> Rules:
    """The rules of some files and directories; in a directory all YAML files that hold rules of Prometheus,
    but for those in directories below: these are of Grafana.

    `interval` is the least that rules are evaluated at.
    """
    recordings: list[Recording] = []
    alerts: list[Alert] = []
    for path in sorted(file for place in places for file in _files(place)):
        content = yaml.safe_load(path.read_text(encoding="utf-8"))
        if not isinstance(content, dict) or set(content) != {"groups"}:
            continue  # a test of promtool, Grafana's own format, …
        for group in content["groups"]:
            every = max(interval, _seconds(group.get("interval", interval)))
            for rule in group["rules"]:
                _note(rule, every, recordings, alerts)
    return Rules(tuple(recordings), tuple(alerts))


def _files(place: Path) -> Sequence[Path]:
    return [place] if place.is_file() else [*place.glob("*.yml"), *place.glob("*.yaml")]


def _note(rule: Mapping[str, Any], every: float, recordings: list[Recording], alerts: list[Alert]) -> None:
    expression, labels = str(rule["expr"]), {name: str(value) for name, value in rule.get("labels", {}).items()}
    if "record" in rule:
        recordings.append(Recording(rule["record"], expression, labels))
        return
    if mentioned(expression) & {"ALERTS", "ALERTS_FOR_STATE"}:
        raise RulesError(f"alert {rule['alert']}: rules on other alerts cannot be evaluated here")
    hold, keep = _seconds(rule.get("for", 0)), _seconds(rule.get("keep_firing_for", 0))
    alerts.append(Alert(rule["alert"], expression, labels, hold, keep, every))


def _seconds(value: object) -> float:
    seconds = parse_duration(value)
    if not isinstance(seconds, int | float):
        raise RulesError(f"{value!r} is no duration")
    return float(seconds)
