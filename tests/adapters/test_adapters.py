"""Adapters are listed and printed; each says what it is for."""

from __future__ import annotations

from collections.abc import Iterator
from importlib.resources import files
from pathlib import Path
from typing import Any

import psycopg
import pytest
import yaml
from click.testing import CliRunner

from adapters import ADAPTERS, adapter
from exporter.commands.cli import main
from tests.support.contract import session


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


@pytest.fixture(params=sorted(ADAPTERS))
def dialler(request: pytest.FixtureRequest, database_url: str) -> Iterator[tuple[str, psycopg.Connection[Any]]]:
    """The name of an adapter, and a database with the tables that it is for."""
    with session(database_url) as connection:
        connection.execute(files("adapters").joinpath(request.param, "tables.sql").read_bytes())
        yield request.param, connection


def test_what_an_adapter_needs_is_what_its_views_read(dialler: tuple[str, psycopg.Connection[Any]]) -> None:
    name, connection = dialler
    connection.execute(adapter(name).views.encode() + b"; COMMIT")
    rows = connection.execute("""
        SELECT c.relname, array_agg(DISTINCT a.attname::text ORDER BY a.attname::text)
        FROM pg_depend AS d
        JOIN pg_class AS c ON c.oid = d.refobjid AND c.relnamespace = 'public'::regnamespace
        JOIN pg_attribute AS a ON a.attrelid = c.oid AND a.attnum = d.refobjsubid
        WHERE d.classid = 'pg_rewrite'::regclass AND d.refclassid = 'pg_class'::regclass AND d.refobjsubid > 0
        GROUP BY 1 ORDER BY 1
    """)
    assert "".join(f"{table}: {', '.join(columns)}\n" for table, columns in rows) == (
        files("adapters").joinpath(name, "needs.txt").read_text(encoding="utf-8")
    )


def test_another_version_is_told_by_what_it_lacks(dialler: tuple[str, psycopg.Connection[Any]], tmp_path: Path) -> None:
    name, connection = dialler
    config = tmp_path / "adopt.yaml"
    config.write_text(yaml.safe_dump({"database": {"url": connection.info.dsn}}), encoding="utf-8")
    assert run("--adapter", name, "--config.file", str(config)) == run("--adapter", name)
    (table, (column, *_)), (gone, _), *_ = adapter(name).needs.items()
    connection.execute(f"ALTER TABLE {table} RENAME COLUMN {column} TO former; ALTER TABLE {gone} RENAME TO old")
    status, output = run("--adapter", name, "--config.file", str(config))
    assert status == 1
    assert f"the table {table} has no column {column}; there is no table {gone}." in " ".join(output.split())
