"""What no command can mend is told plainly: reads that no index serves, and statistics that are not to blame."""

from __future__ import annotations

import os
import pwd
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml
from psycopg.conninfo import make_conninfo

from exporter.commands.check.examine import check
from exporter.commands.check.plans import Base
from exporter.commands.check.report import Level
from exporter.config import parse
from tests.commands.check.conftest import Check, Connection, found, grant_reading, problems
from tests.support import clusters, contract

CHANGED, ONE = "index for what changed", "index for one campaign"
COLUMNS = "t.task_id, t.campaign_id, t.status, t.attempts, t.max_attempts, t.created_at"
TASKS = "campaign_monitoring.tasks"
JOINED = "app.job AS t LEFT JOIN app.person AS p ON p.task_id = t.task_id"
CHANGES = ("UPDATE app.person SET updated_at = now()", "UPDATE app.job SET status = 'x'", "DELETE FROM app.person")
ROOT = Path(__file__).resolve().parents[3]


@pytest.fixture
def below(owner: Connection) -> Connection:
    """The tasks in a table `app.job`, and the contacts that they are joined with in `app.person`."""
    owner.execute(
        "CREATE SCHEMA app; ALTER TABLE campaign_monitoring.tasks SET SCHEMA app; ALTER TABLE app.tasks RENAME TO job;"
        "CREATE TABLE app.person (task_id bigint PRIMARY KEY, updated_at timestamptz);"
        "CREATE INDEX ON app.person (updated_at)"
    )
    return owner


def show(owner: Connection, stamp: str, source: str = "app.job AS t", ending: str = "") -> None:
    owner.execute((f"CREATE VIEW {TASKS} AS SELECT {COLUMNS}, {stamp} AS updated_at FROM {source} {ending}").encode())
    grant_reading(owner)


@pytest.mark.parametrize(
    "stamp",
    [
        "greatest(t.updated_at, p.updated_at)",
        "greatest(t.updated_at, (SELECT max(q.updated_at) FROM app.person AS q WHERE q.task_id = t.task_id))",
        "coalesce((SELECT max(q.updated_at) FROM app.person AS q WHERE q.task_id = t.task_id), t.updated_at)",
    ],
)
def test_a_stamp_of_several_tables_can_have_no_index_and_a_column_by_triggers_is_advised(
    below: Connection, checked: Check, stamp: str
) -> None:
    show(below, stamp, JOINED)
    finding = found(checked(), "tasks", CHANGED)
    assert finding.level is Level.PROBLEM
    assert finding.value == (
        "it is worked out from app.job and app.person, so no index can serve it: every refresh reads the whole table"
    )
    assert "by triggers on all of them" in finding.remedy
    assert "docs/contract.md, a stamp of several tables" in finding.remedy
    assert "CREATE" not in finding.remedy


def test_the_triggers_that_the_contract_gives_for_a_stamp_of_several_tables_mend_it(
    below: Connection, checked: Check
) -> None:
    show(below, "greatest(t.updated_at, p.updated_at)", JOINED)
    page = (ROOT / "docs" / "contract.md").read_text(encoding="utf-8")
    (example,) = re.findall(r"### A stamp of several tables\n.*?```sql\n(.*?)```", page, re.DOTALL)
    below.execute("INSERT INTO app.person VALUES (1, now())")
    below.execute(example.encode())
    below.execute("DROP VIEW campaign_monitoring.tasks")
    show(below, "t.shown_at")
    assert problems(checked()) == []
    for change in (
        "UPDATE app.person SET updated_at = now()",
        "UPDATE app.job SET blocker = 'dnc'",
        "DELETE FROM app.person",
    ):
        before = below.execute("SELECT shown_at FROM app.job").fetchall()
        below.execute(change.encode())
        assert below.execute("SELECT shown_at FROM app.job").fetchall() > before


@pytest.mark.parametrize(
    ("stamp", "said"),
    [
        ("t.updated_at + interval '0 s'", "(updated_at + '00:00:00'::interval)"),
        ("date_trunc('second', t.updated_at)", "date_trunc('second'::text, updated_at)"),
        ("t.plain::timestamptz", "(plain)::timestamp with time zone"),
    ],
)
def test_an_expression_that_is_not_immutable_can_have_no_index(
    below: Connection, checked: Check, stamp: str, said: str
) -> None:
    below.execute("ALTER TABLE app.job ADD plain timestamp DEFAULT '2026-03-04'")
    show(below, stamp)
    finding = found(checked(), "tasks", CHANGED)
    assert finding.level is Level.PROBLEM
    assert finding.value.startswith(f"{said} of app.job (never analysed) depends on settings or other rows, so no ")
    assert "CREATE INDEX" not in finding.remedy


