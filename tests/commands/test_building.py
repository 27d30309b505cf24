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


@pytest.mark.parametrize("command", ["alerts", "dashboards"])
def test_group_labels_may_be_told_as_an_option(command: str, tmp_path: Path) -> None:
    """They go before those of the file, whose other settings hold."""
    boards = "group_labels: [region]\nuid_prefix: calls\n"
    file = tmp_path / "settings.yaml"
    file.write_text(boards if command == "dashboards" else f"boards: {{{', '.join(boards.splitlines())}}}\n")
    out = str(tmp_path / "out")
    made = CliRunner().invoke(
        main, [command, "build", "--config", str(file), "--group-labels", "cluster", "--out", out]
    )
    assert made.exit_code == 0, made.output
    text = "".join(path.read_text() for path in (tmp_path / "out").rglob("*") if path.is_file())
    assert "by (cluster, tenant, campaign)" in text
    assert "region" not in text
    assert "calls-campaign" in text


@pytest.mark.parametrize("command", ["alerts", "dashboards"])
@pytest.mark.parametrize(
    ("labels", "said"),
    [
        ("le", "'le' means something already in metrics, rules or boards; choose another, such as cluster"),
        ("cluster, cluster", "'cluster' is listed 2 times; name it once"),
        ("cluster,", "'' is not the name of a label; write letters, digits and _, such as cluster"),
    ],
)
def test_a_group_label_that_cannot_be_one_is_refused_in_a_sentence(
    command: str, labels: str, said: str, tmp_path: Path
) -> None:
    told = refused(command, "build", "--group-labels", labels, "--out", str(tmp_path))
    assert told == f"Error: --group-labels: {said}\n"
