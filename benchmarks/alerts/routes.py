"""The Alertmanager configuration as far as it decides who is told: routes with their grouping, and inhibition."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from exporter.config.durations import parse_duration

NOBODY = "nobody"
_MATCHER = re.compile(r'\s*([a-zA-Z_]\w*)\s*(=~|!~|!=|=)\s*("(?:\\.|[^"\\])*"|[^",{}]*?)\s*(?:,|$)')
_UNKNOWN = ("mute_time_intervals", "active_time_intervals")


class RoutesError(ValueError):
    """The configuration holds what is not imitated here, or amtool sees it differently; the message says what."""


@dataclass(frozen=True, slots=True)
class Matcher:
    """A condition on one label; a label that is not there is empty."""

    label: str
    operator: str
    value: str

    def matches(self, labels: Mapping[str, str]) -> bool:
        """Whether these labels meet it."""
        found = labels.get(self.label, "")
        same = re.fullmatch(self.value, found) is not None if "~" in self.operator else found == self.value
        return same is not self.operator.startswith("!")


@dataclass(frozen=True, slots=True, eq=False)
class Route:
    """A node of the routing tree; what it does not say it has from its parent. Durations are seconds."""

    receiver: str
    matchers: tuple[Matcher, ...]
    goes_on: bool
    group_by: tuple[str, ...]
    group_wait: float
    group_interval: float
    repeat_interval: float
    routes: tuple[Route, ...]

    def of(self, labels: Mapping[str, str]) -> list[Route]:
        """The nodes that an alert ends in."""
        if not all(matcher.matches(labels) for matcher in self.matchers):
            return []
        found: list[Route] = []
        for route in self.routes:
            below = route.of(labels)
            found += below
            if below and not route.goes_on:
                break
        return found or [self]

    def group(self, labels: Mapping[str, str]) -> tuple[tuple[str, str], ...]:
        """The labels by which an alert is grouped here."""
        everything = self.group_by == ("...",)
        return tuple(sorted(pair for pair in labels.items() if everything or pair[0] in self.group_by))

    def walk(self) -> Iterator[Route]:
        """This node and all below it."""
        yield self
        for route in self.routes:
            yield from route.walk()


@dataclass(frozen=True, slots=True)
class Inhibition:
    """Alerts that match `target` are kept back while one that matches `source` fires with the same `equal` labels."""

    source: tuple[Matcher, ...]
    target: tuple[Matcher, ...]
    equal: tuple[str, ...]

    def keeps_back(self, labels: Mapping[str, str], others: Sequence[Mapping[str, str]]) -> bool:
        """Whether one of the firing alerts `others` does so to the alert with these labels."""
        if not _all(self.target, labels):
            return False
        both = _all(self.source, labels)
        return any(
            _all(self.source, other)
            and all(labels.get(name, "") == other.get(name, "") for name in self.equal)
            and not (both and _all(self.target, other))  # else it would keep itself back
            for other in others
        )


@dataclass(frozen=True, slots=True)
class Routing:
    """A configuration of Alertmanager."""

    path: Path
    root: Route
    inhibitions: tuple[Inhibition, ...]
    receivers: Mapping[str, bool]
    """All but `nobody`, and whether they are also told what is resolved."""
    _known: dict[tuple[tuple[str, str], ...], list[Route]] = field(default_factory=dict)

    def of(self, labels: Mapping[str, str]) -> list[Route]:
        """The nodes that an alert ends in, as amtool confirms."""
        used = {matcher.label for route in self.root.walk() for matcher in route.matchers}
        key = tuple(sorted((name, value) for name, value in labels.items() if name in used))
        if key not in self._known:
            found = self.root.of(labels)
            told = _amtool(self.path, dict(key))
            if sorted(told) != sorted(route.receiver for route in found):
                raise RoutesError(f"{dict(key)}: amtool routes it to {told}, not to {[r.receiver for r in found]}")
            self._known[key] = found
        return self._known[key]

    def inhibited(self, labels: Mapping[str, str], firing: Sequence[Mapping[str, str]]) -> bool:
        """Whether an alert is kept back by those that fire."""
        return any(rule.keeps_back(labels, firing) for rule in self.inhibitions)


def load(path: Path) -> Routing:
    """Read a configuration."""
    content = yaml.safe_load(path.read_text(encoding="utf-8"))
    standard = {"group_by": [], "group_wait": "30s", "group_interval": "5m", "repeat_interval": "4h"}
    root = _route(content["route"], standard)
    rules = tuple(
        Inhibition(_matchers(rule, "source_"), _matchers(rule, "target_"), tuple(rule.get("equal", ())))
        for rule in content.get("inhibit_rules") or ()
    )
    told = {each["name"]: _tells_resolved(each) for each in content.get("receivers") or () if each["name"] != NOBODY}
    return Routing(path, root, rules, told)


def _tells_resolved(receiver: Mapping[str, Any]) -> bool:
    """Whether it is told what is over; one that has no way to tell yet will be given one that does."""
    ways = [way for key, found in receiver.items() if key.endswith("_configs") for way in found or ()]
    return not ways or any(way.get("send_resolved", True) for way in ways)


def _route(content: Mapping[str, Any], above: Mapping[str, Any]) -> Route:
    unknown = [name for name in _UNKNOWN if content.get(name)]
    if unknown:
        raise RoutesError(f"a route has {', '.join(unknown)}: not imitated by the benchmark")
    values = {**above, **{name: value for name, value in content.items() if value is not None}}
    below = {name: values[name] for name in ("receiver", *_INHERITED)}
    return Route(
        receiver=values["receiver"],
        matchers=_matchers(content, ""),
        goes_on=bool(content.get("continue")),
        group_by=tuple(values["group_by"]),
        group_wait=_seconds(values["group_wait"]),
        group_interval=_seconds(values["group_interval"]),
        repeat_interval=_seconds(values["repeat_interval"]),
        routes=tuple(_route(each, below) for each in content.get("routes") or ()),
    )


_INHERITED = ("group_by", "group_wait", "group_interval", "repeat_interval")


def _matchers(content: Mapping[str, Any], prefix: str) -> tuple[Matcher, ...]:
    found = [Matcher(name, "=", str(value)) for name, value in (content.get(f"{prefix}match") or {}).items()]
    found += [Matcher(name, "=~", str(value)) for name, value in (content.get(f"{prefix}match_re") or {}).items()]
    for text in content.get(f"{prefix}matchers") or ():
        found += _parsed(text)
    return tuple(found)


def _parsed(text: str) -> Iterator[Matcher]:
    rest = text.strip().removeprefix("{").removesuffix("}")
    while rest:
        match = _MATCHER.match(rest)
        if match is None:
            raise RoutesError(f"matcher {text!r} is not understood here")
        label, operator, value = match.groups()
        if value.startswith('"'):
            value = re.sub(r"\\(.)", lambda found: "\n" if found[1] == "n" else found[1], value[1:-1])
        yield Matcher(label, operator, value)
        rest = rest[match.end() :]


def _all(matchers: Sequence[Matcher], labels: Mapping[str, str]) -> bool:
    return all(matcher.matches(labels) for matcher in matchers)


def _seconds(value: object) -> float:
    seconds = parse_duration(value)
    assert isinstance(seconds, int | float), f"{value!r} is a duration"
    return float(seconds)


def _amtool(path: Path, labels: Mapping[str, str]) -> list[str]:
    command = ["amtool", "config", "routes", "test", f"--config.file={path}"]
    command += [f"{name}={value}" for name, value in labels.items()]
    try:
        result = subprocess.run(command, capture_output=True, check=False, text=True)
    except FileNotFoundError:
        raise RoutesError("amtool is missing; Debian has it in `prometheus-alertmanager`") from None
    if result.returncode:
        raise RoutesError(f"amtool refuses {path}: {(result.stderr + result.stdout).strip()}")
    return result.stdout.strip().split(",")
