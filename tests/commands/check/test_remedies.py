"""Every command that `check` prints is run on the database that caused it, and what it was printed for is gone.

The names are those that need quotes: of the schema, the role, tables, columns.
"""

from __future__ import annotations

import ast
import os
import pwd
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest
import yaml
from psycopg import sql
from psycopg.conninfo import make_conninfo

from exporter.commands.check import commands
from exporter.commands.check.commands import Command
from exporter.commands.check.examine import check
from exporter.commands.check.report import Level, Report
from exporter.config import parse
from tests.support import clusters, contract

Connection = psycopg.Connection[Any]
SCHEMA, ROLE, DATABASE, APP = 'call "center" 50%', 'Read "er"', "Dial ler", "App 1"
NAMES = {
    "s": sql.Identifier(SCHEMA), "r": sql.Identifier(ROLE), "d": sql.Identifier(DATABASE), "a": sql.Identifier(APP),
    "job": sql.Identifier(APP, 'Job"s'), "at": sql.Identifier("Modified At"),
}  # fmt: skip

BELOW = """
    CREATE SCHEMA {a}; DROP INDEX {s}.tasks_updated_at_idx; ALTER TABLE {s}.tasks SET SCHEMA {a};
    ALTER TABLE {a}.tasks RENAME TO "Job""s"; ALTER TABLE {job} RENAME updated_at TO {at};
"""
"""Puts the tasks where a view is to show them from."""

COLUMNS = "task_id, campaign_id, status, attempts, max_attempts, created_at"
SHOWN = "CREATE VIEW {s}.tasks AS SELECT " + COLUMNS
MANY = (
    "ALTER TABLE {s}.tasks SET (autovacuum_enabled = off);"
    "INSERT INTO {s}.tasks (task_id, campaign_id, status, attempts, max_attempts, created_at, updated_at)"
    " SELECT n + 10, 7, 'completed', 1, 3, now() - interval '2 days', {stamp} FROM generate_series(1, 20000) AS n;"
    "ANALYZE {s}.tasks;"
)

