"""What a person reads of an alert: annotations with the words filled in, and the links."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from alerts.settings import Settings
from alerts.vocabulary.rule import Alert
from alerts.vocabulary.wording import written

_IDS = ("tenant", "campaign", "number", "connection", "provider")


def annotations_of(alert: Alert, settings: Settings, words: Mapping[str, str], lookups: bool = True) -> dict[str, str]:
    """Annotations of an alert, as templates in which `words` stand for what differs from alert to alert.

    `lookups`: whether templates may look up other series, as Prometheus's may and Grafana's may not.
    """
    asks = {name: ask.template() if lookups else "" for name, ask in alert.asks.items()}
    told = written(alert.told, words, asks)
    found = {
        "summary": alert.summary,
        "description": told if lookups else " ".join(told.split()),  # where nothing is looked up, gaps are left
        "first_move": written(alert.move, words, asks),
        "about": written(_whom(alert), words, asks),
    }
    return found | links(alert, settings)


_WHOM: Mapping[str, str] = MappingProxyType(
    {
        "campaign": "{campaign}",
        "number": "number {number} of tenant {tenant}",
        "provider": "{provider} for tenant {tenant}",
        "connection": "connection {connection} of tenant {tenant}",
        "tenant": "tenant {tenant}",
        **{label: f"{{{label}}}" for label in ("relation", "family", "instance", "job")},
    }
)
"""How a title names whom an alert is about, by the first of these that its alerts are told apart by."""


def _whom(alert: Alert) -> str:
    return next(text for label, text in _WHOM.items() if label in alert.about)


def links(alert: Alert, settings: Settings) -> dict[str, str]:
    """Where to go on: the runbook, the board and the campaign's card; those whose address is known."""
    exporter, grafana = settings.boards.links.address, settings.grafana.rstrip("/")
    ids = [label for label in _IDS if label in alert.about]
    found = {}
    if exporter:
        found["runbook_url"] = f"{exporter}/runbooks/{alert.name}" + _query({label: label for label in ids})
        if "campaign" in ids:
            # in a path a space is no plus
            found["card_url"] = f"{exporter}/campaigns/" + _value("campaign", ' | reReplaceAll "[+]" "%20"')
    if grafana:
        board, panel = alert.panel
        uid = settings.boards.uid(board)
        variables = {f"var-{label}": label for label in ids if label in _VARIABLES.get(board, ())}
        found["dashboard_url"] = f"{grafana}/d/{uid}" + _query(variables)
        found["panel_url"] = f"{grafana}/d/{uid}" + _query(variables, f"viewPanel={panel}")
    return found


_VARIABLES: Mapping[str, tuple[str, ...]] = {
    "campaign": ("tenant", "campaign"),
    "overview": ("tenant",),
    "numbers": ("tenant",),
}
"""The variables of a board that an alert knows."""


def _query(parameters: Mapping[str, str], *more: str) -> str:
    parts = [f"{name}={_value(label)}" for name, label in parameters.items()] + list(more)
    return "?" + "&".join(parts) if parts else ""


def _value(label: str, more: str = "") -> str:
    """A label's value, fit for an address: as Go's templates escape it, in Prometheus and in Grafana."""
    return f"{{{{ $labels.{label} | urlquery{more} }}}}"
