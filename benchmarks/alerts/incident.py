"""One incident: what was done, when, to whom, and what the dialler itself can tell of it afterwards."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from benchmarks.alerts.kinds import KINDS, Kind
from exporter.demo.scenarios.stage import Value

RECOVERY_SECONDS = 1800.0
"""So long after an incident alerts about what it struck may still come because of it."""


@dataclass(frozen=True, slots=True)
class Evidence:
    """What the dialler knows of an incident; metrics have no part in it."""

    calls_before: int = 0
    """Calls of the target in the hour before."""
    answers_before: int = 0
    calls_during: int = 0
    due: float = 1.0
    """Share of the looks from two minutes after the start on at which a task of the target was due."""


@dataclass(frozen=True, slots=True)
class Incident:
    """Times are seconds since 1970; ids are the values of labels."""

    kind: str
    start: float
    end: float
    parameters: Mapping[str, Value]
    target: str
    """What it is aimed at, by the keys of the world."""
    tenants: tuple[str, ...] = ()
    campaigns: tuple[str, ...] = ()
    numbers: tuple[str, ...] = ()
    """The numbers it is aimed at; calls from them are counted."""
    connections: tuple[str, ...] = ()
    providers: tuple[str, ...] = ()
    """Those that it is aimed at, or over which what it is aimed at calls."""
    size: int = 0
    """Contacts that the smallest campaign struck was given."""
    everything: bool = False
    overlaps: bool = False
    """Begins while another one lasts."""
    evidence: Evidence = field(default_factory=Evidence)

    @property
    def what(self) -> Kind:
        """Its row in the table."""
        return KINDS[self.kind]

    @property
    def over(self) -> float:
        """When alerts because of it must have stopped coming."""
        return float("inf") if self.what.lasting else self.end + RECOVERY_SECONDS

    @property
    def lacking(self) -> str:
        """What was not there, without which nobody can know; empty where everything was."""
        needs, seen = self.what.needs, self.evidence
        pairs = (
            (seen.calls_before, needs.calls, "calls an hour before"),
            (seen.answers_before, needs.answers, "answered calls an hour before"),
            (seen.calls_during, needs.during, "calls meanwhile"),
        )
        parts = [f"{have} {name}, not {wanted}" for have, wanted, name in pairs if have < wanted]
        if needs.due and seen.due < 0.5:
            parts.append(f"tasks due at {seen.due:.0%} of the looks only")
        return "; ".join(parts)


@dataclass(frozen=True, slots=True)
class Run:
    """What a simulated world leaves behind beside its metrics."""

    name: str
    begin: float
    """When the world begins."""
    start: float
    """When looks become dense, and alerts are watched."""
    end: float
    interval: float
    incidents: tuple[Incident, ...]
    skipped: tuple[str, ...]
    """Kinds for which there was no place in this world."""
    names: Mapping[str, str]
    """The keys of campaigns, by the value of the label."""
    seconds: Mapping[str, float]
    """What took how long."""

    def write(self, directory: Path) -> None:
        """Keep it beside the blocks."""
        (directory / "run.json").write_text(json.dumps(asdict(self), indent=1))


def read(directory: Path) -> Run:
    """What `Run.write` kept."""
    return of_json(json.loads((directory / "run.json").read_text()))


_TUPLES = ("tenants", "campaigns", "numbers", "connections", "providers")


def of_json(data: Mapping[str, Any]) -> Run:
    """A run from what JSON made of it."""
    incidents = tuple(
        Incident(**{
            **each,
            **{name: tuple(each[name]) for name in _TUPLES},
            "evidence": Evidence(**each["evidence"]),
        })
        for each in data["incidents"]
    )  # fmt: skip
    return Run(**{**data, "incidents": incidents, "skipped": tuple(data["skipped"])})
