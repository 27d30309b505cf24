"""The same alerts as rules that Grafana evaluates, for provisioning from files.

A rule asks Prometheus (A), takes the value of each series (B), and fires for each that there is (C): the condition is
in the expression already. Recorded series are not written out in full: half of them are asked for as they were days
ago, which only Prometheus's own recording rules know.
"""

from __future__ import annotations

import hashlib
import math
import re
from collections.abc import Iterable, Mapping
from types import MappingProxyType
from typing import Any

from alerts.catalogue import concerns
from alerts.output import contact_points
from alerts.output.contact_points import ORGANISATION, headed
from alerts.output.notices import annotations_of
from alerts.output.prometheus import head, routing_labels
from alerts.settings import Settings
from alerts.vocabulary.rule import Alert, Concern, Record
from alerts.vocabulary.wording import grafana_words
from exporter.config.durations import format_duration

INTERVAL_SECONDS = 30
"""How often Grafana evaluates a rule; a multiple of its own ten seconds."""

LOOK_BACK_SECONDS = 600
_UID_LENGTH = 40
"""A longer uid stops Grafana from starting."""

_UNREACHABLE = "CampaignExporterDown"
"""The alert that tells of a Prometheus that does not answer."""


def _words(groups: tuple[str, ...] = ()) -> Mapping[str, str]:
    return {
        name: f"{{{{ if $values.B }}}}{text}{{{{ end }}}}" if "$values." in text else text
        for name, text in grafana_words(groups).items()
    }


WORDS: Mapping[str, str] = MappingProxyType(_words())
"""Grafana fills in texts where no series is as well, and logs an error for a value that there is not."""

_RULES = """\
# Grafana evaluates these instead of Prometheus; load one of the two, or each problem is told twice.
#
# - Prometheus must have loaded recording-rules.yml, which is beside this file, for
#   {recorded}.
# - Grafana's own notifications know no inhibition: a cause does not hide its symptoms, so a problem may be told
#   several times. To keep inhibition, send Grafana's alerts to Alertmanager instead of using policies.yml.
# - A Prometheus that does not answer is told once, by {unreachable}; all other rules keep their last state
#   meanwhile, because a query that failed says nothing about campaigns.
"""


def files(settings: Settings) -> dict[str, str]:
    """Names and contents of Grafana's files, and of the recorded series that Prometheus must have for them."""
    every = concerns(settings)
    recorded = [alert.name for alert in _alerts(every) if rests_on_records(alert, _records(every))]
    head = _RULES.format(recorded=_listed(recorded), unreachable=_UNREACHABLE)
    return {
        "grafana/rules.yml": headed(head, {"apiVersion": 1, "groups": _groups(every, settings)}),
        "grafana/recording-rules.yml": headed(
            "# For Prometheus, where Grafana evaluates the alerts; they are in Prometheus's own rule files as well.\n",
            {"groups": [group for each in every for group in _recording(each)]},
        ),
        **contact_points.files(settings),
    }


def _listed(names: Iterable[str]) -> str:
    """Names in a comment, three a line."""
    found = list(names)
    return ",\n#   ".join(", ".join(found[at : at + 3]) for at in range(0, len(found), 3))


def _alerts(every: Iterable[Concern]) -> list[Alert]:
    return [alert for each in every for alert in each.alerts]


def _records(every: Iterable[Concern]) -> list[Record]:
    return [record for each in every for record in each.records]


def rests_on_records(alert: Alert, records: Iterable[Record]) -> bool:
    """Whether an alert asks for a recorded series."""
    return any(re.search(rf"(?<![\w:]){re.escape(record.name)}(?![\w:])", alert.expr) for record in records)


def _recording(concern: Concern) -> list[dict[str, Any]]:
    rules = [{"record": record.name, "expr": record.expr} for record in concern.records]
    return [head(concern) | {"rules": rules}] if rules else []


# -- rules ----------------------------------------------------------------------------------------------------


def _groups(every: Iterable[Concern], settings: Settings) -> list[dict[str, Any]]:
    return [
        {
            "orgId": ORGANISATION,
            "name": concern.title,
            "folder": folder(settings),
            "interval": format_duration(INTERVAL_SECONDS),
            "rules": [_rule(alert, settings) for alert in concern.alerts],
        }
        for concern in every
        if concern.alerts
    ]


def folder(settings: Settings) -> str:
    """Another folder than that of the boards: of two that are made with one title, Grafana would keep both."""
    return f"{settings.boards.folder} alerts"


def _rule(alert: Alert, settings: Settings) -> dict[str, Any]:
    board, panel = alert.panel
    return {
        "uid": uid(alert.name, settings.boards.uid_prefix),
        "title": alert.name,
        "condition": "C",
        "data": _data(alert.expr, settings.boards.datasources.prometheus),
        "noDataState": "OK",  # no series: nothing is wrong
        "execErrState": "Error" if alert.name == _UNREACHABLE else "KeepLast",
        "for": _duration(alert.wait),
        "keepFiringFor": _duration(alert.keep),
        # `keepFiringFor` holds a series that is there and well; one that is gone is kept by this
        "missing_series_evals_to_resolve": max(1, math.ceil(alert.keep / INTERVAL_SECONDS)),
        "labels": {"severity": alert.severity.value, **routing_labels(alert), **alert.labels},
        "annotations": annotations_of(alert, settings, _words(settings.boards.group_labels), lookups=False)
        | {"__dashboardUid__": settings.boards.uid(board), "__panelId__": str(panel)},
        "isPaused": False,
    }


def uid(name: str, prefix: str) -> str:
    """What a rule is known by: stable, and no longer than Grafana takes."""
    words = re.findall(r"[A-Z][a-z0-9]*", name.removeprefix("Campaign"))
    found = f"{prefix}-{'-'.join(words).lower()}"
    if len(found) <= _UID_LENGTH:
        return found
    digest = hashlib.sha256(found.encode()).hexdigest()[:8]
    return f"{found[: _UID_LENGTH - 9]}-{digest}"


def _duration(seconds: float) -> str:
    return format_duration(seconds) if seconds else "0s"


_EXPRESSION: Mapping[str, Any] = MappingProxyType({"type": "__expr__", "uid": "__expr__"})


def _data(expr: str, datasource: str) -> list[dict[str, Any]]:
    return [
        _query(
            "A", datasource, {"type": "prometheus", "uid": datasource},
            expr=expr, instant=True, range=False, intervalMs=1000, maxDataPoints=43200,
        ),
        _query("B", "__expr__", _EXPRESSION, type="reduce", expression="A", reducer="last"),
        _query("C", "__expr__", _EXPRESSION, type="math", expression="is_number($B) || is_inf($B)"),
    ]  # fmt: skip


def _query(ref: str, datasource_uid: str, datasource: Mapping[str, Any], **model: Any) -> dict[str, Any]:
    return {
        "refId": ref,
        "relativeTimeRange": {"from": LOOK_BACK_SECONDS, "to": 0},
        "datasourceUid": datasource_uid,
        "model": {"refId": ref, "datasource": dict(datasource), **model},
    }
