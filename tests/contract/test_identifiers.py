"""Names are printed so that SQL takes them for what they are, as PostgreSQL itself would print them or plainer."""

from __future__ import annotations

from typing import Any

import psycopg
import pytest

from exporter.contract.identifiers import identifier, literal
from tests.support import contract, platforms
from tests.support.exporting import exporting

ODD = ("Monitoring", "call center", 'we"ird', "50%off", "user", "1a", "$a", "a$b", "é", "a.b", "a'b", "a\\b", "{x}")


@pytest.fixture(scope="module")
def session(server: Any) -> Any:
    with contract.session(server.url()) as connection:
        yield connection


def test_a_name_is_printed_as_it_must_be_read(session: psycopg.Connection[Any]) -> None:
    words = session.execute("SELECT word FROM pg_get_keywords() WHERE catcode <> 'U'").fetchall()
    for name in (*(word for (word,) in words), *ODD):
        with session.transaction(force_rollback=True):
            session.execute(f"CREATE SCHEMA {identifier(name)}".encode())
            session.execute(f"CREATE TABLE {identifier(name, name)} ({identifier(name)} int)".encode())
            session.execute(f"CREATE INDEX ON {identifier(name, name)} ({identifier(name)})".encode())
            session.execute(f"GRANT SELECT ({identifier(name)}) ON {identifier(name, name)} TO PUBLIC".encode())
            found = session.execute(
                "SELECT c.relnamespace::regnamespace = to_regnamespace(%s), c.relname, a.attname"
                " FROM pg_attribute AS a JOIN pg_class AS c ON c.oid = a.attrelid"
                " WHERE c.relnamespace = (SELECT oid FROM pg_namespace WHERE nspname = %s)"
                " AND a.attnum > 0 AND c.relkind = 'r'",
                (identifier(name), name),
            ).fetchall()
        assert found == [(True, name, name)]


def test_a_plain_name_is_left_plain() -> None:
    assert identifier("campaign_monitoring", "tasks", "updated_at") == "campaign_monitoring.tasks.updated_at"


@pytest.mark.parametrize("text", ["", "a'b", "Europe/Berlin", "{x}", "50%"])
def test_a_text_is_printed_as_it_must_be_read(session: psycopg.Connection[Any], text: str) -> None:
    assert session.execute(f"SELECT {literal(text)}".encode()).fetchall() == [(text,)]


@pytest.mark.parametrize("schema", ["tablesample", "lateral", 'we"ird 50%'])
def test_the_contract_is_read_in_a_schema_of_any_name(database_url: str, schema: str) -> None:
    with contract.session(database_url) as owner:
        platforms.create(owner)
        owner.execute(f"ALTER SCHEMA campaign_monitoring RENAME TO {identifier(schema)}".encode())
    with exporting(database_url, database={"schema": schema}) as exporter:
        platforms.assert_intact(exporter.refresh())
