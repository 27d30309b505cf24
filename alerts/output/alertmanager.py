"""Alertmanager's configuration: who is told, what is told together, what is hidden by its cause, and the texts."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from alerts.catalogue import alerts
from alerts.output import receivers, routes
from alerts.output.inhibitions import INHIBITIONS
from alerts.output.prometheus import document
from alerts.output.routes import Matcher, Route, one_of
from alerts.settings import Settings
from exporter.config.durations import format_duration

TEMPLATES = Path(__file__).parents[1] / "templates"


def files(settings: Settings) -> dict[str, str]:
    """Names and contents of Alertmanager's files."""
    found = {"alertmanager/alertmanager.yml": document(_configuration(settings))}
    for path in sorted(TEMPLATES.glob("*.tmpl")):
        found[f"alertmanager/templates/{path.name}"] = path.read_text(encoding="utf-8")
    return found


def _configuration(settings: Settings) -> dict[str, Any]:
    routing = settings.routing
    integrations = receivers.contents(routing)
    groups = settings.boards.group_labels
    times = {
        "group_wait": format_duration(routing.group_wait),
        "group_interval": format_duration(routing.group_interval),
    }
    return {
        "route": times | _route(routes.tree(alerts(settings), routing, groups)),
        "receivers": [{"name": routes.NOBODY}, *({"name": name} | each for name, each in integrations.items())],
        "inhibit_rules": inhibit_rules({alert.name for alert in alerts(settings)}, groups),
        "templates": ["templates/*.tmpl"],
    }


def _route(route: Route) -> dict[str, Any]:
    found: dict[str, Any] = {"receiver": route.receiver}
    if route.matchers:
        found["matchers"] = list(map(written, route.matchers))
    if route.group_by:
        found["group_by"] = list(route.group_by)
    if route.interval is not None:
        found["group_interval"] = format_duration(route.interval)
    if route.repeat is not None:
        found["repeat_interval"] = format_duration(route.repeat)
    if route.goes_on:
        found["continue"] = True
    if route.routes:
        found["routes"] = list(map(_route, route.routes))
    return found


def inhibit_rules(known: Iterable[str], groups: tuple[str, ...] = ()) -> list[dict[str, Any]]:
    """The rules of `alerts.output.inhibitions`, of the alerts that there are; a cause hides those of its group only."""
    there = frozenset(known)
    found = []
    for each in INHIBITIONS:
        causes = [name for name in each.causes if name in there]
        symptoms = [name for name in each.symptoms if name in there]
        if causes and symptoms:
            rule: dict[str, Any] = {
                "source_matchers": [written(one_of("alertname", causes))],
                "target_matchers": [written(one_of("alertname", symptoms))],
            }
            equal = [*groups, *each.equal]
            found.append(rule | ({"equal": equal} if equal else {}))
    return found


_ESCAPES: Mapping[str, str] = {"\\": r"\\", '"': r"\"", "\n": r"\n"}


def written(matcher: Matcher) -> str:
    """A matcher in quotes: both of Alertmanager's parsers, the old and the new one, know these three escapes."""
    value = re.sub(r'[\\"\n]', lambda sign: _ESCAPES[sign[0]], matcher.value)
    return f'{matcher.label}{matcher.operator}"{value}"'
