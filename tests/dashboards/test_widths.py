"""Titles, headings and figures have the room that they need: measured by a browser, in Grafana's font.

The rooms are those of Grafana 12: its grid, its paddings (@grafana/ui: PanelChrome, TableNG, BigValue), beside a docked
menu at 1440 pixels, and one panel below the other on a phone. Names are cut where they are long; figures never are.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import pytest

from tests.dashboards.boards import Found, Json, panels
from tests.support.browser import browsing

GRID, PHONE = 1100, 368
"""What is left of 1440 pixels beside the menu, and of 400."""
COLUMNS, GAP, BORDER = 24, 8, 1

TITLE_PADDING, DESCRIPTION, MENU = 16, 32, 26
"""Of a panel's heading: the icon with the description, and the menu, which keeps its room while it is hidden."""
CELL_PADDING, CELL_BORDER, SORT_ARROW, FILTER = 12, 1, 24, 24
SCROLL_BAR, NAMED = 10, 80
TILE_PADDING = 8
BESIDE_NAME = 0.3
"""Of a line with a name and a figure what the figure has."""

HEADING, TITLE, CELL, LARGE = "500 14px", "500 14px", "400 14px", "500 100px"

WIDEST = {
    ("locale", 0): ("123,456",),
    ("locale", 2): ("123,456.78",),
    ("none", 2): ("1,234.56",),
    ("none", 3): ("12.345",),
    ("none", 4): ("0.1234",),
    ("percentunit", 0): ("100%",),
    ("percentunit", 1): ("100.0%",),
    ("percent", 0): ("100%",),
    ("short", None): ("123 K",),
    ("short", 0): ("123 K",),
    ("bytes", None): ("123 MiB",),
    ("s", 0): ("59 mins", "23 hours"),
    ("s", 1): ("59.9 mins", "23.9 hours"),
    ("suffix: s", 0): ("12345 s",),
    ("suffix:/s", 2): ("123.45/s",),
    ("dateTimeFromNow", None): ("44 minutes ago", "in 44 minutes", "in 22 hours"),
    ("time:MM-DD HH:mm", None): ("10-28 22:48",),
    ("time:MM-DD HH:mm:ss", None): ("10-28 22:48:48",),
    ("time:HH:mm:ss", None): ("22:48:48",),
    ("time:YYYY-MM-DD", None): ("2026-10-28",),
    ("time:YYYY-MM-DD HH:mm", None): ("2026-10-28 22:48",),
    ("time:YYYY-MM-DD HH:mm:ss", None): ("2026-10-28 22:48:48",),
}
"""The widest figure of a unit and its decimals that must not be cut."""


FEW, MORE_OR_LESS = ("999",), ("-100%",)
OTHERWISE = {
    **dict.fromkeys(("Crit.", "Warn.", "Calls", "Limit", "Today", "Score", "Retries"), FEW),
    **dict.fromkeys(("Change", "Diff.", "Dearer", "Against its own"), MORE_OR_LESS),
}
"""Columns of which there are few, or which may be below zero."""


ONE_OF = {"campaign-1", "campaign-203", "campaign-205"}
"""Tiles with several questions of which one is answered."""

CODES = {"campaign-1001, Blocker"}
"""Columns of codes that are cut, and whole under the pointer."""

SENTENCE, COUNTED = "campaign-207", "overview-102"
"""What to do first, which is broken into lines; and campaigns by verdict."""


@dataclass(frozen=True, order=True)
class Text:
    """Something that is written somewhere, and the room it has."""

    where: str
    text: str
    font: str
    room: float


@pytest.fixture(scope="module")
def measured() -> dict[tuple[str, str], float]:
    """The width of each text in its font, as the browser draws it."""
    asked = sorted({(each.text, each.font) for each in _everything()})
    return dict(zip(asked, asyncio.run(_measure(asked)), strict=True))


