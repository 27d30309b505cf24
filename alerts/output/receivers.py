"""What receivers send: a team's own integrations, with our texts where it has set none, and never a secret."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from copy import deepcopy
from types import MappingProxyType
from typing import Any

from alerts.output import routes
from alerts.settings import Routing
from exporter.errors import ConfigError


def _say(template: str) -> str:
    return f'{{{{ template "campaigns.{template}" . }}}}'


TITLE, TEXT = _say("title"), _say("text")
SLACK_TITLE, SLACK = _say("slack.title"), _say("slack")
MARKDOWN_TITLE, CHAT = _say("markdown.title"), _say("markdown")
_PRIORITY = '{{ if eq .CommonLabels.severity "critical" }}P1{{ else }}P3{{ end }}'
_URGENCY = '{{ if eq .CommonLabels.severity "critical" }}critical{{ else }}warning{{ end }}'

TEXTS: Mapping[str, Mapping[str, Any]] = MappingProxyType(
    {
        "discord_configs": {"title": MARKDOWN_TITLE, "message": CHAT},
        "email_configs": {"headers": {"Subject": TITLE}, "html": _say("mail"), "text": TEXT},
        "msteams_configs": {"title": MARKDOWN_TITLE, "text": CHAT},
        "msteamsv2_configs": {"title": MARKDOWN_TITLE, "text": CHAT},
        "opsgenie_configs": {"message": TITLE, "description": TEXT, "priority": _PRIORITY},
        "pagerduty_configs": {
            "description": TITLE, "severity": _URGENCY, "details": {"firing": TEXT, "resolved": ""},
        },
        "pushover_configs": {"title": TITLE, "message": TEXT, "url": _say("link")},
        "slack_configs": {
            "title": SLACK_TITLE, "title_link": _say("link"), "text": SLACK, "fallback": SLACK_TITLE,
        },
        "sns_configs": {"subject": TITLE, "message": TEXT},
        # no parse mode: what a campaign is called is not markup
        "telegram_configs": {"message": f"{TITLE}\n\n{TEXT}", "parse_mode": ""},
        "victorops_configs": {"entity_display_name": TITLE, "state_message": TEXT},
        "webex_configs": {"message": f"{MARKDOWN_TITLE}\n\n{CHAT}"},
        "webhook_configs": {},
        "wechat_configs": {"message": f"{TITLE}\n\n{TEXT}"},
    }
)  # fmt: skip
"""Our texts by integration and field. Webhooks get the alerts themselves."""

_SECRETS = frozenset(
    {
        "api_key", "api_secret", "auth_password", "auth_secret", "bearer_token", "bot_token", "client_secret",
        "credentials", "password", "secret_key", "secrets", "service_key", "token", "user_key",
        "webhook_url",
    }
)  # fmt: skip
_INSTEAD: Mapping[str, str] = MappingProxyType(
    {
        "api_secret": "another integration: this one has no file for it",
        "auth_secret": "auth_password_file",
        "secret_key": "a profile, or the role of the machine",
        "secrets": "files",
    }
)
_SECRETS_OF: Mapping[str, frozenset[str]] = MappingProxyType(
    {"pagerduty_configs": frozenset({"routing_key"}), "slack_configs": frozenset({"api_url"})}
)
"""What is a secret in one integration, and none in others: all that it takes to write to a channel, or to page."""

_USERINFO = re.compile(r"^[a-z][a-z0-9+.-]*://[^/?#]*@", re.IGNORECASE)


def contents(routing: Routing) -> dict[str, dict[str, list[dict[str, Any]]]]:
    """The integrations of each receiver, by its name. ConfigError names what is unknown, and what is secret."""
    known = routes.receivers(routing)
    if unknown := sorted(routing.receivers.keys() - known.keys()):
        raise ConfigError(
            f"routing.receivers: no receiver is called {', '.join(map(repr, unknown))}; there are {', '.join(known)}"
        )
    return {
        name: _filled(name, routing.receivers.get(name, routing.receivers.get(instead, {})))
        for name, instead in known.items()
    }


def _filled(name: str, content: Mapping[str, Any]) -> dict[str, list[dict[str, Any]]]:
    found = {}
    for integration, configs in content.items():
        at = f"routing.receivers.{name}.{integration}"
        if not integration.endswith("_configs"):
            raise ConfigError(f"{at}: no integration of Alertmanager; known are {', '.join(TEXTS)}")
        if not isinstance(configs, Sequence) or not all(isinstance(each, Mapping) for each in configs):
            raise ConfigError(f"{at}: must be a list, each entry with its settings")
        for number, config in enumerate(configs):
            _refuse_secrets(integration, config, f"{at}[{number}]")
        found[integration] = [_with_texts(integration, config) for config in configs]
    return found


def _with_texts(integration: str, config: Mapping[str, Any]) -> dict[str, Any]:
    filled: dict[str, Any] = {"send_resolved": True, **config}
    for field, text in TEXTS.get(integration, {}).items():
        own = config.get(field)
        if isinstance(text, Mapping) and isinstance(own, Mapping):
            filled[field] = {**text, **own}
        elif own is None:
            filled[field] = deepcopy(text)
    return filled


def _refuse_secrets(integration: str, config: Mapping[str, Any], at: str) -> None:
    for path, key, value in _leaves(config, at):
        instead = None
        if key in _SECRETS or key in _SECRETS_OF.get(integration, ()):
            instead = _INSTEAD.get(key, f"{key}_file")
        elif isinstance(value, str) and _USERINFO.match(value):
            instead = "url_file" if key == "url" else "password_file under http_config.basic_auth"
        if instead is not None:
            raise ConfigError(f"{path}: a secret has no place here; use {instead} instead")


def _leaves(value: Any, at: str, key: str = "") -> Iterator[tuple[str, str, Any]]:
    """Every value with where it is, and the last key on the way there; of a secret's list, its first."""
    if isinstance(value, Mapping):
        for name, inner in value.items():
            yield from _leaves(inner, f"{at}.{name}", str(name))
    elif isinstance(value, Sequence) and not isinstance(value, str):
        for number, inner in enumerate(value):
            yield from _leaves(inner, f"{at}[{number}]", key)
    else:
        yield at, key, value