WORLDS = {
    "nothing granted": """
        REVOKE ALL ON ALL TABLES IN SCHEMA {s} FROM {r}; REVOKE USAGE ON SCHEMA {s} FROM {r};
        REVOKE pg_monitor FROM {r}; ALTER ROLE {r} RESET ALL; ALTER ROLE {r} CONNECTION LIMIT -1;
        GRANT TEMPORARY ON DATABASE {d} TO PUBLIC, {r}; GRANT EXECUTE ON FUNCTION lo_create(oid) TO {r}, PUBLIC;
    """,
    "a column hidden": """
        REVOKE SELECT ON {s}.tenants FROM {r}; GRANT SELECT (tenant_id, name) ON {s}.tenants TO {r};
    """,
    "a role that does not inherit": """
        REVOKE pg_monitor FROM {r}; ALTER ROLE {r} NOINHERIT; GRANT pg_monitor TO {r};
    """,
    "writing": """
        GRANT INSERT, UPDATE (status) ON {s}.tasks TO {r}; GRANT CREATE ON SCHEMA {s} TO PUBLIC;
        GRANT CREATE ON DATABASE {d} TO {r}; GRANT DELETE ON {s}.calls TO "Group 2"; ALTER ROLE {r} CREATEROLE CREATEDB;
        GRANT "Group 2" TO "Group 1"; GRANT "Group 1" TO {r}; GRANT pg_write_all_data TO "Group 1";
    """,
    "writing, granted by others": """
        GRANT UPDATE ON {s}.numbers TO "Ad min" WITH GRANT OPTION; GRANT USAGE ON SCHEMA {s} TO "Ad min";
        GRANT TRUNCATE ON {s}.calls TO "Group 1"; GRANT "Group 1" TO "Ad min" WITH ADMIN OPTION;
        SET ROLE "Ad min"; GRANT UPDATE ON {s}.numbers TO {r}; GRANT "Group 1" TO {r}; RESET ROLE;
    """,
    "owning": """
        ALTER TABLE {s}.goals OWNER TO {r}; ALTER SCHEMA {s} OWNER TO {r}; ALTER DATABASE {d} OWNER TO {r};
    """,
    "settings of the role in the database": """
        ALTER ROLE {r} IN DATABASE {d} SET default_transaction_read_only = off;
        ALTER ROLE {r} IN DATABASE {d} SET statement_timeout = 0; ALTER DATABASE {d} SET track_counts = off;
    """,
    "a server that does not count": "ALTER SYSTEM SET track_counts = off; SELECT pg_reload_conf();",
    "no index": BELOW + SHOWN + ", {at} AS updated_at FROM {job}",
    "no index, an expression": BELOW + SHOWN + ", greatest({at}, created_at) AS updated_at FROM {job}",
    "no index, a function of the platform": BELOW + """
        CREATE FUNCTION {a}."as is"(timestamptz) RETURNS timestamptz LANGUAGE sql IMMUTABLE AS 'SELECT $1';
    """ + SHOWN + ', {a}."as is"({at}) AS updated_at FROM {job}',
    "no index, a cast that names its zone": """
        ALTER TABLE {s}.tasks ALTER updated_at TYPE timestamp;
    """ + BELOW + SHOWN + ", {at} AT TIME ZONE 'Asia/Kathmandu' AS updated_at FROM {job}",
    "no index on either of two tables": BELOW + """
        CREATE TABLE {a}.old (LIKE {job}); CREATE INDEX ON {a}.old (campaign_id);
    """ + SHOWN + ", {at} AS updated_at FROM {job} UNION ALL SELECT " + COLUMNS + ", {at} FROM {a}.old",
    "no index under DISTINCT": BELOW + """
        ALTER TABLE {job} RENAME {at} TO updated_at;
        CREATE VIEW {s}.tasks AS SELECT DISTINCT """ + COLUMNS + ", updated_at FROM {job}",
    "no index under UNION": BELOW + """
        ALTER TABLE {job} RENAME {at} TO updated_at;
        CREATE TABLE {a}.old (LIKE {job}); CREATE INDEX ON {a}.old (campaign_id);
    """ + SHOWN + ", updated_at FROM {job} UNION SELECT " + COLUMNS + ", updated_at FROM {a}.old",
    "no index on partitions": BELOW + """
        CREATE TABLE {a}."Par ts" (LIKE {job}) PARTITION BY RANGE ({at}); CREATE INDEX ON {a}."Par ts" (campaign_id);
        CREATE TABLE {a}.p1 PARTITION OF {a}."Par ts" FOR VALUES FROM (MINVALUE) TO ('2026-01-01');
        CREATE TABLE {a}.p2 PARTITION OF {a}."Par ts" DEFAULT; CREATE INDEX ON {a}.p2 ({at});
    """ + SHOWN + ', {at} AS updated_at FROM {a}."Par ts"',
    "no index on a materialized view": BELOW + """
        CREATE MATERIALIZED VIEW {a}."Ma t" AS SELECT * FROM {job}; CREATE INDEX ON {a}."Ma t" (campaign_id);
    """ + SHOWN + ', {at} AS updated_at FROM {a}."Ma t"',
    "indexes that do not serve": BELOW + """
        CREATE INDEX "par tial" ON {job} ({at}) WHERE status = 'x'; CREATE INDEX ON {job} USING hash ({at});
        CREATE INDEX ON {job} (status, {at});
    """ + SHOWN + ", {at} AS updated_at FROM {job}",
    "an index that is not valid": BELOW + """
        CREATE INDEX "In valid" ON {job} ({at} DESC);
        UPDATE pg_index SET indisvalid = false WHERE indexrelid = '{a}."In valid"'::regclass;
    """ + SHOWN + ", {at} AS updated_at FROM {job}",
    "old statistics": MANY.replace("{stamp}", "now()") + """
        UPDATE {s}.tasks SET updated_at = now() - interval '1 day'; SELECT pg_stat_force_next_flush()
    """,
    "costs that keep it from the index": MANY.replace("{stamp}", "now() - interval '1 day'") + """
        ALTER ROLE {r} SET random_page_cost = 100000;
    """,
    "an index scan switched off": MANY.replace("{stamp}", "now() - interval '1 day'") + """
        ALTER ROLE {r} IN DATABASE {d} SET enable_indexscan = off;
        ALTER ROLE {r} IN DATABASE {d} SET enable_bitmapscan = off;
    """,
    "a function and a table that nobody may use": BELOW + """
        CREATE TYPE {a}."co de" AS ENUM ('a');
        CREATE FUNCTION {a}."as is"(text, {a}."co de") RETURNS text LANGUAGE sql IMMUTABLE AS 'SELECT $1';
        REVOKE EXECUTE ON FUNCTION {a}."as is" FROM PUBLIC; CREATE INDEX ON {job} ({at});
        CREATE VIEW {s}.tasks AS SELECT task_id, campaign_id, {a}."as is"(status, 'a') AS status, attempts,
            max_attempts, created_at, {at} AS updated_at FROM {job};
        ALTER VIEW {s}.tasks OWNER TO "Group 1"
    """,
    "a view that asks as its caller": BELOW + """
        CREATE INDEX ON {job} ({at});
        CREATE VIEW {s}.tasks WITH (security_invoker) AS SELECT """ + COLUMNS + """, {at} AS updated_at FROM {job};
        GRANT USAGE ON SCHEMA {a} TO {r}; REVOKE ALL ON {job} FROM {r}
    """,
    "rows that policies hide": """
        ALTER TABLE {s}.numbers ENABLE ROW LEVEL SECURITY; ALTER TABLE {s}.goals ENABLE ROW LEVEL SECURITY;
        CREATE POLICY "o pen" ON {s}.goals USING (true);
        CREATE POLICY "clo sed" ON {s}.goals AS RESTRICTIVE USING (false)
    """,
    "rows that a policy hides from a view's owner": BELOW + """
        CREATE MATERIALIZED VIEW {a}."Ma t" AS SELECT * FROM {job}; CREATE INDEX ON {a}."Ma t" (campaign_id);
        CREATE INDEX ON {a}."Ma t" ({at}); ALTER ROLE "Group 2" LOGIN; GRANT USAGE ON SCHEMA {a} TO "Group 2";
        GRANT SELECT ON {job} TO "Group 2"; ALTER MATERIALIZED VIEW {a}."Ma t" OWNER TO "Group 2";
        ALTER TABLE {job} ENABLE ROW LEVEL SECURITY;
    """ + SHOWN + ', {at} AS updated_at FROM {a}."Ma t"',
}  # fmt: skip

