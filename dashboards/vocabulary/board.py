"""A board: its question, its panels, variables, links and annotations, as Grafana keeps it."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from grafanalib import core

from dashboards.settings import Settings
from dashboards.vocabulary import modern_json as modern
from dashboards.vocabulary.contrast import readable
from dashboards.vocabulary.grouped import Grouped
from dashboards.vocabulary.grouping import Grouping
from dashboards.vocabulary.layout import Part
from dashboards.vocabulary.modern_json import Json
from dashboards.vocabulary.queries import exact
from dashboards.vocabulary.targets import POSTGRES, PROMETHEUS
from dashboards.vocabulary.variables import groups

REFRESH = "30s"
"""No faster than the data: rules and scrapes come every 15 to 30 seconds."""


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
    one: bool = False
    """About a thing of one group: which, the viewer chooses."""
    group: Mapping[str, str] = field(default_factory=dict)
    """Of which group it is, where nobody chooses."""

    def made(self, settings: Settings) -> Json:
        """The dashboard as Grafana keeps it. Raises ValueError where two panels have one id."""
        panels: list[Json] = []
        y = 0
        for part in self.parts:
            found, y = part.placed(y)
            panels += found
        _unique(panels, self.title)
        variables, annotations = self.variables, self.annotations
        if labels := settings.group_labels:
            chosen = {label: f'="{exact(value)}"' for label, value in self.group.items()}
            grouping = Grouping(labels, chosen or {label: f'=~"${label}"' for label in labels})
            grouped = Grouped(grouping, several=not (self.one or self.group))
            panels = [grouped.panel(panel) for panel in panels]
            variables = tuple(map(grouped.variable, variables))
            variables = _with_groups(variables, () if self.shared else groups(labels, several=not self.one))
            annotations = tuple(map(grouped.annotation, annotations))
        made: Any = core.Dashboard(
            title=self.title, description=self.question, uid=settings.uid(self.name), tags=["campaigns", *self.tags],
            editable=False, timezone="browser", refresh=self.refresh, schemaVersion=modern.SCHEMA_VERSION,
            graphTooltip=core.GRAPH_TOOLTIP_MODE_SHARED_CROSSHAIR, time=core.Time(self.span, "now"), version=1,
        )  # fmt: skip
        board = modern.board(made)
        board |= {
            "panels": [readable(panel) for panel in panels],
            "templating": {"list": list(variables)},
            "annotations": {"list": [_ALERTS, *annotations]},
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


def _with_groups(variables: Sequence[Json], chosen: Sequence[Json]) -> tuple[Json, ...]:
    """The choice of the group comes before all that is chosen within it; behind the Prometheus that knows it."""
    return (*variables[:1], *chosen, *variables[1:])


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
