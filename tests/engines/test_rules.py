"""The rules and their cases on Prometheus 3's own tool."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from tests.alerts.promtool import promtool
from tests.alerts.test_cases import BY_CONCERN, MADE, narrow_cases
from tests.support import engines

pytestmark = [engines.needed, pytest.mark.timeout(300)]


def test_prometheus_3_has_nothing_to_say_of_the_rules(tmp_path: Path) -> None:
    files = [tmp_path / name for name in MADE if not name.startswith("tests/")]
    for path in files:
        path.write_text(MADE[path.name], encoding="utf-8")
    said = subprocess.run(
        [engines.program("promtool"), "check", "rules", "--lint=all", "--lint-fatal", *files],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert said.returncode == 0, said.stdout + said.stderr


@pytest.mark.parametrize("concern", BY_CONCERN)
def test_prometheus_3_alerts_as_the_cases_say(tmp_path: Path, concern: str) -> None:
    """As `tests/alerts/test_cases.py` has it of Prometheus 2."""
    files = narrow_cases(tmp_path, concern)
    status, said = promtool(*files, program=engines.program("promtool"))
    assert status == 0, said
    assert said.count("SUCCESS") == len(files)