@pytest.mark.parametrize(
    ("stamp", "ending"),
    [
        ("max(t.updated_at)", "GROUP BY 1, 2, 3, 4, 5, 6"),
        ("t.updated_at", "ORDER BY 1 LIMIT 100000"),
        ("t.updated_at", "OFFSET 0"),
        ("now()", ""),
        ("last_value(t.updated_at) OVER (PARTITION BY t.task_id)", ""),
    ],
)
def test_a_view_that_works_out_all_its_rows_first_is_not_told_to_have_an_index(
    below: Connection, checked: Check, stamp: str, ending: str
) -> None:
    show(below, stamp, ending=ending)
    finding = found(checked(), "tasks", CHANGED)
    assert finding.level is not Level.OK
    assert "CREATE INDEX" not in finding.remedy


def test_an_index_is_enough_under_a_distinct_that_lets_the_condition_through(below: Connection, checked: Check) -> None:
    below.execute(f"CREATE VIEW {TASKS} AS SELECT DISTINCT {COLUMNS}, t.updated_at FROM app.job AS t".encode())
    grant_reading(below)
    assert found(checked(), "tasks", CHANGED).level is Level.OK


def test_an_index_on_a_small_table_is_not_enough_where_a_large_one_is_read_whole_to_join_it(
    below: Connection, checked: Check
) -> None:
    below.execute(
        "CREATE TABLE app.batch (id bigint PRIMARY KEY, campaign_id bigint); CREATE INDEX ON app.batch (campaign_id);"
        "ALTER TABLE app.job ADD batch_id bigint; INSERT INTO app.batch SELECT n, n FROM generate_series(1, 50) AS n;"
        "INSERT INTO app.job (task_id, campaign_id, batch_id, status, attempts, max_attempts, created_at, updated_at)"
        " SELECT n, 7, n % 50, 'completed', 1, 3, now(), now() FROM generate_series(10, 20000) AS n;"
        "ANALYZE app.job, app.batch;"
        f"CREATE VIEW {TASKS} AS SELECT t.task_id, b.campaign_id, t.status, t.attempts, t.max_attempts, t.created_at,"
        " t.updated_at FROM app.job AS t JOIN app.batch AS b ON b.id = t.batch_id"
    )
    grant_reading(below)
    finding = found(checked(), "tasks", ONE)
    assert finding.level is Level.PROBLEM
    assert "all of app.job (about 19,992 rows) is read to join it, as no index serves (" in finding.value
    assert "batch_id" in finding.value
    below.execute("CREATE INDEX ON app.job (batch_id)")
    assert found(checked(), "tasks", ONE).level is Level.OK


def test_a_table_that_is_joined_by_its_key_may_be_read_whole_by_choice(below: Connection, checked: Check) -> None:
    below.execute(
        "CREATE TABLE app.human (id bigint PRIMARY KEY, name text); ALTER TABLE app.job ADD human_id bigint;"
        "INSERT INTO app.human SELECT n, 'a' FROM generate_series(1, 30000) AS n;"
        "CREATE INDEX ON app.job (campaign_id);"
        "INSERT INTO app.job (task_id, campaign_id, human_id, status, attempts, max_attempts, created_at, updated_at)"
        " SELECT n, n % 12, n, 'completed', 1, 3, now(), now() FROM generate_series(10, 27000) AS n;"
        "ANALYZE app.job, app.human"
    )
    show(below, "t.updated_at", "app.job AS t JOIN app.human AS p ON p.id = t.human_id")
    assert [found(checked(), "tasks", thing).level for thing in (ONE, CHANGED)] == [Level.OK, Level.OK]


@pytest.mark.parametrize(
    "ending",
    [
        "JOIN LATERAL (SELECT v FROM app.rate ORDER BY at DESC LIMIT 1) AS r ON r.v <> t.task_id",
        "WHERE EXISTS (SELECT FROM app.rate WHERE v > 0)",
        "CROSS JOIN app.one AS r",
    ],
)
def test_what_is_read_for_one_row_is_no_large_join(below: Connection, checked: Check, ending: str) -> None:
    below.execute(
        "CREATE TABLE app.rate (at timestamptz PRIMARY KEY, v int); CREATE TABLE app.one (v int);"
        "INSERT INTO app.rate SELECT now() - n * interval '1 h', n FROM generate_series(1, 20000) AS n;"
        "INSERT INTO app.one VALUES (1); ANALYZE app.rate, app.one; CREATE INDEX ON app.job (campaign_id)"
    )
    show(below, "t.updated_at", f"app.job AS t {ending}")
    assert "is read to join it" not in found(checked(), "tasks", ONE).value


@pytest.mark.parametrize("constant", ["NULL::bigint", "7::bigint", "'all'::text"])
def test_no_index_is_asked_for_on_what_is_the_same_in_every_row(
    below: Connection, checked: Check, constant: str
) -> None:
    below.execute(
        f"CREATE VIEW {TASKS} AS SELECT t.task_id, {constant} AS campaign_id, t.status, t.attempts, t.max_attempts,"
        " t.created_at, t.updated_at FROM app.job AS t".encode()
    )
    grant_reading(below)
    finding = found(checked(), "tasks", ONE)
    assert (finding.level, "CREATE INDEX" in finding.remedy) == (Level.ADVICE, False)
    assert "is the same in every row of the view" in finding.value