ELSEWHERE = {"15": {Command.INHERIT_MONITOR, Command.LEAVE_GRANTED_BY}}
"""Commands that this version has no use for."""
LATER = {Command.INHERIT}


def run(connection: Connection, text: str) -> None:
    """Run statements one by one, as psql does."""
    for statement in filter(str.strip, text.split(";")):
        connection.execute(sql.SQL(statement).format(**NAMES))


@pytest.fixture(scope="module", params=clusters.proven())
def server(request: pytest.FixtureRequest) -> Iterator[tuple[str, str]]:
    """A server of each version, with roles and a database: its version and address."""
    owner = pwd.getpwnam("postgres").pw_uid if os.geteuid() == 0 else None
    with clusters.cluster(clusters.binaries()[request.param], owner) as address:
        with contract.session(address.format("postgres")) as connection:
            run(connection, 'CREATE ROLE "Group 1"; CREATE ROLE "Group 2"; CREATE ROLE "Ad min"')
        yield request.param, address.format("postgres")


def world(connection: Connection) -> None:
    """A sound platform."""
    contract.create(connection)
    contract.insert(connection, "tenants", tenant_id=1, name="Acme", timezone="UTC")
    contract.insert(connection, "campaigns", campaign_id=7, tenant_id=1, name="A", status="running", timezone="UTC")
    run(
        connection,
        "ALTER SCHEMA campaign_monitoring RENAME TO {s}; CREATE ROLE {r} LOGIN CONNECTION LIMIT 10;"
        "ALTER ROLE {r} SET default_transaction_read_only = on; ALTER ROLE {r} SET statement_timeout = '30s';"
        "GRANT pg_monitor TO {r}; REVOKE TEMPORARY ON DATABASE {d} FROM PUBLIC;"
        "REVOKE EXECUTE ON FUNCTION lo_creat(integer), lo_create(oid), lo_from_bytea(oid, bytea) FROM PUBLIC",
    )


