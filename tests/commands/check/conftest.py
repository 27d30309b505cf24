"""A database for `check` to look at, sound until a test breaks it, and roles to look with."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import psycopg
import pytest
import yaml
from psycopg import sql
from psycopg.conninfo import make_conninfo

from exporter.commands.check.examine import check
from exporter.commands.check.report import Finding, Level, Report
from exporter.config import parse
from exporter.demo.runtime.server import EmbeddedServer
from tests.support.contract import SCHEMA, create, insert, session

READER, BLIND, GROUP = "check_reader", "check_blind", "check_group"
NOW = "2026-03-04 15:00+00"

Connection = psycopg.Connection[Any]
Check = Callable[..., Report]


@pytest.fixture(scope="session")
def roles(server: EmbeddedServer) -> None:
    """A role as it should be, one that cannot see other sessions, and a group."""
    with session(server.url()) as connection:
        for name in (READER, BLIND, GROUP):
            connection.execute(sql.SQL("CREATE ROLE {} LOGIN CONNECTION LIMIT 10").format(sql.Identifier(name)))
        connection.execute(sql.SQL("GRANT pg_monitor TO {}").format(sql.Identifier(READER)))
        for setting, value in (("default_transaction_read_only", "on"), ("statement_timeout", "30s")):
            connection.execute(
                sql.SQL("ALTER ROLE {} SET {} = {}").format(
                    sql.Identifier(READER), sql.Identifier(setting), sql.Literal(value)
                )
            )


@pytest.fixture(scope="module")
def database(server: EmbeddedServer, roles: None) -> Iterator[str]:
    """One database for all tests here, as its schemas are quicker made than databases."""
    del roles
    server.create_database("check")
    yield server.url("check")
    server.drop_database("check")


@pytest.fixture
def owner(database: str) -> Iterator[Connection]:
    """The owner of a database with the whole contract, one campaign, one task and one call."""
    with session(database) as connection:
        create(connection)
        insert(connection, "tenants", tenant_id=1, name="Acme", timezone="Europe/Berlin")
        insert(connection, "campaigns", campaign_id=7, tenant_id=1, name="Spring", status="running", timezone="UTC")
        add_task(connection)
        insert(
            connection, "calls", call_id=1, task_id=1, campaign_id=7, attempt=1, started_at=NOW, outcome="answered",
            created_at=NOW, updated_at=NOW,
        )  # fmt: skip
        grant_reading(connection)
        yield connection
        connection.execute("SET client_min_messages = warning")
        connection.execute("DROP SCHEMA IF EXISTS campaign_monitoring, app, extra CASCADE")


@pytest.fixture
def checked(owner: Connection) -> Check:
    """Runs the check on the owner's database as a role."""

    def run(role: str = READER) -> Report:
        return check(parse(config(address(owner, role)), "test.yaml"))

    return run


def add_task(connection: Connection, **values: Any) -> None:
    task = {"task_id": 1, "campaign_id": 7, "status": "pending", "attempts": 0, "max_attempts": 3}
    insert(connection, "tasks", **{**task, "created_at": NOW, "updated_at": NOW, **values})


def grant_reading(connection: Connection) -> None:
    for role in (READER, BLIND):
        for command in ("GRANT USAGE ON SCHEMA {} TO {}", "GRANT SELECT ON ALL TABLES IN SCHEMA {} TO {}"):
            connection.execute(sql.SQL(command).format(sql.Identifier(SCHEMA), sql.Identifier(role)))


def address(connection: Connection, role: str) -> str:
    info = connection.info
    return make_conninfo(host=info.host, port=info.port, dbname=info.dbname, user=role)


def config(url: str) -> str:
    return yaml.safe_dump({"database": {"url": url}})


def found(report: Report, about: str, thing: str) -> Finding:
    """The worst finding about a thing."""
    fitting = [finding for finding in report.findings if (finding.about, finding.thing) == (about, thing)]
    assert fitting, f"nothing is said about {thing} of {about}"
    return max(fitting, key=lambda finding: list(Level).index(finding.level))


def problems(report: Report) -> list[str]:
    return [f"{each.about} {each.thing}" for each in report.findings if each.level is Level.PROBLEM]
