"""Words and figures on a colour can be read: 4.5:1 and more (WCAG 2.1, 1.4.3), on dark and light pages."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest

from dashboards.vocabulary.contrast import BEHIND_WORDS
from dashboards.vocabulary.fields import COLOURED
from tests.dashboards.boards import Found, Json, panels

LEAST = 4.5
LIGHT_WORDS, DARK_WORDS = "#f7f8fa", "#202226"
"""What Grafana writes on the colour of a cell or a tile, and on which it writes which (`getTextColorForAlphaBackground`
of its @grafana/ui)."""
BRIGHT = 180
"""Of 255."""


def test_a_colour_is_measured_as_the_standard_says() -> None:
    assert contrast("#000000", "#ffffff") == pytest.approx(21)
    assert contrast("#777777", "#ffffff") == pytest.approx(4.48, abs=0.005)


@pytest.mark.parametrize("colour", sorted(set(BEHIND_WORDS.values()) - {"transparent"}))
def test_grafana_writes_what_can_be_read_on_each_colour(colour: str) -> None:
    assert contrast(colour, on_a_cell(colour)) >= LEAST
    assert contrast(colour, on_a_band(colour)) >= LEAST


def test_words_and_figures_stand_on_these_colours_and_no_others() -> None:
    used = [(str(found), colour) for found in panels() for colour in _behind(found)]
    assert len(used) > 100
    assert [(where, colour) for where, colour in used if colour not in BEHIND_WORDS.values()] == []


def test_what_has_no_figure_is_not_judged() -> None:
    """Below the first threshold stands also what nobody tells."""
    judged = [
        (str(found), steps[0]["color"])
        for found in panels()
        for part in _parts(found)
        if (steps := part.get("thresholds", {}).get("steps")) and steps[0]["color"] != "transparent"
    ]
    assert judged == []


def test_none_are_written_in_a_colour() -> None:
    """Grafana's colours are made for lines and areas."""
    assert [str(found) for found in panels() if _painted(found.panel)] == []


def _painted(panel: Json) -> bool:
    written = panel["type"] == "stat" and panel["options"]["colorMode"] != "background_solid"
    return written or "color-text" in json.dumps(panel)


def _behind(found: Found) -> Iterator[str]:
    """The colours of a panel that words stand on."""
    for part in _parts(found):
        yield from _named(part)


def _parts(found: Found) -> list[Json]:
    """What holds of its tiles, coloured cells and bands."""
    config = found.panel["fieldConfig"]
    parts = [{each["id"]: each["value"] for each in of_field["properties"]} for of_field in config["overrides"]]
    if found.panel["type"] == "table":
        parts = [part for part in parts if part.get("custom.cellOptions") == COLOURED["custom_cellOptions"]]
    elif found.panel["type"] in ("stat", "state-timeline"):
        parts.append(config["defaults"])
    else:
        parts = []
    return parts


def _named(part: Json) -> Iterator[str]:
    for step in part.get("thresholds", {}).get("steps", ()):
        yield step["color"]
    for mapping in part.get("mappings", ()):
        options = mapping["options"]
        for each in [options["result"]] if "result" in options else options.values():
            if "color" in each:
                yield each["color"]
    if "fixedColor" in part.get("color", {}):
        yield part["color"]["fixedColor"]


def on_a_cell(colour: str) -> str:
    red, green, blue = _channels(colour)
    return DARK_WORDS if 0.299 * red + 0.587 * green + 0.114 * blue > BRIGHT else LIGHT_WORDS


def on_a_band(colour: str) -> str:
    """`getContrastText` of its themes, as its state timeline asks: white where that has 3:1."""
    return "#ffffff" if contrast(colour, "#ffffff") >= 3 else "#000000"


def contrast(one: str, other: str) -> float:
    """Of two colours, 1 to 21: WCAG 2.1, "contrast ratio"."""
    darker, lighter = sorted((_luminance(one), _luminance(other)))
    return (lighter + 0.05) / (darker + 0.05)


def _luminance(colour: str) -> float:
    linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in _shares(colour)]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def _shares(colour: str) -> list[float]:
    return [part / 255 for part in _channels(colour)]


def _channels(colour: str) -> tuple[int, int, int]:
    return int(colour[1:3], 16), int(colour[3:5], 16), int(colour[5:7], 16)
