"""All boards as they are on disk, and their panels and queries, for the tests."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from dashboards.build import boards
from dashboards.settings import Settings, SharedBoard
from dashboards.vocabulary.board import every_panel

Json = dict[str, Any]
SETTINGS = Settings(shared_cost=(SharedBoard(tenant="1", title="Northwind costs"),))
MADE: dict[str, Json] = {board.name: board.made(SETTINGS) for board in boards(SETTINGS)}
NAMES = list(MADE)


@dataclass(frozen=True)
class Found:
    """A panel of a board."""

    board: str
    panel: Json

    def __str__(self) -> str:
        return f"{self.board}-{self.panel['id']}"

    @property
    def targets(self) -> list[Json]:
        """What it asks."""
        found: list[Json] = self.panel.get("targets", [])
        return found


def panels(boards: Mapping[str, Json] = MADE) -> list[Found]:
    """Every panel that shows something: no headings."""
    return [
        Found(name, panel) for name, made in boards.items() for panel in every_panel(made["panels"])
        if panel["type"] != "row"
    ]  # fmt: skip


def expressions(boards: Mapping[str, Json] = MADE) -> Iterator[tuple[str, str]]:
    """Where, and what: every PromQL expression of panels, variables and annotations."""
    for found in panels(boards):
        for target in found.targets:
            if "expr" in target:
                yield f"{found}-{target['refId']}", target["expr"]
    for name, made in boards.items():
        for variable in made["templating"]["list"]:
            if variable["type"] == "query":
                text = variable["query"]["query"]
                yield f"{name}-{variable['name']}", text.removeprefix("query_result(").removesuffix(")")
        for annotation in made["annotations"]["list"]:
            if "expr" in annotation.get("target", {}):
                yield f"{name}-{annotation['name']}", annotation["target"]["expr"]


def urls(value: Any) -> Iterator[str]:
    """Every address anywhere in a board."""
    if isinstance(value, dict):
        if isinstance(value.get("url"), str):
            yield value["url"]
        for item in value.values():
            yield from urls(item)
    elif isinstance(value, list):
        for item in value:
            yield from urls(item)