def grant(connection: Connection) -> None:
    run(connection, "GRANT USAGE ON SCHEMA {s} TO {r}; GRANT SELECT ON ALL TABLES IN SCHEMA {s} TO {r}")


def checked(connection: Connection) -> Report:
    info = connection.info
    url = make_conninfo(host=info.host, port=info.port, dbname=info.dbname, user=ROLE)
    settings = {"database": {"url": url, "schema": SCHEMA, "statement_timeout": "90s"}}
    return check(parse(yaml.safe_dump(settings), "test.yaml"))


@pytest.fixture
def made(monkeypatch: pytest.MonkeyPatch) -> dict[str, Command]:
    """Which command each line is that was made since."""
    lines: dict[str, Command] = {}
    of = Command.of

    def noted(self: Command, **names: object) -> str:
        line = of(self, **names)
        lines[line] = self
        return line

    monkeypatch.setattr(commands.Command, "of", noted)
    return lines


def mended(connection: Connection, made: dict[str, Command]) -> tuple[set[Command], Report]:
    """Do what `check` says as long as it says something new: the commands that were run, and its last words."""
    tried: set[Command] = set()
    said: set[tuple[str, str, str]] = set()
    while True:
        report = checked(connection)
        said_now = {f: [line for line in f.remedy.splitlines() if line in made] for f in report.findings}
        assert not [f for f, lines in said_now.items() if lines and (f.about, f.thing, f.value) in said], "not mended"
        if not any(said_now.values()):
            return tried, report
        for finding, lines in said_now.items():
            for line in lines:
                connection.execute(line.encode())
                tried.add(made[line])
            if lines:
                said.add((finding.about, finding.thing, finding.value))


def test_each_command_mends_what_it_was_printed_for(server: tuple[str, str], made: dict[str, Command]) -> None:
    version, address = server
    tried: set[Command] = set()
    for name, broken in WORLDS.items():
        with contract.session(address) as admin:
            run(admin, "CREATE DATABASE {d}")
            with contract.session(make_conninfo(address, dbname=DATABASE)) as connection:
                world(connection)
                grant(connection)
                run(connection, broken)
                if BELOW in broken:  # the view is new
                    run(connection, "GRANT SELECT ON {s}.tasks TO {r}")
                commands_run, report = mended(connection, made)
                left = [f"{f.about}: {f.thing}: {f.value}" for f in report.findings if f.level is Level.PROBLEM]
                assert (name, left) == (name, [])
                assert commands_run, name
                tried |= commands_run
            run(admin, "DROP DATABASE {d}; DROP ROLE {r}")
    unused = ELSEWHERE.get(version, LATER)
    assert {command.name for command in Command} == {command.name for command in tried | unused}


def test_every_command_stands_in_the_table_that_is_tried() -> None:
    verbs = ("GRANT ", "REVOKE ", "ALTER ", "CREATE ", "DROP ", "ANALYZE ", "REINDEX ", "VACUUM ", "SET ", "REFRESH ")
    for path in Path(commands.__file__).parent.glob("*.py"):
        if path.name != "commands.py":
            texts = [node.value for node in ast.walk(ast.parse(path.read_text())) if isinstance(node, ast.Constant)]
            assert not [text for text in texts if isinstance(text, str) and text.startswith(verbs)], path.name