async def _measure(asked: list[tuple[str, str]]) -> list[float]:
    script = f"""(() => {{
        const pen = document.createElement("canvas").getContext("2d");
        return {json.dumps(asked)}.map(([text, font]) => {{
            pen.font = font + " Inter, monospace";
            pen.letterSpacing = "0.15px";
            return pen.measureText(text).width;
        }});
    }})()"""
    async with browsing() as tab:
        widths: list[float] = await tab.run(script)
    return widths


def test_the_font_is_there(measured: dict[tuple[str, str], float]) -> None:
    """Else letters of one width would be measured, much wider ones."""
    assert measured["iiii", TITLE] < measured["WWWW", TITLE] / 2, "fonts-inter is missing: make test installs it"


@pytest.mark.parametrize("width", [GRID, PHONE])
def test_no_title_is_cut(width: int, measured: dict[tuple[str, str], float]) -> None:
    assert _cut(_titles(width), measured) == []


def test_no_heading_of_a_column_is_cut(measured: dict[tuple[str, str], float]) -> None:
    assert _cut(_headings(), measured) == []


def test_no_figure_in_a_table_is_cut(measured: dict[tuple[str, str], float]) -> None:
    assert _cut(_figures(), measured) == []


def test_words_that_are_broken_into_lines_need_two_at_most(measured: dict[tuple[str, str], float]) -> None:
    """So high are the rows of such a table: of a third line the halves would show."""
    assert _cut(_broken(), measured) == []


def test_the_columns_of_a_table_have_room_side_by_side() -> None:
    crowded = {}
    for found in _tables():
        wanted = sum(
            shown.get("custom.width") or shown.get("custom.minWidth", NAMED) for _, shown in _columns(found.panel)
        )
        room = _inside(found.panel, GRID) - SCROLL_BAR
        if wanted > room:
            crowded[str(found)] = (wanted, room)
    assert crowded == {}


@pytest.mark.parametrize(("width", "readable"), [(GRID, 14), (PHONE, 12)])
def test_figures_in_tiles_can_be_read(width: int, readable: int, measured: dict[tuple[str, str], float]) -> None:
    """Grafana makes them as large as all of a tile fit side by side."""
    small = {}
    for each in set(_tiles(width)):
        size = 100 * each.room / measured[each.text, each.font]
        if size < readable:
            small[f"{each.where}: {each.text}"] = round(size)
    assert small == {}


def test_tiles_give_their_figures_no_size_of_their_own() -> None:
    """Then Grafana would cut what does not fit."""
    sized = [str(found) for found in panels() if "valueSize" in found.panel["options"].get("text", {})]
    assert sized == [SENTENCE]


def test_names_above_bars_are_as_small_as_those_of_panels() -> None:
    """Else Grafana makes the name of a bar that is alone so large that it is cut."""
    above = [found for found in panels() if found.panel["options"].get("namePlacement") == "top"]
    assert above
    assert [str(each) for each in above if each.panel["options"]["text"] != {"titleSize": 14}] == []


def _cut(texts: Iterable[Text], measured: dict[tuple[str, str], float]) -> list[str]:
    return [
        f"{each.where}: {each.text!r} needs {measured[each.text, each.font]:.0f} of {each.room:.0f}"
        for each in sorted(set(texts))
        if measured[each.text, each.font] > each.room
    ]


def _everything() -> Iterator[Text]:
    yield from (Text("", text, TITLE, 0) for text in ("iiii", "WWWW"))
    for width in (GRID, PHONE):
        yield from _titles(width)
        yield from _tiles(width)
    yield from _headings()
    yield from _figures()
    yield from _broken()


# -- where texts are ------------------------------------------------------------------------------------------


def _inside(panel: Json, width: int) -> float:
    """The pixels within a panel's border."""
    if width == PHONE:
        return PHONE - 2 * BORDER
    wide: int = panel["gridPos"]["w"]
    return wide * (width - (COLUMNS - 1) * GAP) / COLUMNS + (wide - 1) * GAP - 2 * BORDER


