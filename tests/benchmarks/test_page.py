"""docs/performance.md takes a run's table in at the place of its size, and nowhere else."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from benchmarks.page import write
from tests.benchmarks.small import OPTIONS

PAGE = Path(__file__).resolve().parents[2] / "docs/performance.md"


@pytest.mark.parametrize("tasks", [1_000_000, 10_000_000])
def test_a_result_is_written_at_the_place_of_its_size(tmp_path: Path, tasks: int) -> None:
    before = PAGE.read_text(encoding="utf-8")
    mark = f"<!-- generated: {tasks} tasks -->\n"
    copy = tmp_path / "performance.md"
    copy.write_text(before, encoding="utf-8")
    write(copy, replace(OPTIONS, tasks=tasks), r"| a table | \1 |")
    head, _, tail = copy.read_text(encoding="utf-8").partition(mark)
    assert tail.startswith("| a table | \\1 |\n<!-- end -->\n")
    assert (head, tail.partition("<!-- end -->")[2]) == (
        before.partition(mark)[0],
        before.partition(mark)[2].partition("<!-- end -->")[2],
    )


def test_a_size_that_has_no_place_is_named() -> None:
    with pytest.raises(LookupError, match="generated: 7 tasks"):
        write(PAGE, replace(OPTIONS, tasks=7), "")
