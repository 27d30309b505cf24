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
from exporter.commands.check.examine import check
from exporter.commands.check.report import Level
from exporter.commands.cli import main
from exporter.config import parse
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


def test_a_zone_that_no_table_tells_is_asked_for_and_written_into_the_views() -> None:
    status, output = run("--adapter", "newfies", "--timezone", "America/Lima")
    assert (status, "'America/Lima'::text AS timezone;" in output) == (0, True)
    for arguments, said in (
        (("newfies", "--timezone", "Lima'"), "there is no such zone"),
        (("dograh", "--timezone", "UTC"), "tell their zones themselves"),
    ):
        status, output = run("--adapter", *arguments)
        assert (status, said in output) == (1, True), output


_ONE = {
    "omnileads": "INSERT INTO ominicontacto_app_campana (estado, nombre, type) VALUES (2, 'Ventas', 2)",
    "newfies": """
        INSERT INTO auth_user (username) VALUES ('acme');
        INSERT INTO dialer_campaign VALUES (1, 'Spring', 1, 1, now(), now(), '09:00', '17:00', true, true, true, true,
            true, true, true, 10, 2, 300, 0, 900, true, now(), now())
    """,
}


@pytest.mark.parametrize("dialler", sorted(_ONE), indirect=True)
def test_without_a_zone_check_says_so(dialler: tuple[str, psycopg.Connection[Any]]) -> None:
    name, connection = dialler
    connection.execute(adapter(name).views.encode() + b"; COMMIT")
    connection.execute(_ONE[name].encode())
    report = check(parse(yaml.safe_dump({"database": {"url": connection.info.dsn}}), "test.yaml"))
    found = [each for each in report.findings if each.about == "campaigns" and each.thing == "timezone"]
    assert [each.level for each in found] == [Level.PROBLEM]
