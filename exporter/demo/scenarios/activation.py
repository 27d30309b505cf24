"""Switches scenarios on and off at their moments, several at once, and puts back what they changed."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import datetime, time
from typing import Any

from exporter.demo.dialler.dialler import Dialler
from exporter.demo.platform.world import WorldSpec
from exporter.demo.scenarios.effects import Effect
from exporter.demo.scenarios.stage import Names, Stage, Undo, UnknownNameError, Value, revert
from exporter.demo.scenarios.table import SCENARIOS, Scenario

_MOST = {"rate": 1.0, "share": 1.0, "rows": 20_000.0, "minutes": 525_600.0, "hours": 8_760.0}
"""What a parameter of this name may be at most: shares, what a simulated list holds, a year."""

_LARGEST = 1_000_000.0


class ScenarioError(ValueError):
    """A scenario that was asked for does not make sense."""


@dataclass(frozen=True)
class Activation:
    """A scenario with its parameters, from `start` (None: from now on) until `end` (None: for good)."""

    scenario: Scenario
    parameters: Mapping[str, Value]
    start: datetime | None = None
    end: datetime | None = None

    def active(self, at: datetime) -> bool:
        return (self.start is None or self.start <= at) and (self.end is None or at < self.end)


def activate(name: str, start: datetime | None = None, end: datetime | None = None, **parameters: Value) -> Activation:
    """An activation by the scenario's name; parameters that are not given have the table's defaults.

    ScenarioError names what is unknown or of the wrong kind, and what there is instead.
    """
    return _activation(name, start, end, parameters)


def _activation(name: str, start: datetime | None, end: datetime | None, parameters: Mapping[str, Value]) -> Activation:
    scenario = SCENARIOS.get(name)
    if scenario is None:
        raise ScenarioError(f"scenario {name!r} does not exist: choose one of {', '.join(sorted(SCENARIOS))}")
    values = dict(scenario.parameters)
    for key, value in parameters.items():
        if key not in values:
            known = ", ".join(values) or "none"
            raise ScenarioError(f"scenario {name!r} has no parameter {key!r} (given {value!r}): it takes {known}")
        values[key] = _of_kind(name, key, value, values[key])
    return Activation(scenario, values, start, end)


def _of_kind(name: str, key: str, value: Value, default: Value) -> Value:
    if isinstance(default, str):
        return str(value)
    try:
        number = float(value)
    except ValueError:
        number = float("nan")
    most = _MOST.get(key, _LARGEST)
    if not 0 <= number <= most:
        raise ScenarioError(
            f"scenario {name!r}: {key}={value!r} is not a number from 0 to {most:,.0f}; the default is {default:g}"
        )
    return number


def parse_scenario(text: str) -> Activation:
    """`NAME` or `NAME:key=value,key=value`, as on the command line."""
    name, _, rest = text.strip().partition(":")
    parameters: dict[str, Value] = {}
    for part in filter(None, (part.strip() for part in rest.split(","))):
        key, equals, value = part.partition("=")
        if not equals or not key.strip():
            raise ScenarioError(f"scenario {text!r}: {part!r} is not key=value; write NAME:key=value,key=value")
        parameters[key.strip()] = value.strip()
    return _activation(name.strip(), None, None, parameters)


def check_names(activation: Activation, spec: WorldSpec) -> None:
    """ScenarioError when a parameter names a campaign, number, connection or tenant that the world lacks."""
    names = Names(spec)
    for key, what in _NAMED.items():
        if key in activation.parameters:
            try:
                names.find(what, activation.parameters[key])
            except UnknownNameError as error:
                raise ScenarioError(f"scenario {activation.scenario.name!r}: {error}") from None


# Which parameters name something, and what.
_NAMED = {
    "campaign": "campaign", "by": "campaign", "number": "number", "connection": "connection", "tenant": "tenant",
}  # fmt: skip


@dataclass
class Board:
    """Knows which activations are on, and makes the dialler's world match. Call `update` before each step."""

    spec: WorldSpec
    activations: Sequence[Activation] = ()
    undo: dict[int, list[Undo]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._names = Names(self.spec)
        self._on: list[int] = []

    def update(self, dialler: Dialler, at: datetime) -> bool:
        """Begin what begins and end what ends at `at`; returns whether anything did."""
        wanted = [place for place, each in enumerate(self.activations) if each.active(at)]
        if wanted == self._on:
            return False
        begun = [place for place in wanted if place not in self._on]
        ended = [place for place in self._on if place not in wanted]
        self._on = wanted
        # Conditions are made anew from what is on: so one scenario's end leaves the others' untouched.
        dialler.conditions.clear()
        for place in wanted:
            self._play(self.activations[place].scenario.wrong, dialler, place, at)
        for place in ended:
            revert(dialler, self.undo.pop(place, []))
            self._play(self.activations[place].scenario.end, dialler, place, at)
        for place in begun:
            self._play(self.activations[place].scenario.begin, dialler, place, at)
        dialler.settings_changed()
        return True

    def step(self, dialler: Dialler, now: datetime) -> None:
        """Step the dialler to `now`, stopping at every moment at which a scenario begins or ends."""
        moments = {moment for each in self.activations for moment in (each.start, each.end) if moment is not None}
        for moment in sorted(moment for moment in moments if dialler.time < moment < now):
            self.update(dialler, dialler.time)
            dialler.step(moment)
        self.update(dialler, dialler.time)
        dialler.step(now)

    def _play(self, effect: Effect | None, dialler: Dialler, place: int, at: datetime) -> None:
        if effect is None:
            return
        stage = Stage(dialler, self._names, self.activations[place].parameters, at)
        effect(stage)
        self.undo.setdefault(place, []).extend(stage.undo)

    def to_json(self) -> list[dict[str, Any]]:
        """What a later run must put back if this one is killed."""
        return [_plain(asdict(record)) for records in self.undo.values() for record in records]


def revert_saved(dialler: Dialler, records: Iterable[Mapping[str, Any]]) -> None:
    """Put back what scenarios of an earlier run changed; moments among the old values are long over."""
    revert(dialler, [Undo(**_typed(record)) for record in records])


def _plain(record: dict[str, Any]) -> dict[str, Any]:
    if isinstance(record["value"], datetime):
        record["value"] = None
    elif isinstance(record["value"], time):
        record["value"] = record["value"].isoformat()
    return record


def _typed(record: Mapping[str, Any]) -> dict[str, Any]:
    """A record of `_plain`, with its time of day as one."""
    value = record["value"]
    return {**record, "value": time.fromisoformat(value) if record["attribute"] == "shift_closes" else value}
