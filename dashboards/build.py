"""Makes the boards' JSON: `campaign-exporter dashboards build`."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from types import MappingProxyType

from dashboards.boards import task
from dashboards.boards.campaign import board as campaign
from dashboards.boards.cost import board as cost
from dashboards.boards.cost import shared as shared_cost
from dashboards.boards.health import board as health
from dashboards.boards.numbers import board as numbers
from dashboards.boards.overview import board as overview
from dashboards.settings import Settings
from dashboards.vocabulary.board import Board
from exporter.errors import ConfigError

BOARDS: Mapping[str, Callable[[Settings], Board]] = MappingProxyType(
    {
        "overview": overview.board,
        "campaign": campaign.board,
        "task": task.board,
        "numbers": numbers.board,
        "cost": cost.board,
        "exporter-health": health.board,
    }
)
"""Every board that is always made; those of `shared_cost` come on top."""


def boards(settings: Settings) -> list[Board]:
    """All boards, in the order in which one looks at them. Raises ConfigError where two could not be told apart."""
    settings.check_groups()
    shared = (shared_cost.board(settings, each) for each in settings.shared_cost)
    found = [*(make(settings) for make in BOARDS.values()), *shared]
    _different("name", [board.name for board in found])
    _different("title", [board.title for board in found])
    return found


def _different(what: str, values: list[str]) -> None:
    for value in values:
        if values.count(value) > 1:
            raise ConfigError(
                f"shared_cost: two boards would have the {what} {value!r}, and Grafana would take neither; "
                "name each tenant once, with a title that no other board has"
            )


def build(settings: Settings, out: Path) -> list[Path]:
    """Write each board into a file of its own; other boards' files in the folder are removed. Returns the files."""
    out.mkdir(parents=True, exist_ok=True)
    written = []
    for board in boards(settings):
        path = out / f"{board.name}.json"
        path.write_text(text_of(board, settings), encoding="utf-8")
        written.append(path)
    for left in set(out.glob("*.json")) - set(written):
        left.unlink()
    return written


def text_of(board: Board, settings: Settings) -> str:
    """A board as it is kept on disk: a value a line, so that changes can be read, and no space, so that it is small.

    `kubectl apply` keeps a whole ConfigMap, with this text quoted in it, in one annotation of 262,144 bytes at most.
    """
    return json.dumps(board.made(settings), indent=0, separators=(",", ":"), ensure_ascii=False, sort_keys=True) + "\n"
