"""Panels of values over time: graphs, bands of states, columns."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from grafanalib import core

from dashboards.vocabulary.colours import NEUTRAL, State
from dashboards.vocabulary.fields import Step, mapping
from dashboards.vocabulary.modern_json import Json
from dashboards.vocabulary.panel import Panel, field_defaults, finish
from dashboards.vocabulary.targets import Target


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
    defaults = field_defaults(unit, empty, decimals, thresholds or ((None, NEUTRAL),), (), links)
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
    return finish(id, width, height, made, targets, defaults, overrides, options)


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
    defaults = field_defaults("none", empty, None, ((None, NEUTRAL),), found, links)
    defaults |= {
        # By thresholds the mappings are ignored, and it reads "-∞+".
        "color": {"mode": "fixed", "fixedColor": NEUTRAL},
        "custom": {
            "fillOpacity": 100,
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
    return finish(id, width, height, made, targets, defaults, overrides, options)


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
    defaults = field_defaults(unit, empty, decimals, ((None, NEUTRAL),), (), links)
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
    return finish(id, width, height, made, targets, defaults, overrides, options)
