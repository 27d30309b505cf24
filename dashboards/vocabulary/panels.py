"""The shared vocabulary of panels: each with a title, a description, a unit, and words for "no data"."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from grafanalib import core

from dashboards.vocabulary import modern_json as modern
from dashboards.vocabulary.fields import Step, mapping, steps
from dashboards.vocabulary.modern_json import Json
from dashboards.vocabulary.style import NEUTRAL, State
from dashboards.vocabulary.targets import MIXED, Target

_REFS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"


@dataclass(frozen=True, slots=True)
class Panel:
    """A panel and the room it takes: of 24 columns, in rows of 30 pixels. `id` never changes: links rest on it."""

    id: int
    width: int
    height: int
    json: Json

    def at(self, x: int, y: int) -> Json:
        """The panel in its place."""
        return {**self.json, "gridPos": {"x": x, "y": y, "w": self.width, "h": self.height}}

    def over(self, span: str, step: str) -> Panel:
        """The same over a span of its own, such as `14d`, with a value every `step`, whatever the viewer looks at."""
        return replace(self, json={**self.json, "timeFrom": span, "interval": step})


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
    background: bool = False,
    text: str = "auto",
    orientation: str = "auto",
    options: Json | None = None,
) -> Panel:
    """A figure, or a few: the newest value of each series. No graph lies behind it."""
    made: Any = core.Stat(
        title=title, description=description, graphMode="none", textMode=text, orientation=orientation,
        colorMode="background_solid" if background else "value", format=unit, noValue=empty,
        thresholds=[], mappings=list(mappings), transformations=list(transformations),
    )  # fmt: skip
    wanted = {
        "reduceOptions": {"calcs": ["lastNotNull"], "values": bool(fields), "fields": fields},
        "graphMode": "none",
        "colorMode": "background_solid" if background else "value",
        "textMode": text,
        "justifyMode": "auto",
        "orientation": orientation,
        "wideLayout": True,
        "showPercentChange": False,
        "percentChangeColorMode": "standard",
        **(options or {}),
    }
    defaults = _defaults(unit, empty, decimals, thresholds, mappings, links)
    return _finish(id, width, height, made, targets, defaults, overrides, wanted)


def graph(
    id: int,  # noqa: A002
    title: str,
    description: str,
    *targets: Target,
    unit: str,
    empty: str,
    width: int = 12,
    height: int = 8,
    decimals: int | None = None,
    low: float | None = 0,
    high: float | None = None,
    soft_high: float | None = None,
    stacked: bool = False,
    filled: int | None = None,
    bars: bool = False,
    steps_after: bool = False,
    thresholds: Sequence[Step] = (),
    overrides: Sequence[Json] = (),
    links: Sequence[Json] = (),
    legend: Sequence[str] = (),
    legend_right: bool = False,
    gaps: bool = False,
    interval: str = "",
    transformations: Sequence[Json] = (),
) -> Panel:
    """Values over time. `thresholds` are drawn as lines; `legend` names figures beside each name (`lastNotNull`).

    `soft_high`: the axis reaches at least so far; of nothing but zeros Grafana would draw one up to 100.
    """
    made: Any = core.TimeSeries(
        title=title, description=description, unit=unit, interval=interval or None,
        transformations=list(transformations),
    )  # fmt: skip
    custom = {
        "drawStyle": "bars" if bars else "line",
        "lineInterpolation": "stepAfter" if steps_after else "linear",
        "lineWidth": 0 if stacked and not bars else 1 if bars else 2,
        "fillOpacity": filled if filled is not None else 70 if stacked or bars else 8,
        "gradientMode": "none",
        "showPoints": "never",
        "pointSize": 5,
        "spanNulls": False if gaps else 900_000,  # a scrape or two may be missing; an hour may not
        "stacking": {"mode": "normal" if stacked else "none", "group": "A"},
        "thresholdsStyle": {"mode": "dashed" if thresholds else "off"},
        "axisPlacement": "auto",
        "axisLabel": "",
        "axisColorMode": "text",
        "axisBorderShow": False,
        "axisCenteredZero": False,
        "axisSoftMin": 0 if low == 0 else None,
        "scaleDistribution": {"type": "linear"},
        "barAlignment": 0,
        "barWidthFactor": 0.8,
        "insertNulls": False,
        "hideFrom": {"legend": False, "tooltip": False, "viz": False},
    }
    if soft_high is not None:
        custom["axisSoftMax"] = soft_high
    if custom["axisSoftMin"] is None:
        del custom["axisSoftMin"]
    defaults = _defaults(unit, empty, decimals, thresholds or ((None, NEUTRAL),), (), links)
    defaults |= {"color": {"mode": "palette-classic"}, "custom": custom}
    defaults |= {key: value for key, value in (("min", low), ("max", high)) if value is not None}
    options = {
        "legend": {
            "displayMode": "table" if legend else "list",
            "placement": "right" if legend_right else "bottom",
            "showLegend": True,
            "calcs": list(legend),
        },
        "tooltip": {"mode": "multi", "sort": "desc", "hideZeros": False},
    }
    return _finish(id, width, height, made, targets, defaults, overrides, options)


def band(
    id: int,  # noqa: A002
    title: str,
    description: str,
    *targets: Target,
    states: Sequence[State] = (),
    mappings: Sequence[Json] = (),
    empty: str,
    width: int = 24,
    height: int = 4,
    overrides: Sequence[Json] = (),
    links: Sequence[Json] = (),
    row_height: float = 0.85,
    legend: bool = True,
    interval: str = "",
    transformations: Sequence[Json] = (),
) -> Panel:
    """States over time, a line each. The values are the numbers of the states (`Queries.band`)."""
    made: Any = core.StateTimeline(
        title=title, description=description, interval=interval or None, transformations=list(transformations),
    )  # fmt: skip
    found = list(mappings) or mapping(*states)
    defaults = _defaults("none", empty, None, ((None, NEUTRAL),), found, links)
    defaults |= {
        # By thresholds the mappings are ignored, and it reads "-∞+".
        "color": {"mode": "fixed", "fixedColor": NEUTRAL},
        "custom": {
            "fillOpacity": 85,
            "lineWidth": 0,
            "spanNulls": 900_000,
            "insertNulls": False,
            "axisPlacement": "auto",
            "hideFrom": {"legend": False, "tooltip": False, "viz": False},
        },
    }
    options = {
        "mergeValues": True,
        "showValue": "auto",
        "alignValue": "left",
        "rowHeight": row_height,
        "legend": {"displayMode": "list", "placement": "bottom", "showLegend": legend},
        "tooltip": {"mode": "single", "sort": "none", "hideZeros": False},
    }
    return _finish(id, width, height, made, targets, defaults, overrides, options)


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
    defaults = _defaults(unit, empty, decimals, ((None, NEUTRAL),), (), links)
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
    return _finish(id, width, height, made, targets, defaults, overrides, options)


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
    defaults = _defaults(unit, empty, decimals, thresholds, mappings, links)
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
    return _finish(id, width, height, made, targets, defaults, overrides, options)


def columns(
    id: int,  # noqa: A002
    title: str,
    description: str,
    *targets: Target,
    x: str,
    unit: str,
    empty: str,
    width: int = 8,
    height: int = 8,
    decimals: int | None = None,
    low: float | None = 0,
    high: float | None = None,
    stacked: bool = False,
    overrides: Sequence[Json] = (),
    transformations: Sequence[Json] = (),
    links: Sequence[Json] = (),
    legend: bool = True,
    horizontal: bool = False,
) -> Panel:
    """A bar chart of a table: a group of bars for each value of the column `x`, a bar for each other column."""
    made: Any = core.BarChart(title=title, description=description, transformations=list(transformations))
    defaults = _defaults(unit, empty, decimals, ((None, NEUTRAL),), (), links)
    defaults |= {
        "color": {"mode": "palette-classic"},
        "custom": {
            "lineWidth": 0,
            "fillOpacity": 85,
            "gradientMode": "none",
            "axisPlacement": "auto",
            "axisLabel": "",
            "axisColorMode": "text",
            "axisBorderShow": False,
            "axisCenteredZero": False,
            "scaleDistribution": {"type": "linear"},
            "thresholdsStyle": {"mode": "off"},
            "hideFrom": {"legend": False, "tooltip": False, "viz": False},
        },
    }
    defaults |= {key: value for key, value in (("min", low), ("max", high)) if value is not None}
    options = {
        "xField": x,
        "orientation": "horizontal" if horizontal else "vertical",
        "xTickLabelRotation": 0,
        "xTickLabelSpacing": 0,  # with any other the names left out would read as `empty` does
        "showValue": "auto",
        "stacking": "normal" if stacked else "none",
        "groupWidth": 0.7,
        "barWidth": 0.9,
        "barRadius": 0,
        "fullHighlight": False,
        "legend": {"displayMode": "list", "placement": "bottom", "showLegend": legend, "calcs": []},
        "tooltip": {"mode": "multi", "sort": "none", "hideZeros": False},
    }
    return _finish(id, width, height, made, targets, defaults, overrides, options)


def heading(id: int, title: str, *, collapsed: bool = False) -> Panel:  # noqa: A002
    """The title of a row of panels; `collapsed`: they load when somebody opens it."""
    made: Any = core.RowPanel(title=title, collapsed=collapsed)
    return Panel(id, 24, 1, {**modern.panel(made), "id": id, "title": title, "collapsed": collapsed})


def _defaults(
    unit: str,
    empty: str,
    decimals: int | None,
    thresholds: Sequence[Step],
    mappings: Sequence[Json],
    links: Sequence[Json],
) -> Json:
    found: Json = {
        "unit": unit,
        "noValue": empty,
        "thresholds": steps(*thresholds),
        "mappings": list(mappings),
        "color": {"mode": "thresholds"},
        "links": list(links),
    }
    if decimals is not None:
        found["decimals"] = decimals
    return found


def _finish(
    number: int,
    width: int,
    height: int,
    made: object,
    targets: Sequence[Target],
    defaults: Json,
    overrides: Sequence[Json],
    options: Json,
) -> Panel:
    sources = [target.datasource for target in targets]
    shown = modern.panel(made)
    shown |= {
        "id": number,
        "datasource": sources[0] if all(source == sources[0] for source in sources) else MIXED,
        "targets": [target.made(ref) for target, ref in zip(targets, _REFS, strict=False)],
        "fieldConfig": {"defaults": defaults, "overrides": list(overrides)},
        "options": options,
    }
    refs = [target["refId"] for target in shown["targets"]]
    if len(set(refs)) != len(refs) or len(refs) != len(targets):
        raise ValueError(f"panel {number}, {shown['title']!r}: its targets need different refIds, not {refs}")
    return Panel(number, width, height, shown)
