"""All benchmarks, from the filling to the table, on a database so small that no figure means anything."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.effort import PROVING

ROOT = Path(__file__).resolve().parents[2]
SIZES = "--tasks 5000 --live 1500 --calls 10000 --campaigns 10 --series 3000 --rate 50"
TIMES = "--interval 1 --intervals 2 --samples 20 --window 2"
FIGURES = {
    "work": {"database time per 1 s, over polling", "refresh over 50 changed rows, over fetching them"},
    "growth": {"database time per 1 s, over that of a tenth of the rows"},
    "start": {"cold start"},
    "pace": {
        "refreshes while 5 settled rows a second change", "refreshes while 50 settled rows a second change",
        "refreshes while audits run",
    },
    "live": {"from commit to /metrics, p99", "resident memory", "resident memory at most"},
    "bulk": {
        f"{bulk}: {what}"
        for bulk in ("nightly batch", "recycled list", "purge")
        for what in ("from commit to /metrics, p99", "until all equals SQL")
    },
    "panels": {"slowest statement of a panel"},
}  # fmt: skip


@pytest.mark.timeout(1800)
@pytest.mark.skipif(not PROVING, reason="some minutes: make prove")
def test_a_run_prints_a_row_for_each_figure_whether_or_not_it_holds() -> None:
    command = [sys.executable, "-m", "benchmarks", *SIZES.split(), *TIMES.split(), "--only", ",".join(FIGURES)]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as run:
        try:
            output, errors = run.communicate()
        except BaseException:  # broken off: it stops what it started
            run.terminate()
            raise
    assert run.returncode in (0, 1), errors
    rows = {line.split("|")[1].strip() for line in output.splitlines() if line.startswith("| ")}
    assert set().union(*FIGURES.values()) <= rows, output