def test_an_index_of_partitions_that_are_joined_is_found(below: Connection, checked: Check) -> None:
    below.execute(
        "CREATE TABLE app.parts (LIKE app.job) PARTITION BY RANGE (created_at);"
        "CREATE TABLE app.p1 PARTITION OF app.parts FOR VALUES FROM (MINVALUE) TO ('2026-03-01');"
        "CREATE TABLE app.p2 PARTITION OF app.parts DEFAULT; CREATE INDEX ON app.parts (updated_at);"
        "INSERT INTO app.parts (task_id, campaign_id, status, attempts, max_attempts, created_at, updated_at)"
        " SELECT n, 7, 'completed', 1, 3, now(), now() FROM generate_series(10, 5000) AS n;"
        "INSERT INTO app.person SELECT n FROM generate_series(10, 60) AS n; ANALYZE app.parts, app.person"
    )
    show(below, "t.updated_at", "app.parts AS t JOIN app.person AS p ON p.task_id = t.task_id")
    finding = found(checked(), "tasks", CHANGED)
    assert finding.level is Level.OK, finding


@pytest.mark.parametrize(
    ("expression", "constant"),
    [
        ("NULL::bigint", True), ("'all'::text", True), ("('it''s'::text)", True), ("campaign_id", False),
        ("('a'::text || (campaign_id)::text) || 'b'::text", False),
    ],
)  # fmt: skip
def test_what_stands_between_two_texts_is_no_constant(expression: str, constant: bool) -> None:
    assert Base("app", "job", expression).constant is constant


def test_an_empty_table_is_not_told_to_be_analysed(owner: Connection, checked: Check) -> None:
    owner.execute("DELETE FROM campaign_monitoring.tasks; ANALYZE campaign_monitoring.tasks")
    assert [each.remedy for each in checked().findings if "ANALYZE" in each.remedy] == []


def test_fresh_statistics_are_not_to_blame(owner: Connection, checked: Check) -> None:
    owner.execute(
        "INSERT INTO campaign_monitoring.tasks"
        " (task_id, campaign_id, status, attempts, max_attempts, created_at, updated_at)"
        " SELECT n + 10, 7, 'completed', 1, 3, now(), now() FROM generate_series(1, 20000) AS n"
    )
    owner.execute("ANALYZE campaign_monitoring.tasks")
    finding = found(checked(), "tasks", CHANGED)
    assert finding.level is Level.OK
    assert "much of campaign_monitoring.tasks (about 20,001 rows) changed within a minute" in finding.value


# -- rows on another server -------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def foreign() -> Iterator[Connection]:
    """Debian's server, which has postgres_fdw: its tasks are a foreign table of another database of it."""
    programs = next((path for path in clusters.binaries().values() if path.is_relative_to("/usr/lib/postgresql")), None)
    share = Path("/usr/share/postgresql", programs.parent.name if programs else "")
    if programs is None or not (share / "extension" / "postgres_fdw.control").exists():
        pytest.skip("there is no postgres_fdw")
    owner = pwd.getpwnam("postgres").pw_uid if os.geteuid() == 0 else None
    with clusters.cluster(programs, owner) as made:
        address = made.format("postgres")
        with contract.session(address) as connection:
            connection.execute("CREATE DATABASE far")
            with contract.session(make_conninfo(address, dbname="far")) as far:
                contract.create(far)
            contract.create(connection)
            connection.execute(
                f"""
                DROP TABLE {TASKS}; CREATE EXTENSION postgres_fdw;
                CREATE ROLE reader LOGIN; GRANT pg_monitor TO reader;
                CREATE SERVER far FOREIGN DATA WRAPPER postgres_fdw
                    OPTIONS (host '{connection.info.host}', port '{connection.info.port}', dbname 'far');
                CREATE USER MAPPING FOR postgres SERVER far OPTIONS (user 'postgres');
                CREATE USER MAPPING FOR reader SERVER far OPTIONS (user 'postgres', password_required 'false');
                IMPORT FOREIGN SCHEMA campaign_monitoring LIMIT TO (tasks) FROM SERVER far INTO campaign_monitoring;
                GRANT USAGE ON SCHEMA campaign_monitoring TO reader;
                GRANT SELECT ON ALL TABLES IN SCHEMA campaign_monitoring TO reader;
                """.encode()
            )
            yield connection


def test_of_a_foreign_table_it_is_not_claimed_that_it_has_no_index(foreign: Connection) -> None:
    info = foreign.info
    url = make_conninfo(host=info.host, port=info.port, dbname=info.dbname, user="reader")
    finding = found(check(parse(yaml.safe_dump({"database": {"url": url}}), "test.yaml")), "tasks", CHANGED)
    assert finding.level is Level.ADVICE
    assert finding.value.endswith("is a foreign table: whether an index serves is not to be seen from here")
    assert finding.remedy == "make sure of an index on updated_at where its rows are"
