"""Adapters are listed and printed; each says what it is for."""

from __future__ import annotations

import pytest
from click.testing import CliRunner

from adapters import ADAPTERS
from exporter.commands.cli import main


def run(*arguments: str) -> tuple[int, str]:
    result = CliRunner().invoke(main, ["adopt", *arguments])
    return result.exit_code, result.output


def test_all_are_listed() -> None:
    status, output = run("--list")
    assert (status, [line.split(":")[0] for line in output.splitlines()]) == (0, list(ADAPTERS))


@pytest.mark.parametrize("name", ADAPTERS)
def test_one_is_a_script_of_one_transaction_with_its_limits_told(name: str) -> None:
    status, output = run("--adapter", name)
    assert status == 0
    assert output.startswith("-- # ")
    assert (output.count("\nBEGIN;"), output.rstrip().rpartition("\n")[2]) == (1, "COMMIT;")


def test_a_name_that_nobody_knows_is_refused_with_those_that_are_known() -> None:
    status, output = run("--adapter", "nobody")
    assert status == 1
    assert "'nobody'" in output
    assert "dograh" in output
