"""All rules, with a team's settings."""

from __future__ import annotations

from dataclasses import replace

from alerts.rules import (
    answer_rate,
    audience,
    compliance,
    cost,
    dispatch,
    experiments,
    exporter,
    failures,
    first_word,
    numbers,
    progress,
    telemarketing,
)
from alerts.settings import Settings
from alerts.vocabulary import records
from alerts.vocabulary.expressions import Rules
from alerts.vocabulary.rule import Alert, Concern, Record
from dashboards.vocabulary.grouping import Grouping
from exporter.errors import ConfigError

CONCERNS = (
    progress, dispatch, answer_rate, failures, first_word, numbers, cost, compliance, telemarketing,
    audience, experiments, exporter,
)  # fmt: skip
"""One module each, in the order in which a reader expects them."""


def concerns(settings: Settings) -> tuple[Concern, ...]:
    """The rules by concern, what several rest on first. ConfigError names an override of an alert there is not."""
    rules = Rules(settings.boards.replica_labels)
    every = tuple(module.concern(rules, settings) for module in CONCERNS)
    names = {alert.name for each in every for alert in each.alerts}
    if unknown := sorted(settings.alerts.keys() - names):
        raise ConfigError(
            f"alerts: no alert is called {', '.join(map(repr, unknown))}; there are {', '.join(sorted(names))}"
        )
    shared = Concern("shared", "What several rest on", (), records.records(rules), every=60)
    found = (shared, *(replace(each, alerts=_overridden(each.alerts, settings)) for each in every))
    settings.boards.check_groups()
    grouping = Grouping(settings.boards.group_labels)
    return tuple(_grouped(each, grouping) for each in found)


def _grouped(concern: Concern, grouping: Grouping) -> Concern:
    """The rules with platforms told apart: here for all of them, so that no rule need think of it."""
    return replace(
        concern,
        records=tuple(Record(each.name, grouping.of(each.expr)) for each in concern.records),
        alerts=tuple(
            replace(
                each,
                expr=grouping.of(each.expr),
                about=grouping.by(each.about),
                asks={name: ask.within(grouping.labels) for name, ask in each.asks.items()},
            )
            for each in concern.alerts
        ),
    )


def alerts(settings: Settings) -> tuple[Alert, ...]:
    """All alerts."""
    return tuple(alert for each in concerns(settings) for alert in each.alerts)


def _overridden(found: tuple[Alert, ...], settings: Settings) -> tuple[Alert, ...]:
    kept = []
    for alert in found:
        override = settings.alerts.get(alert.name)
        if override is None:
            kept.append(alert)
        elif override.enabled:
            kept.append(
                replace(
                    alert,
                    severity=override.severity or alert.severity,
                    wait=alert.wait if override.wait is None else override.wait,
                    keep=alert.keep if override.keep is None else override.keep,
                )
            )
    return tuple(kept)
