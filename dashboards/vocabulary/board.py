"""A board: its panels laid out without gap or overlap, its variables, links and annotations."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from grafanalib import core

from dashboards.settings import Settings
from dashboards.vocabulary import modern_json as modern
from dashboards.vocabulary.modern_json import Json
from dashboards.vocabulary.panel import Panel
from dashboards.vocabulary.queries import Queries, known
from dashboards.vocabulary.targets import POSTGRES, PROMETHEUS

COLUMNS = 24
REFRESH = "30s"
"""No faster than the data: rules and scrapes come every 15 to 30 seconds."""


@dataclass(frozen=True, slots=True)
class Line:
    """Panels side by side, of one height."""

    panels: tuple[Panel, ...]

    def placed(self, y: int) -> tuple[list[Json], int]:
        """The panels from this row of the grid on, and the first row below them."""
        heights = {panel.height for panel in self.panels}
        if sum(panel.width for panel in self.panels) != COLUMNS or len(heights) != 1:
            sizes = [(panel.id, panel.width, panel.height) for panel in self.panels]
            raise ValueError(f"panels side by side fill {COLUMNS} columns and are of one height, not {sizes}")
        x, found = 0, []
        for panel in self.panels:
            found.append(panel.at(x, y))
            x += panel.width
        return found, y + heights.pop()


@dataclass(frozen=True, slots=True)
class Beside:
    """Stacks of panels side by side: each as wide as its panels, all as high."""

    stacks: tuple[tuple[Panel, ...], ...]

    def placed(self, y: int) -> tuple[list[Json], int]:
        """As for a line."""
        heights = {sum(panel.height for panel in stack) for stack in self.stacks}
        widths = [{panel.width for panel in stack} for stack in self.stacks]
        if len(heights) != 1 or any(len(each) != 1 for each in widths) or sum(map(sum, widths)) != COLUMNS:
            raise ValueError(f"stacks of widths {widths} and heights {sorted(heights)} do not fill a line")
        x, found = 0, []
        for stack in self.stacks:
            below = y
            for panel in stack:
                found.append(panel.at(x, below))
                below += panel.height
            x += stack[0].width
        return found, y + heights.pop()


@dataclass(frozen=True, slots=True)
class Folded:
    """A heading whose panels load when somebody opens it."""

    heading: Panel
    lines: tuple[Line | Beside, ...]

    def placed(self, y: int) -> tuple[list[Json], int]:
        """As for a line; what is folded takes no room."""
        inside, below = [], y + 1
        for each in self.lines:
            found, below = each.placed(below)
            inside += found
        return [{**self.heading.at(0, y), "collapsed": True, "panels": inside}], y + 1


Part = Line | Beside | Folded


def line(*panels: Panel) -> Line:
    """Panels side by side."""
    return Line(panels)


def beside(*stacks: Sequence[Panel]) -> Beside:
    """Stacks of panels side by side."""
    return Beside(tuple(tuple(stack) for stack in stacks))


def folded(heading: Panel, *lines: Line | Beside) -> Folded:
    """A heading that is opened by a click."""
    return Folded(heading, lines)


@dataclass(frozen=True, slots=True)
class Board:
    """One dashboard: one question."""

    name: str
    """The uid, after the prefix."""
    title: str
    question: str
    """What it answers; shown as its description."""
    parts: tuple[Part, ...]
    variables: tuple[Json, ...] = ()
    links: tuple[Json, ...] = ()
    annotations: tuple[Json, ...] = ()
    span: str = "now-6h"
    refresh: str = REFRESH
    tags: tuple[str, ...] = ()
    shared: bool = False
    """For people outside: no variables, no links, fixed datasources."""

    def made(self, settings: Settings) -> Json:
        """The dashboard as Grafana keeps it. Raises ValueError where two panels have one id."""
        panels: list[Json] = []
        y = 0
        for part in self.parts:
            found, y = part.placed(y)
            panels += found
        _unique(panels, self.title)
        made: Any = core.Dashboard(
            title=self.title, description=self.question, uid=settings.uid(self.name), tags=["campaigns", *self.tags],
            editable=False, timezone="browser", refresh=self.refresh, schemaVersion=modern.SCHEMA_VERSION,
            graphTooltip=core.GRAPH_TOOLTIP_MODE_SHARED_CROSSHAIR, time=core.Time(self.span, "now"), version=1,
        )  # fmt: skip
        board = modern.board(made)
        board |= {
            "panels": panels,
            "templating": {"list": list(self.variables)},
            "annotations": {"list": [_ALERTS, *self.annotations]},
            "links": list(self.links),
            "timepicker": {"refresh_intervals": ["15s", "30s", "1m", "5m", "15m", "1h"]},
        }
        return _fixed(board, settings) if self.shared else board


_ALERTS: Json = {
    "builtIn": 1,
    "datasource": {"type": "grafana", "uid": "-- Grafana --"},
    "enable": True,
    "hide": True,
    "iconColor": "rgba(0, 211, 255, 1)",
    "name": "Annotations & Alerts",
    "type": "dashboard",
}


def every_panel(panels: Iterable[Json]) -> Iterable[Json]:
    """All panels, those of folded rows too."""
    for panel in panels:
        yield panel
        yield from every_panel(panel.get("panels", ()))


def _unique(panels: Sequence[Json], title: str) -> None:
    ids = [panel["id"] for panel in every_panel(panels)]
    twice = sorted({number for number in ids if ids.count(number) > 1})
    if twice:
        raise ValueError(f"board {title!r}: panel ids {twice} are there twice; links and alerts rest on them")


def _fixed(board: Json, settings: Settings) -> Json:
    """The same with fixed datasources: a board that is shared outside must have no variable."""
    text = json.dumps(board)
    text = text.replace(PROMETHEUS["uid"], settings.datasources.prometheus)
    fixed: Json = json.loads(text.replace(POSTGRES["uid"], settings.datasources.postgres))
    return fixed


# -- variables ------------------------------------------------------------------------------------------------


def prometheus(settings: Settings) -> Json:
    """Which Prometheus."""
    return _datasource("datasource", "Prometheus", "prometheus", settings.datasources.prometheus)


def postgres(settings: Settings) -> Json:
    """Which PostgreSQL."""
    return _datasource("database", "PostgreSQL", POSTGRES["type"], settings.datasources.postgres)


def _datasource(name: str, label: str, kind: str, uid: str) -> Json:
    made: Any = core.Template(name=name, label=label, query=kind, type="datasource", hide=0)
    variable = modern.variable(made)
    variable |= {"current": {"selected": False, "text": uid, "value": uid}, "hide": 0, "regex": "", "options": []}
    return variable


def tenants(q: Queries, *, several: bool) -> Json:
    """Tenants, by name."""
    query = f"max by (tenant, name) ({q.last('campaign_tenant_info')})"
    return _chosen("tenant", "Tenant", query, r'/name="(?<text>.+)".*tenant="(?<value>[^"]+)"\} /', several)


def campaigns(q: Queries, *, several: bool, tenant: bool = True) -> Json:
    """Campaigns, by name; those of the chosen tenants."""
    chosen = {"tenant": "=~$tenant"} if tenant else {}
    query = f"max by (campaign, name) ({q.last('campaign_info', **chosen)})"
    return _chosen("campaign", "Campaign", query, r'/campaign="(?<value>[^"]+)".*name="(?<text>.+)"\} /', several)


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


# -- links ----------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Way:
    """Addresses of our boards: each keeps the viewer's time, datasources and what is given."""

    settings: Settings
    _variables: tuple[str, ...] = field(default=("datasource", "database"))

    def to(self, board: str, /, *, panel: int | None = None, **variables: str) -> str:
        """The address of a board. Values are Grafana's own expressions, such as `${__data.fields.campaign}`."""
        parts = [f"${{{name}:queryparam}}" for name in self._variables]
        parts += [f"var-{name}={_encoded(value)}" for name, value in variables.items()]
        parts.append("${__url_time_range}")
        if panel is not None:
            parts.append(f"viewPanel={panel}")
        return f"/d/{self.settings.uid(board)}?" + "&".join(parts)

    def only(self, *variables: str) -> Way:
        """From a board that has these datasource variables only."""
        return Way(self.settings, variables)