def _titles(width: int) -> Iterator[Text]:
    for found in panels():
        room = _inside(found.panel, width) - TITLE_PADDING - DESCRIPTION * bool(found.panel.get("description")) - MENU
        yield Text(str(found), found.panel["title"], TITLE, room)


def _tables() -> list[Found]:
    return [found for found in panels() if found.panel["type"] == "table"]


def _columns(panel: Json) -> Iterator[tuple[str, Json]]:
    """The columns that are shown, with what holds of their cells."""
    for each in panel["fieldConfig"]["overrides"]:
        own = {found["id"]: found["value"] for found in each["properties"]}
        if "custom.hideFrom.viz" not in own and each["matcher"]["id"] == "byName":
            name = own.get("displayName", each["matcher"]["options"])
            yield name, {"empty": own.get("noValue", ""), **panel["fieldConfig"]["defaults"], **own}


def _fixed(panel: Json) -> Iterator[tuple[str, Json, float]]:
    """Columns with a width of their own, and the room that it leaves for letters."""
    for name, shown in _columns(panel):
        if shown.get("custom.width"):
            yield name, shown, shown["custom.width"] - CELL_PADDING - CELL_BORDER


def _headings() -> Iterator[Text]:
    for found in _tables():
        if not found.panel["options"]["showHeader"]:
            continue
        sorted_by = {each["displayName"] for each in found.panel["options"]["sortBy"]}
        filtered = found.panel["fieldConfig"]["defaults"]["custom"]["filterable"]
        for name, shown, room in _fixed(found.panel):
            icons = SORT_ARROW * (name in sorted_by) + FILTER * shown.get("custom.filterable", filtered)
            yield Text(f"{found}, {name}", name, HEADING, room - icons)


def _figures() -> Iterator[Text]:
    for found in _tables():
        for name, shown, room in _fixed(found.panel):
            if f"{found}, {name}" in CODES:
                continue
            for text in (*_worded(shown), *(OTHERWISE.get(name) or _figured(shown))):
                yield Text(f"{found}, {name}", text, CELL, room)


def _broken() -> Iterator[Text]:
    """What mappings say in a column with lines: each ends with a word, so a tenth of it stays empty."""
    for found in _tables():
        for name, shown in _columns(found.panel):
            if found.panel["options"]["cellHeight"] == "lg" and shown.get("custom.cellOptions", {}).get("wrapText"):
                room = 2 * 0.9 * (shown["custom.minWidth"] - CELL_PADDING - CELL_BORDER)
                yield from (Text(f"{found}, {name}", text, CELL, room) for text in _worded(shown))


def _figured(shown: Json) -> tuple[str, ...]:
    if shown["unit"] == "string" or (shown["unit"] == "none" and shown.get("decimals") is None):
        return ()
    return WIDEST[shown["unit"], shown.get("decimals")]


def _worded(shown: Json) -> Iterator[str]:
    """What mappings say instead of values, and what stands where there is none."""
    yield shown["empty"]
    for mapping in shown.get("mappings", ()):
        options = mapping["options"]
        for each in [options["result"]] if "result" in options else options.values():
            if "text" in each:
                yield each["text"]


def _tiles(width: int) -> Iterator[Text]:
    """The widest figure of a tile; each of several has the same room."""
    for found in panels():
        shown, options = found.panel["fieldConfig"]["defaults"], found.panel["options"]
        if found.panel["type"] != "stat" or options["reduceOptions"]["fields"]:
            continue
        several = len([each for each in found.panel["targets"] if each["refId"] != "OLD"])
        several = 1 if str(found) in ONE_OF or options["orientation"] == "horizontal" else several
        room = (_inside(found.panel, width) - (several - 1) * GAP) / several - 2 * TILE_PADDING
        if options["orientation"] == "horizontal" and options["textMode"] == "value_and_name":
            room *= BESIDE_NAME
        for text in FEW if str(found) == COUNTED else _figured(shown):
            yield Text(str(found), text, LARGE, room)
