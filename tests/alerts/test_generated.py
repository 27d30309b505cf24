"""What is committed under `alerts/generated` is what the rules make."""

from __future__ import annotations

from pathlib import Path

import pytest

from alerts.build import build, contents
from alerts.settings import Settings

GENERATED = Path(__file__).parents[2] / "alerts" / "generated"
STALE = "alerts/generated is stale: run make alerts"
MADE = contents(Settings())


def test_no_file_is_missing_and_none_is_left_over() -> None:
    kept = {path.relative_to(GENERATED).as_posix() for path in GENERATED.rglob("*") if path.is_file()}
    assert kept == MADE.keys(), STALE


@pytest.mark.parametrize("name", sorted(MADE))
def test_a_file_is_what_is_made_now(name: str) -> None:
    file = GENERATED / name
    assert file.exists(), STALE
    assert file.read_text(encoding="utf-8") == MADE[name], STALE


def test_building_writes_what_is_told(tmp_path: Path) -> None:
    written = build(Settings(), tmp_path)
    assert {path.relative_to(tmp_path).as_posix() for path in written} == MADE.keys()
    assert all((tmp_path / name).read_text(encoding="utf-8") == text for name, text in MADE.items())