def _encoded(value: str) -> str:
    """Ids may hold anything, so what Grafana fills in is encoded; its own `${…:queryparam}` is already."""
    if value.startswith("${") and ":" not in value:
        return value[:-1] + ":percentencode}"
    return value


def menu(title: str, url: str, *, tooltip: str = "", elsewhere: bool = False) -> Json:
    """A link at the top of a board."""
    made: Any = core.DashboardLink(title=title, uri=url, type="link")
    return {
        **modern.board(core.Dashboard(title="", links=[made]))["links"][0],
        "url": url,
        "icon": "external link" if elsewhere else "dashboard",
        "tooltip": tooltip,
        "tags": [],
        "asDropdown": False,
        "includeVars": False,
        "keepTime": False,
        "targetBlank": elsewhere,
    }


# -- annotations ----------------------------------------------------------------------------------------------


def marks(name: str, expression: str, text: str, colour: str, *, title: str = "", metric: str) -> Json:
    """Vertical lines where a Prometheus expression is there, with a text made of its labels."""
    known(metric, ())
    return {
        "name": name,
        "datasource": PROMETHEUS,
        "enable": True,
        "hide": False,
        "iconColor": colour,
        "target": {"refId": "Anno", "expr": expression, "interval": "60s"},
        "titleFormat": title,
        "textFormat": text,
        "useValueForTime": False,
    }


def events(name: str, statement: str, colour: str) -> Json:
    """Vertical lines from rows with the columns `time`, `text` and `tags`."""
    return {
        "name": name,
        "datasource": POSTGRES,
        "enable": True,
        "hide": False,
        "iconColor": colour,
        # Without a format the datasource answers 400.
        "target": {"refId": "Anno", "datasource": POSTGRES, "format": "table", "rawQuery": True, "rawSql": statement},
    }
