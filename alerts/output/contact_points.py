"""Grafana's contact points and notification policies: Alertmanager's receivers and routes in Grafana's terms."""

from __future__ import annotations

import textwrap
from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

from alerts.catalogue import alerts
from alerts.output import receivers, routes
from alerts.output.alertmanager import TEMPLATES
from alerts.output.prometheus import document
from alerts.output.receivers import CHAT, TEXT, TITLE
from alerts.output.routes import Route
from alerts.settings import Settings
from exporter.config.durations import format_duration

ORGANISATION = 1
NEVER = "campaigns-never"
"""The times at which policies of alerts for boards only are muted: always. Grafana knows no receiver without any."""

NOWHERE = "http://localhost:9/no-integration-is-set"
"""Where a receiver sends that has no integration yet. Port 9 discards."""

_HEAD = """\
# Grafana's own notifications of the rules in rules.yml: contact-points.yml, templates.yml and policies.yml together.
# policies.yml replaces all policies of the organisation. Grafana knows no inhibition: muting is by policy only.
"""


@dataclass(frozen=True, slots=True)
class Integration:
    """How Grafana calls an integration of Alertmanager and its settings, and where our texts belong in it.

    A setting that Alertmanager reads from a file, Grafana reads from the same file when it starts.
    """

    type: str
    settings: Mapping[str, str]
    texts: Mapping[str, str] = field(default_factory=dict)


INTEGRATIONS: Mapping[str, Integration] = MappingProxyType(
    {
        "discord_configs": Integration(
            "discord", {"webhook_url_file": "url"}, {"title": receivers.MARKDOWN_TITLE, "message": CHAT}
        ),
        "email_configs": Integration("email", {"to": "addresses"}, {"subject": TITLE, "message": TEXT}),
        "msteams_configs": Integration(
            "teams", {"webhook_url_file": "url"}, {"title": receivers.MARKDOWN_TITLE, "message": CHAT}
        ),
        "msteamsv2_configs": Integration(
            "teams", {"webhook_url_file": "url"}, {"title": receivers.MARKDOWN_TITLE, "message": CHAT}
        ),
        "opsgenie_configs": Integration(
            "opsgenie", {"api_key_file": "apiKey", "api_url": "apiUrl"}, {"message": TITLE, "description": TEXT}
        ),
        "pagerduty_configs": Integration(
            "pagerduty", {"routing_key_file": "integrationKey", "service_key_file": "integrationKey"},
            {"summary": TITLE},
        ),
        "slack_configs": Integration(
            "slack", {"api_url_file": "url", "channel": "recipient", "username": "username"},
            {"title": receivers.SLACK_TITLE, "text": receivers.SLACK},
        ),
        "telegram_configs": Integration(
            "telegram", {"bot_token_file": "bottoken", "chat_id": "chatid"},
            {"message": f"{TITLE}\n\n{TEXT}", "parse_mode": "None"},
        ),
        "webhook_configs": Integration("webhook", {"url": "url", "url_file": "url"}),
    }
)  # fmt: skip
"""What is translated. Other integrations are added in Grafana's own files."""


def files(settings: Settings) -> dict[str, str]:
    """Names and contents of the files."""
    integrations = receivers.contents(settings.routing)
    points = [_point(name, each, settings.boards.uid_prefix) for name, each in integrations.items()]
    contacts = {
        "apiVersion": 1,
        "contactPoints": points,
        "muteTimes": [
            {
                "orgId": ORGANISATION,
                "name": NEVER,
                "time_intervals": [{"times": [{"start_time": "00:00", "end_time": "24:00"}]}],
            }
        ],
    }
    times = {
        "group_wait": format_duration(settings.routing.group_wait),
        "group_interval": format_duration(settings.routing.group_interval),
    }
    tree = (
        {"orgId": ORGANISATION}
        | times
        | _policy(routes.tree(alerts(settings), settings.routing, settings.boards.group_labels))
    )
    policies = {"apiVersion": 1, "policies": [tree]}
    left_out = sorted({kind for each in integrations.values() for kind in each} - INTEGRATIONS.keys())
    head = _HEAD + (f"# Not translated, add them by hand: {', '.join(left_out)}.\n" if left_out else "")
    return {
        "grafana/contact-points.yml": headed(head, contacts),
        "grafana/policies.yml": headed(_HEAD, policies),
        "grafana/templates.yml": _templates(),
    }


def _templates() -> str:
    """The texts of the contact points: Alertmanager's, as they are in their own file, with links to Grafana's pages."""
    text = "\n".join(
        (TEMPLATES / name).read_text(encoding="utf-8") for name in ("campaigns.tmpl", "grafana/links.tmpl")
    )
    begin = document({"apiVersion": 1, "templates": [{"orgId": ORGANISATION, "name": "campaigns"}]})
    return f"{begin}  template: |\n{textwrap.indent(text, '    ')}"


def headed(head: str, content: Any) -> str:
    """A document with more comments above it."""
    generated, _, rest = document(content).partition("\n")
    return f"{generated}\n{head}{rest}"


def _point(name: str, content: Mapping[str, list[dict[str, Any]]], prefix: str) -> dict[str, Any]:
    found = [
        {
            "type": INTEGRATIONS[kind].type,
            "settings": _settings(INTEGRATIONS[kind], config),
            "disableResolveMessage": not config["send_resolved"],
        }
        for kind, configs in content.items()
        if kind in INTEGRATIONS
        for config in configs
    ] or [{"type": "webhook", "settings": {"url": NOWHERE}, "disableResolveMessage": False}]
    uids = [f"{prefix}-{name}-{number}"[-40:].lstrip("-_") for number in range(1, len(found) + 1)]
    named = [{"uid": uid, **each} for uid, each in zip(uids, found, strict=True)]
    return {"orgId": ORGANISATION, "name": name, "receivers": named}


def _settings(integration: Integration, config: Mapping[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for theirs, ours in integration.settings.items():
        if theirs in config:
            value = config[theirs]
            found[ours] = f"$__file{{{value}}}" if theirs.endswith("_file") else _literal(str(value))
    return found | {name: _literal(text) for name, text in integration.texts.items()}


def _policy(route: Route) -> dict[str, Any]:
    """A policy; one that tells nobody is muted, and has the receiver of the policy around it."""
    found: dict[str, Any] = {} if route.silent else {"receiver": route.receiver}
    if route.matchers:
        found["object_matchers"] = [[each.label, each.operator, _literal(each.value)] for each in route.matchers]
    if route.group_by:
        found["group_by"] = list(route.group_by)
    if route.interval is not None:
        found["group_interval"] = format_duration(route.interval)
    if route.repeat is not None:
        found["repeat_interval"] = format_duration(route.repeat)
    if route.goes_on:
        found["continue"] = True
    if route.silent:
        found["mute_time_intervals"] = [NEVER]
    if route.routes:
        found["routes"] = list(map(_policy, route.routes))
    return found


def _literal(text: str) -> str:
    """A text in which Grafana looks for no variable of its environment."""
    return text.replace("$", "$$")
