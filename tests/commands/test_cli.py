"""Options of the command line mean what they say, or are refused by their own name."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import click
import pytest
from click.testing import CliRunner

from exporter.commands.cli import COMMANDS, main


@pytest.mark.parametrize("address", ["10517", "::1:80", "http://h:80", "h:65536", "[::1"])
@pytest.mark.parametrize("command", ["serve", "demo"])
def test_an_address_that_is_none_is_refused_by_the_name_of_its_option(
    command: str, address: str, tmp_path: Path
) -> None:
    file = tmp_path / "exporter.yaml"
    file.write_text("database: {url: 'postgresql://127.0.0.1:1/x'}")
    options = ["--config.file", str(file)] if command == "serve" else []
    result = CliRunner().invoke(main, [command, *options, "--web.listen-address", address])
    assert result.exit_code == 1
    assert result.output.startswith("Error: --web.listen-address: ")
    assert "write " in result.output


@pytest.mark.parametrize("speed", ["nan", "inf", "0", "-1", "fast"])
def test_the_demos_speed_is_a_number(speed: str) -> None:
    result = CliRunner().invoke(main, ["demo", "--speed", speed])
    assert result.exit_code == 2
    assert "Invalid value for '--speed'" in result.output


def test_each_command_is_where_the_table_says() -> None:
    context = click.Context(main)
    assert {name: getattr(main.get_command(context, name), "name", None) for name in COMMANDS} == {
        name: name for name in COMMANDS
    }


def test_the_version_is_told_without_what_commands_need() -> None:
    code = (
        "import sys; from exporter.commands import cli; print({'sqlalchemy', 'aiohttp', 'grafanalib'} & {*sys.modules})"
    )
    told = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert told.stdout == "set()\n"
