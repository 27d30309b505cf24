"""What a viewer chooses at the top of a board: datasources, tenants, campaigns, a closed set, a text."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from grafanalib import core

from dashboards.settings import DEFAULT_ADDRESS, TOLD, Settings
from dashboards.vocabulary import modern_json as modern
from dashboards.vocabulary.grouping import KNOWN_FOR
from dashboards.vocabulary.modern_json import Json
from dashboards.vocabulary.queries import Queries
from dashboards.vocabulary.targets import POSTGRES, PROMETHEUS

_HIDDEN = 2


def prometheus(settings: Settings, *, told: bool = False) -> Json:
    """Which Prometheus; `told`: by the link that led here, and not to be chosen."""
    return _datasource("datasource", "Prometheus", "prometheus", settings.datasources.prometheus, told)


def postgres(settings: Settings) -> Json:
    """Which PostgreSQL: told by links, as there is one beside each Prometheus.

    Of several platforms each has one of its own: that whose name ends with the chosen group.
    """
    made = _datasource("database", "PostgreSQL", POSTGRES["type"], settings.datasources.postgres, told=True)
    if not settings.group_labels:
        return made
    name = " ".join(f"${{{label}}}" for label in settings.group_labels)
    return {**made, "regex": f"/(?:^| ){name}$/", "current": {}, "hide": 0}


def _datasource(name: str, label: str, kind: str, uid: str, told: bool) -> Json:
    made: Any = core.Template(name=name, label=label, query=kind, type="datasource", hide=0)
    variable = modern.variable(made)
    hide = _HIDDEN if told else 0
    variable |= {"current": {"selected": False, "text": uid, "value": uid}, "hide": hide, "regex": "", "options": []}
    return variable


def tenants(q: Queries, *, several: bool) -> Json:
    """Tenants, by name."""
    query = f"max by (tenant, name) ({q.known('campaign_tenant_info')})"
    return _chosen("tenant", "Tenant", query, r'/name="(?<text>.+)".*tenant="(?<value>[^"]+)"\} /', several)


def campaigns(q: Queries, *, several: bool, tenant: bool = True) -> Json:
    """Campaigns, by name; those of the chosen tenants."""
    chosen = {"tenant": "=~$tenant"} if tenant else {}
    query = f"max by (campaign, name) ({q.known('campaign_info', **chosen)})"
    return _chosen("campaign", "Campaign", query, r'/campaign="(?<value>[^"]+)".*name="(?<text>.+)"\} /', several)


def exporter(settings: Settings) -> tuple[Json, ...]:
    """Where the exporter says that it is: hidden, for links. None where the address is set, or there are no links."""
    if settings.links.exporter != TOLD:
        return ()
    told = "max by (url) (last_over_time(campaign_exporter_external_url_info[1d]))"
    # of a group that tells none, only its exporter can be asked for the labels
    nobody = f"max (last_over_time(campaign_exporter_up[{KNOWN_FOR}]))" if settings.group_labels else "vector(0)"
    default = f'label_replace({nobody}, "url", "{DEFAULT_ADDRESS}", "", "")'
    variable = _chosen("exporter", "Exporter", f"{told} or on () {default}", '/url="(?<value>[^"]+)"/', several=False)
    return ({**variable, "hide": _HIDDEN},)


def groups(labels: Sequence[str], *, several: bool) -> tuple[Json, ...]:
    """Platforms, a choice for each group label: among those of the choices before it."""
    made = []
    for place, label in enumerate(labels):
        before = ", ".join(f'{each}=~"${each}"' for each in labels[:place])
        query = f"group by ({label}) (last_over_time(campaign_exporter_up{{{before}}}[{KNOWN_FOR}]))"
        pattern = f'/{label}="(?<value>(?<text>[^"]+))"/'
        made.append(_chosen(label, label.replace("_", " ").capitalize(), query, pattern, several))
    return tuple(made)


def choices(name: str, label: str, query: str, regex: str, *, several: bool) -> Json:
    """A variable of one's own: what `query_result(query)` gives, taken apart by a pattern with `text` and `value`."""
    return _chosen(name, label, query, regex, several)


def _chosen(name: str, label: str, query: str, regex: str, several: bool) -> Json:
    made: Any = core.Template(
        name=name, label=label, query=f"query_result({query})", dataSource=PROMETHEUS, regex=regex, multi=several,
        includeAll=several, allValue=".*" if several else None, refresh=2, sort=5,
    )  # fmt: skip
    variable = modern.variable(made)
    text = f"query_result({query})"
    variable |= {"query": {"query": text, "refId": f"Variable-{name}", "qryType": 3}}
    variable |= {"current": {"selected": True, "text": ["All"], "value": ["$__all"]} if several else {}}
    variable |= {"options": [], "hide": 0}
    return variable


def entered(name: str, label: str, description: str) -> Json:
    """A text that the viewer, or a link, fills in."""
    made: Any = core.Template(name=name, label=label, query="", type="textbox", hide=0)
    variable = modern.variable(made)
    variable |= {"query": "", "current": {"text": "", "value": ""}, "description": description, "options": []}
    return variable


def listed(name: str, label: str, values: Sequence[tuple[str, str]], *, several: bool = True) -> Json:
    """A closed set: what is shown, and the value."""
    made: Any = core.Template(
        name=name, label=label, query=", ".join(f"{text} : {value}" for text, value in values), type="custom",
        options=[{"text": text, "value": value, "selected": False} for text, value in values],
        multi=several, includeAll=several,
    )  # fmt: skip
    variable = modern.variable(made)
    variable |= {"current": {"selected": True, "text": ["All"], "value": ["$__all"]} if several else {}, "hide": 0}
    return variable
