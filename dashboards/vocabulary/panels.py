"""Panels of values now: figures, tables, bars. Each has a title, a description, a unit, and words for "no data"."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from grafanalib import core

from dashboards.vocabulary.colours import NEUTRAL
from dashboards.vocabulary.fields import Step
from dashboards.vocabulary.modern_json import Json
from dashboards.vocabulary.panel import Panel, field_defaults, finish
from dashboards.vocabulary.targets import Target


def stat(
    id: int,  # noqa: A002  # as Grafana calls it
    title: str,
    description: str,
    *targets: Target,
    unit: str,
    empty: str,
    width: int = 3,
    height: int = 4,
    decimals: int | None = None,
    thresholds: Sequence[Step] = ((None, NEUTRAL),),
    mappings: Sequence[Json] = (),
    overrides: Sequence[Json] = (),
    links: Sequence[Json] = (),
    transformations: Sequence[Json] = (),
    fields: str = "",
    text: str = "auto",
    orientation: str = "auto",
    options: Json | None = None,
) -> Panel:
    """A figure, or a few: the newest value of each series. No graph lies behind it.

    What is judged stands on its colour, what is not is written as any text.
    """
    made: Any = core.Stat(
        title=title, description=description, graphMode="none", textMode=text, orientation=orientation,
        colorMode="background_solid", format=unit, noValue=empty,
        thresholds=[], mappings=list(mappings), transformations=list(transformations),
    )  # fmt: skip
    wanted = {
        "reduceOptions": {"calcs": ["lastNotNull"], "values": bool(fields), "fields": fields},
        "graphMode": "none",
        "colorMode": "background_solid",
        "textMode": text,
        "justifyMode": "auto",
        "orientation": orientation,
        "wideLayout": True,
        **(options or {}),
    }
    defaults = field_defaults(unit, empty, decimals, thresholds, mappings, links)
    return finish(id, width, height, made, targets, defaults, overrides, wanted)


def table(
    id: int,  # noqa: A002
    title: str,
    description: str,
    *targets: Target,
    empty: str,
    unit: str = "none",
    width: int = 24,
    height: int = 8,
    decimals: int | None = None,
    transformations: Sequence[Json] = (),
    overrides: Sequence[Json] = (),
    links: Sequence[Json] = (),
    sort: str = "",
    descending: bool = False,
    filters: bool = False,
    pages: bool = False,
    header: bool = True,
    tall: bool = False,
) -> Panel:
    """Rows and columns. `filters`: each column can be searched; `pages`: as many rows as fit, then the next page.

    `tall`: rows of two lines. Grafana makes room for wrapped values, but not for longer words that mappings give.
    """
    made: Any = core.Table(title=title, description=description, transformations=list(transformations))
    defaults = field_defaults(unit, empty, decimals, ((None, NEUTRAL),), (), links)
    defaults["custom"] = {
        "align": "auto",
        "cellOptions": {"type": "auto"},
        "inspect": False,
        "filterable": filters,
        "minWidth": 50,
    }
    options: Json = {
        "showHeader": header,
        "cellHeight": "lg" if tall else "sm",
        "enablePagination": pages,
        "frameIndex": 0,
        "sortBy": [{"displayName": sort, "desc": descending}] if sort else [],
    }
    return finish(id, width, height, made, targets, defaults, overrides, options)


def bars(
    id: int,  # noqa: A002
    title: str,
    description: str,
    *targets: Target,
    unit: str,
    empty: str,
    width: int = 8,
    height: int = 8,
    decimals: int | None = None,
    thresholds: Sequence[Step] = ((None, "blue"),),
    low: float | None = 0,
    high: float | None = None,
    mappings: Sequence[Json] = (),
    overrides: Sequence[Json] = (),
    links: Sequence[Json] = (),
    transformations: Sequence[Json] = (),
    fields: str = "",
    by_series: bool = False,
    name: str = "",
    names_above: bool = False,
) -> Panel:
    """A bar a series, from nothing on: to compare figures now. `by_series`: colours come from `overrides`.

    `name`: of each bar, such as `${__field.labels.goal}`; a bar that is alone has none else. `names_above`: long ones
    in a narrow panel, where Grafana would cut them off beside the bars.
    """
    made: Any = core.BarGauge(title=title, description=description, transformations=list(transformations))
    defaults = field_defaults(unit, empty, decimals, thresholds, mappings, links)
    if by_series:
        defaults["color"] = {"mode": "palette-classic"}
    if name:
        defaults["displayName"] = name
    defaults |= {key: value for key, value in (("min", low), ("max", high)) if value is not None}
    options = {
        "reduceOptions": {"calcs": ["lastNotNull"], "values": bool(fields), "fields": fields},
        "orientation": "horizontal",
        "displayMode": "basic",
        "valueMode": "text",
        "namePlacement": "top" if names_above else "left",
        "showUnfilled": False,
        "sizing": "auto",
        "minVizWidth": 8,
        "minVizHeight": 16,
        "maxVizHeight": 40,
        "legend": {"displayMode": "list", "placement": "bottom", "showLegend": False, "calcs": []},
    }
    if names_above:
        options["text"] = {"titleSize": 14}  # of a bar that is alone Grafana would make it so large that it is cut
    return finish(id, width, height, made, targets, defaults, overrides, options)
