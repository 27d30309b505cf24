"""The exporter cannot write: not by its session, and not by its role, whatever the session says first."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import psycopg
import pytest

from exporter.config import parse
from exporter.demo.runtime.server import EmbeddedServer
from exporter.source.database import Database
from tests.support import contract, platforms
from tests.support.exporting import looping

Owner = psycopg.Connection[Any]
WRITES = [
    "INSERT INTO campaign_monitoring.goals VALUES (1, 'x', 1, 1)",
    "UPDATE campaign_monitoring.campaigns SET status = 'running'",
    "DELETE FROM campaign_monitoring.calls",
    "TRUNCATE campaign_monitoring.calls",
    "CREATE TABLE campaign_monitoring.mine (a int)",
    "CREATE TABLE public.mine (a int)",
    "CREATE TEMPORARY TABLE mine (a int)",
    "CREATE SCHEMA mine",
    "CREATE FUNCTION public.mine() RETURNS int LANGUAGE sql AS 'SELECT 1'",
    "DROP TABLE campaign_monitoring.calls",
    "ALTER TABLE campaign_monitoring.calls ADD mine int",
    "COPY campaign_monitoring.goals FROM STDIN",
    "COPY (SELECT 1) TO PROGRAM 'true'",
    "SELECT pg_read_file('/etc/passwd')",
    "SELECT * FROM campaign_monitoring.calls FOR UPDATE",
    "SELECT lo_create(0)",
    "SELECT lo_from_bytea(0, 'x')",
    "CREATE ROLE mine",
    "SET SESSION AUTHORIZATION postgres",
]


@pytest.fixture(scope="module")
def monitor(server: EmbeddedServer) -> Iterator[str]:
    """The address for the role as the documents say to make it; nothing it tries changes the database."""
    server.create_database("monitored")
    with contract.session(server.url("monitored")) as owner:
        platforms.create(owner)
        owner.execute("CREATE ROLE reader LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE NOREPLICATION")
        owner.execute("ALTER ROLE reader SET default_transaction_read_only = on")
        owner.execute("REVOKE TEMPORARY, CREATE ON DATABASE monitored FROM PUBLIC")
        owner.execute("REVOKE CREATE ON SCHEMA public FROM PUBLIC")
        owner.execute(
            "REVOKE EXECUTE ON FUNCTION lo_creat(integer), lo_create(oid), lo_from_bytea(oid, bytea) FROM PUBLIC"
        )
        owner.execute("GRANT pg_monitor TO reader")
        owner.execute("GRANT USAGE ON SCHEMA campaign_monitoring TO reader")
        owner.execute("GRANT SELECT ON ALL TABLES IN SCHEMA campaign_monitoring TO reader")
        yield server.url("monitored", user="reader")
        owner.execute("DROP OWNED BY reader")
        owner.execute("DROP ROLE reader")
    server.drop_database("monitored")


@pytest.fixture
def connection(monitor: str) -> Iterator[psycopg.Connection[Any]]:
    """The exporter's own connection."""
    database = Database(parse(f"database: {{url: '{monitor}'}}", "x"))
    opened = database.connect()
    yield opened
    database.close(opened)


def test_the_role_may_read_all_that_is_needed(monitor: str) -> None:
    with looping(monitor) as loop:
        assert loop.step(), loop.problem
        platforms.assert_intact(loop.scrape())


@pytest.mark.parametrize("statement", WRITES)
def test_a_write_is_refused(connection: psycopg.Connection[Any], statement: str) -> None:
    with pytest.raises((psycopg.errors.ReadOnlySqlTransaction, psycopg.errors.InsufficientPrivilege)):
        connection.execute(statement.encode())


@pytest.mark.parametrize("statement", WRITES)
def test_a_write_is_refused_when_the_session_says_it_may(connection: psycopg.Connection[Any], statement: str) -> None:
    for words in ("SET default_transaction_read_only = off", "SET transaction_read_only = off"):
        connection.execute(words.encode())
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        connection.execute(statement.encode())


@pytest.mark.parametrize("statement", WRITES)
def test_a_write_is_refused_in_a_transaction_that_may_write(
    connection: psycopg.Connection[Any], statement: str
) -> None:
    connection.execute("BEGIN")
    connection.execute("SET TRANSACTION READ WRITE")
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        connection.execute(statement.encode())


def test_within_a_refresh_even_the_owner_could_not_write(owner: Owner, database_url: str) -> None:
    del owner
    database = Database(parse(f"database: {{url: '{database_url}'}}", "x"))
    connection = database.connect()
    with database.snapshot(connection), pytest.raises(psycopg.errors.ReadOnlySqlTransaction):
        connection.execute("UPDATE campaign_monitoring.campaigns SET status = 'paused'")
    with database.snapshot(connection):
        connection.execute("SELECT 1")
        with pytest.raises(psycopg.errors.ActiveSqlTransaction):
            connection.execute("SET TRANSACTION READ WRITE")
    with database.look(connection), pytest.raises(psycopg.errors.ReadOnlySqlTransaction):
        connection.execute("UPDATE campaign_monitoring.campaigns SET status = 'paused'")
    database.close(connection)
