"""What a rule is: what is asked of Prometheus, and what a person is told when it holds."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from alerts.vocabulary.wording import Ask


class Severity(StrEnum):
    """How much it matters: a person must act now; somebody should look today; for boards only."""

    CRITICAL = "critical"
    WARNING = "warning"
    INFO = "info"


@dataclass(frozen=True, slots=True)
class Record:
    """A recording rule; the name is `level:metric:operations`."""

    name: str
    expr: str


CAMPAIGN, TENANT = ("tenant", "campaign"), ("tenant",)
NUMBER, CONNECTION, PROVIDER = ("tenant", "number"), ("tenant", "connection"), ("tenant", "provider")
EXPORTER = ("job",)
"""Whom an alert is about: the labels of its series that name it."""


@dataclass(frozen=True, slots=True)
class Alert:
    """An alerting rule.

    `about` are the labels that tell its alerts apart, and `expr` gives one series for each. `summary` is one static
    sentence. `told` and `move` (the first move) may name in braces what `alerts.vocabulary.wording` knows, and the
    `asks` of the rule: what else is looked up when it fires. `wait` and `keep` are seconds: how long `expr` must hold
    before anybody is told, and how long the alert stays after it holds no more. `panel` is the board and the panel that
    show it. `managers` also reads it. `needs` are optional relations without which it sleeps. `rests_on` are the
    settings that its expression takes, as `section.name`.
    """

    name: str
    severity: Severity
    about: tuple[str, ...]
    summary: str
    told: str
    move: str
    expr: str
    panel: tuple[str, int]
    wait: float = 0.0
    keep: float = 0.0
    labels: Mapping[str, str] = field(default_factory=dict)
    asks: Mapping[str, Ask] = field(default_factory=dict)
    managers: bool = False
    needs: tuple[str, ...] = ()
    rests_on: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Concern:
    """The rules of one concern: what is recorded for them, and the alerts."""

    name: str
    title: str
    alerts: tuple[Alert, ...]
    records: tuple[Record, ...] = ()
    every: float = 0.0
    """Seconds between two evaluations; 0: as the server evaluates all that says nothing of it. What is judged over
    minutes and hours needs no more than once a minute, of thousands of campaigns too."""
