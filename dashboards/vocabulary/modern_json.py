"""What grafanalib prints, as Grafana 12 would save it: nothing obsolete, nothing empty.

grafanalib was made for an older Grafana. Its edges are dealt with here, in `targets` and in `panels`, and nowhere else.
"""

from __future__ import annotations

import json
from typing import Any

from grafanalib._gen import DashboardEncoder

Json = dict[str, Any]

SCHEMA_VERSION = 42
"""Of the dashboard JSON: what Grafana 12 migrates older ones to."""

_PANEL = (
    "id", "type", "title", "description", "gridPos", "datasource", "targets", "fieldConfig", "options",
    "transformations", "transparent", "links", "interval", "collapsed", "panels", "timeFrom", "hideTimeOverride",
)  # fmt: skip
PROMETHEUS_TARGET = (
    "refId", "datasource", "expr", "legendFormat", "format", "instant", "range", "exemplar", "interval",
)  # fmt: skip
SQL_TARGET = ("refId", "datasource", "rawSql", "rawQuery", "format", "editorMode")
_BOARD = (
    "uid", "title", "description", "tags", "editable", "graphTooltip", "links", "panels", "refresh", "schemaVersion",
    "templating", "annotations", "time", "timepicker", "timezone", "version",
)  # fmt: skip
_VARIABLE = (
    "name", "label", "type", "query", "datasource", "regex", "refresh", "sort", "multi", "includeAll", "allValue",
    "current", "hide", "options", "definition", "description", "skipUrlSync",
)  # fmt: skip
_LINK = ("title", "type", "url", "tags", "icon", "tooltip", "asDropdown", "includeVars", "keepTime", "targetBlank")


def plain(thing: object) -> Any:
    """A grafanalib object as JSON values."""
    return json.loads(json.dumps(thing, cls=DashboardEncoder))


def panel(thing: object) -> Json:
    """A panel with modern fields only."""
    made = only(plain(thing), _PANEL)
    made.pop("targets", None)  # `panels` puts them in
    for name in ("hideTimeOverride", "transparent"):
        if not made.get(name):
            made.pop(name, None)
    if made.get("type") == "row":
        made = only(made, ("id", "type", "title", "gridPos", "collapsed"))
    else:
        made["pluginVersion"] = "12.0.0"  # else Grafana runs the migrations of old panels on it
    return made


def variable(thing: object) -> Json:
    """A variable with modern fields only."""
    made = only(plain(thing), _VARIABLE)
    if made["type"] == "datasource":
        made.pop("sort", None)
    return made


def board(thing: object) -> Json:
    """A dashboard; its panels and variables are modern already."""
    made = only(plain(thing), _BOARD)
    made["links"] = [only(link, _LINK) for link in made.get("links", ())]
    made.setdefault("panels", [])
    return made


def only(data: Json, keys: tuple[str, ...]) -> Json:
    """These fields of something, where they say something."""
    return {key: data[key] for key in keys if data.get(key) not in (None, "", [], {}) or key in ("tags", "version")}
