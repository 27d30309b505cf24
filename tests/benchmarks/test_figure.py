"""A row of the table: its ratio, its goal, and whether it holds."""

from __future__ import annotations

import math

import pytest

from benchmarks.figure import MEBI, Figure, table


@pytest.mark.parametrize(
    ("figure", "cells"),
    [
        (Figure("start", 5.5, 5, 1.1), ("start", "5.5 s", "5 s", "1.10", "<= 1.1", "yes")),
        (Figure("start", 6, 5, 1.1), ("start", "6 s", "5 s", "1.20", "<= 1.1", "NO")),
        (Figure("time", 0.02, 2, 1 / 100), ("time", "20 ms", "2 s", "1/100", "<= 1/100", "yes")),
        (Figure("delay", 0.5, None, 2.5), ("delay", "500 ms", "-", "0.20", "<= 2.5 s", "yes")),
        (Figure("memory", 300 * MEBI, None, 400 * MEBI, "bytes"),
         ("memory", "300 MiB", "-", "0.75", "<= 400 MiB", "yes")),
        (Figure("pace", 0.9, 1, 0.9, "/s"), ("pace", "0.9 a second", "1 a second", "0.9", ">= 0.9", "yes")),
        (Figure("pace", 0.03, 1, 0.9, "/s"), ("pace", "0.03 a second", "1 a second", "0.03", ">= 0.9", "NO")),
    ],
)  # fmt: skip
def test_a_goal_is_the_most_that_a_figure_may_be_and_of_a_pace_the_least(
    figure: Figure, cells: tuple[str, ...]
) -> None:
    assert figure.cells() == cells


def test_what_did_not_end_while_the_run_waited_has_no_time_and_does_not_hold() -> None:
    figure = Figure("exact", math.inf, None, 300)
    assert not figure.holds
    assert figure.cells()[1] == "not in time"


def test_a_pace_beside_none_at_all_does_not_fail_the_run() -> None:
    assert Figure("pace", 1, 0, 0.9, "/s").holds


def test_the_table_is_markdown() -> None:
    lines = table([Figure("a", 1, 2, 1), Figure("longer", 1, None, 1)]).splitlines()
    assert len(lines) == 4
    assert len({len(line) for line in lines}) == 1
    assert all(line.startswith("| ") and line.endswith(" |") and line.count("|") == 7 for line in lines)
    assert set(lines[1]) == {"|", "-", " "}
