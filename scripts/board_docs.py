"""The generated parts of docs/dashboards.md, and a drawn preview of each board."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from html import escape
from pathlib import Path
from typing import Any, get_args, get_origin

from pydantic import BaseModel, PlainSerializer

from dashboards.build import boards
from dashboards.pieces import PIECES
from dashboards.settings import Settings, SharedBoard
from dashboards.vocabulary.board import Board, every_panel
from exporter.config.durations import format_duration

Json = dict[str, Any]
_SETTINGS = Settings(shared_cost=(SharedBoard(tenant="1", title="Cost, shared"),))
_COLUMN, _ROW, _EDGE = 40, 15, 3
_LETTER = 7.2
"""About the width of a letter in a preview."""


def made() -> list[tuple[Board, Json]]:
    """The boards of the defaults, and one that is shared."""
    return [(board, board.made(_SETTINGS)) for board in boards(_SETTINGS)]


def questions() -> str:
    """A table of the boards with their questions."""
    lines = ["| Board | Its question | Uid |", "| --- | --- | --- |"]
    for board, json in made():
        anchor = re.sub(r"[^\w\- ]", "", board.title.lower()).replace(" ", "-")
        uid = json["uid"].replace("cost-shared-1", "cost-shared-TENANT")
        lines.append(f"| [{board.title}](#{anchor}) | {board.question} | `{uid}` |")
    return "\n".join(lines)


def each() -> str:
    """A section a board: preview, and every panel with what it means."""
    sections = []
    for board, json in made():
        lines = [
            f"### {board.title}",
            "",
            f"{board.question}",
            "",
            f"![{board.title}](previews/{_file(board)}.svg)",
            "",
        ]
        lines += ["| Id | Panel | What it tells |", "| --- | --- | --- |"]
        for panel in every_panel(json["panels"]):
            if panel["type"] == "row":
                lines.append(f"| {panel['id']} | **{panel['title']}** | |")
            elif panel["type"] != "text":
                text = panel["description"].replace("\n", " ").replace("|", "\\|")
                lines.append(f"| {panel['id']} | {panel.get('title') or '(strip)'} | {text} |")
        sections.append("\n".join(lines))
    return "\n\n".join(sections)


def pieces() -> str:
    """Each piece of the page that operators know, with its metrics, its panels and its alerts."""
    titles = {
        (board.name, panel["id"]): panel.get("title") or "strip"
        for board, json in made()
        for panel in every_panel(json["panels"])
    }
    names = {board.name: board.title for board, _ in made()}
    lines = ["| Piece | The question | Metrics | Panels | Alerts |", "| --- | --- | --- | --- | --- |"]
    for piece in PIECES:
        metrics = ", ".join(f"`{name}`" for name in piece.metrics) or piece.instead
        panels = "; ".join(f"{names[board]}: {titles[board, number]} ({number})" for board, number in piece.panels)
        alerts = ", ".join(f"`{name}`" for name in piece.alerts)
        lines.append(f"| {piece.name} | {piece.question} | {metrics} | {panels} | {alerts} |")
    return "\n".join(lines)


def settings() -> str:
    """A table of what a team may set."""
    lines = ["| Key | Default | Meaning |", "| --- | --- | --- |"]
    lines += [f"| `{key}` | {default} | {meaning} |" for key, default, meaning in fields(Settings, "")]
    return "\n".join(lines)


def fields(model: type[BaseModel], prefix: str) -> Iterator[tuple[str, str, str]]:
    """Key, default and meaning of each setting of a section, all as text."""
    for name, field in model.model_fields.items():
        if isinstance(field.annotation, type) and issubclass(field.annotation, BaseModel):
            yield from fields(field.annotation, f"{prefix}{name}.")
            continue
        inner = [kind for kind in get_args(field.annotation) if isinstance(kind, type) and issubclass(kind, BaseModel)]
        if inner:
            kind = ".NAME." if get_origin(field.annotation) is Mapping else "[]."
            yield from fields(inner[0], f"{prefix}{name}{kind}")
            continue
        value = ", ".join(field.default) if isinstance(field.default, tuple) else field.default
        if any(isinstance(each, PlainSerializer) for each in field.metadata) and isinstance(value, float):
            value = format_duration(value)
        yield (
            prefix + (field.alias or name),
            f"`{value}`" if value and field.default is not ... and str(value) != "PydanticUndefined" else "none",
            field.description or "",
        )


# -- previews -------------------------------------------------------------------------------------------------


def previews() -> dict[str, str]:
    """By file name, each board drawn: which panel is where, and of which kind."""
    return {f"{_file(board)}.svg": _drawn(json) for board, json in made()}


def _file(board: Board) -> str:
    return "cost-shared" if board.shared else board.name


def write_previews(folder: Path) -> None:
    """Write every preview; those of boards that are gone are removed."""
    folder.mkdir(exist_ok=True)
    for name, text in previews().items():
        (folder / name).write_text(text, encoding="utf-8")
    for left in {path.name for path in folder.glob("*.svg")} - previews().keys():
        (folder / left).unlink()


def _drawn(json: Json) -> str:
    shapes = []
    bottom = 0
    for panel in json["panels"]:
        place = panel["gridPos"]
        bottom = max(bottom, place["y"] + place["h"])
        shapes.append(_shape(panel, place["x"], place["y"]))
    width, height = 24 * _COLUMN, bottom * _ROW
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" role="img" '
        f'aria-label="{escape(json["title"])}" font-family="sans-serif" font-size="12">\n'
        f'<rect width="{width}" height="{height}" fill="#f4f5f5"/>\n' + "\n".join(shapes) + "\n</svg>\n"
    )


def _shape(panel: Json, x: int, y: int) -> str:
    place = panel["gridPos"]
    left, top = x * _COLUMN + _EDGE, y * _ROW + _EDGE
    width, height = place["w"] * _COLUMN - 2 * _EDGE, place["h"] * _ROW - 2 * _EDGE
    if panel["type"] == "row":
        mark = "▸" if panel.get("collapsed") else "▾"
        return (
            f'<text x="{left}" y="{top + 10}" fill="#24292e" font-weight="bold">{mark} {escape(panel["title"])}</text>'
        )
    title = escape(_cut(panel.get("title", ""), width))
    kind = f'<text x="{left + 8}" y="{top + height - 7}" fill="#6a737d" font-size="10">{panel["type"]}</text>'
    return (
        f'<rect x="{left}" y="{top}" width="{width}" height="{height}" rx="2" fill="#fff" stroke="#d0d7de"/>'
        f'<text x="{left + 8}" y="{top + 16}" fill="#24292e">{title}</text>' + (kind if height >= 45 else "")
    )


def _cut(text: str, width: int) -> str:
    most = int((width - 16) / _LETTER)
    return text if len(text) <= most else text[: most - 1] + "…"
