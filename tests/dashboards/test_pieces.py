"""Every piece of the page is on a board, made of the metrics that the page of the boards says."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from dashboards.pieces import PIECES, Piece
from dashboards.vocabulary.board import every_panel
from scripts.board_docs import previews
from tests.dashboards.boards import MADE

ROOT = Path(__file__).parents[2]
each_piece = pytest.mark.parametrize("piece", PIECES, ids=lambda piece: piece.name)


@each_piece
def test_its_panels_exist_and_ask_for_its_metrics(piece: Piece) -> None:
    asked = ""
    for board, number in piece.panels:
        (panel,) = (panel for panel in every_panel(MADE[board]["panels"]) if panel["id"] == number)
        asked += json.dumps(panel["targets"])
    assert [metric for metric in piece.metrics if metric not in asked] == []
    assert piece.metrics or piece.instead


def test_previews_are_up_to_date() -> None:
    kept = {path.name: path.read_text(encoding="utf-8") for path in (ROOT / "docs/previews").glob("*.svg")}
    assert kept == previews(), "stale: run make docs"
