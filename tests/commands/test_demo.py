"""`campaign-exporter demo`: what it refuses."""

from __future__ import annotations

from pathlib import Path

from click.testing import CliRunner

from exporter.commands.cli import main


def test_an_unknown_scenario_is_named_with_those_there_are(tmp_path: Path) -> None:
    unknown = CliRunner().invoke(main, ["demo", "--scenario", "meteor", f"--data-dir={tmp_path / 'demo'}"])
    assert unknown.exit_code == 1
    assert "'meteor' does not exist: choose one of" in unknown.stderr
    assert "credits" in unknown.stderr
    assert not (tmp_path / "demo").exists()
