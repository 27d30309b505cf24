"""What a person reads of an alert: annotations with the words filled in, and the links."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from alerts.settings import Settings
from alerts.vocabulary.rule import Alert
from alerts.vocabulary.wording import Ask, written
from dashboards.settings import TOLD
from dashboards.vocabulary.grouping import KNOWN_FOR

_NO_PLUS = ' | reReplaceAll "[+]" "%20"'
_IDS = ("tenant", "campaign", "number", "connection", "provider")


def annotations_of(alert: Alert, settings: Settings, words: Mapping[str, str], lookups: bool = True) -> dict[str, str]:
    """Annotations of an alert, as templates in which `words` stand for what differs from alert to alert.

    `lookups`: whether templates may look up other series, as Prometheus's may and Grafana's may not.
    """
    asks = {name: ask.template() if lookups else "" for name, ask in alert.asks.items()}
    groups = settings.boards.group_labels
    told = written(_where(groups) + alert.told, words, asks)
    found = {
        "summary": alert.summary,
        "description": told if lookups else " ".join(told.split()),  # where nothing is looked up, gaps are left
        "first_move": written(alert.move, words, asks),
        "about": written(_place(groups) + _whom(alert), words, asks),
    }
    return found | links(alert, settings, lookups)


def _where(groups: tuple[str, ...]) -> str:
    """On which platform: `On cluster eu: `."""
    return "On " + ", ".join(f"{label} {{{label}}}" for label in groups) + ": " if groups else ""


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


def _place(groups: tuple[str, ...]) -> str:
    """The same in short, and before the rest, as titles are cut at their end: `eu: `."""
    return "/".join(f"{{{label}}}" for label in groups) + ": " if groups else ""


def links(alert: Alert, settings: Settings, lookups: bool = True) -> dict[str, str]:
    """Where to go on: the runbook, the board and the campaign's card; those whose address is known."""
    exporter, grafana = _exporter(settings, lookups), settings.grafana.rstrip("/")
    groups = settings.boards.group_labels
    ids = [label for label in _IDS if label in alert.about]
    found = {}
    if exporter:
        found["runbook_url"] = f"{exporter}/runbooks/{alert.name}" + _query({label: label for label in ids})
        if "campaign" in ids:
            # in a path a space is no plus
            found["card_url"] = f"{exporter}/campaigns/" + _value("campaign", _NO_PLUS)
    if grafana:
        board, panel = alert.panel
        uid = settings.boards.uid(board)
        told = [label for label in ids if label in _VARIABLES.get(board, ())]
        variables = {f"var-{label}": label for label in (*groups, *told)}
        found["dashboard_url"] = f"{grafana}/d/{uid}" + _query(variables)
        found["panel_url"] = f"{grafana}/d/{uid}" + _query(variables, f"viewPanel={panel}")
    return found


def _exporter(settings: Settings, lookups: bool) -> str:
    """Where the exporter of the alert's platform is: each has its own."""
    boards = settings.boards
    groups = boards.group_labels
    if groups and lookups and boards.links.exporter == TOLD:
        url = "campaign_exporter_external_url_info"
        told = Ask(f"last_over_time({url}[{KNOWN_FOR}])", (), "{{ (. | first).Labels.url }}").within(groups)
        return f"{{{{ with {told.asked} }}}}{told.each}{{{{ else }}}}{boards.links.address}{{{{ end }}}}"
    address = boards.links.address
    for label in groups:
        address = address.replace(f"{{{label}}}", _value(label, _NO_PLUS))
    return address


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
