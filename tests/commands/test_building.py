"""Commands that make files say where they could not write, and which file of settings made no sense."""

from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner

from exporter.commands.cli import main


def refused(*arguments: str) -> str:
    result = CliRunner().invoke(main, arguments)
    assert (result.exit_code, result.exception.__class__) == (1, SystemExit)
    return result.output


@pytest.mark.parametrize("command", ["alerts", "dashboards"])
def test_a_folder_that_cannot_be_written_is_named(command: str, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    told = refused(command, "build", "--out", f"{tmp_path}/file/x")
    assert told == f"Error: --out {tmp_path}/file/x: cannot be written: Not a directory; name a folder that is yours\n"


@pytest.mark.parametrize(
    ("command", "text", "told"),
    [
        ("alerts", "routing: {receivers: {nobody: {}}}", "routing.receivers: no receiver is called 'nobody'"),
        ("alerts", "alerts: {Nothing: {}}", "alerts"),
        ("dashboards", "shared_cost: [{tenant: a}, {tenant: a}]", "shared_cost: two boards would have the name"),
    ],
)
def test_settings_that_make_no_sense_together_are_told_with_their_file(
    command: str, text: str, told: str, tmp_path: Path
) -> None:
    file = tmp_path / "settings.yaml"
    file.write_text(text)
    assert refused(command, "build", "--config", str(file), "--out", str(tmp_path)).startswith(f"Error: {file}: {told}")


@pytest.mark.parametrize(("command", "page"), [("alerts", "docs/alerts.md"), ("dashboards", "docs/dashboards.md")])
def test_an_unknown_setting_is_told_with_the_page_that_lists_them(command: str, page: str, tmp_path: Path) -> None:
    file = tmp_path / "settings.yaml"
    file.write_text("colour: red\ncolour: blue\n")
    again = refused(command, "build", "--config", str(file), "--out", str(tmp_path))
    assert again == f"Error: {file}:2: colour: stands twice, in line 1 too; leave one\n"
    file.write_text("colour: red\n")
    told = refused(command, "build", "--config", str(file), "--out", str(tmp_path))
    assert told == f"Error: {file}:1: colour: no such setting; the settings are listed in {page}\n"
