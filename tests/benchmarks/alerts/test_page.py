"""docs/alert-quality.md says what is drawn, as the table of kinds has it."""

from __future__ import annotations

from pathlib import Path

from benchmarks.alerts import page
from benchmarks.alerts.families import MACHINE
from benchmarks.alerts.incident import Run
from benchmarks.alerts.judge import Judgement
from benchmarks.alerts.report import Result

PAGE = Path(__file__).resolve().parents[3] / "docs/alert-quality.md"


def test_the_page_lists_every_kind_with_what_it_needs() -> None:
    text = PAGE.read_text(encoding="utf-8")
    assert page.kinds() in text, "stale: run python -m benchmarks.alerts --seeds '' --write"
    assert all(f"`{name}`" in text for name in MACHINE)


def test_writing_a_result_leaves_the_rest_as_it_is(tmp_path: Path) -> None:
    before = PAGE.read_text(encoding="utf-8")
    copy = tmp_path / "alert-quality.md"
    copy.write_text(before, encoding="utf-8")
    page.write(copy, Result([], []), [], 0)
    assert copy.read_text(encoding="utf-8") == before, "nothing was measured"
    healthy = Judgement(Run("healthy", 0, 0, 30 * 86_400, 60, (), (), {}, {}), (), (), 0)
    page.write(copy, Result([], [healthy]), [101, 102, 103, 7], 30)
    after = copy.read_text(encoding="utf-8")
    assert "| pages in 30 healthy days | 0" in after
    assert "make bench-alerts SEEDS=7,101-103 DAYS=30" in after
    assert after.partition("## What happens")[2] == before.partition("## What happens")[2]
