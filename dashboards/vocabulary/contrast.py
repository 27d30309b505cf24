"""Colours behind words and figures: such that what Grafana writes on them can be read, on dark and light pages.

Grafana's own names are other shades on a light page than on a dark one, and as colours of text most of them are too
faint on one of the two. On each of these it writes black or white that has a contrast of 4.5:1 and more (WCAG 2.1,
success criterion 1.4.3).
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from dashboards.vocabulary.colours import FADED, NEUTRAL
from dashboards.vocabulary.fields import COLOURED, steps
from dashboards.vocabulary.modern_json import Json

BEHIND_WORDS: Mapping[str, str] = MappingProxyType(
    {
        "green": "#19730e",
        "blue": "#1f60c4",
        "light-blue": "#3f5f8f",
        "dark-blue": "#1250b0",
        "yellow": "#fade2a",
        "orange": "#ffb357",
        "semi-dark-orange": "#f5b73d",
        "dark-orange": "#a84600",
        "red": "#c4162a",
        "semi-dark-red": "#ad0317",
        "dark-red": "#7f0a17",
        "purple": "#8f3bb8",
        FADED: "#5f5f5f",
        "#5f5f5f": "#474747",
        NEUTRAL: "transparent",
    }
)
"""The colours of `colours`, as they are there."""


def readable(panel: Json) -> Json:
    """The same panel with these colours, where words and figures stand on them: in tiles, bands and coloured cells."""
    if panel["type"] in ("stat", "state-timeline"):
        return {**panel, "fieldConfig": _behind(panel["fieldConfig"])}
    if panel["type"] == "table":
        overrides = [_behind(_plain(each)) if _coloured(each) else each for each in panel["fieldConfig"]["overrides"]]
        return {**panel, "fieldConfig": {**panel["fieldConfig"], "overrides": overrides}}
    return {**panel, "panels": [readable(each) for each in panel["panels"]]} if panel.get("panels") else panel


def _coloured(override: Json) -> bool:
    cell = COLOURED["custom_cellOptions"]
    return any(found == {"id": "custom.cellOptions", "value": cell} for found in override["properties"])


def _plain(override: Json) -> Json:
    """The same with no colour of its own for what is not judged, an empty cell too."""
    if any(each["id"] == "thresholds" for each in override["properties"]):
        return override
    return {**override, "properties": [*override["properties"], {"id": "thresholds", "value": steps((None, NEUTRAL))}]}


def _behind(found: Any) -> Any:
    if isinstance(found, Mapping):
        return {
            key: BEHIND_WORDS[value] if key in ("color", "fixedColor") and isinstance(value, str) else _behind(value)
            for key, value in found.items()
        }
    return [_behind(each) for each in found] if isinstance(found, (list, tuple)) else found
