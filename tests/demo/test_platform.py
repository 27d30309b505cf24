"""What the demo's database promises: the contract's views, their indexes, and roles that cannot write."""

from __future__ import annotations

from typing import Any

import psycopg
import pytest
from psycopg import sql

from exporter.contract.relations import RELATIONS
from exporter.demo.platform.install import GRAFANA_ROLE, MONITOR_ROLE, install
from exporter.demo.runtime.server import EmbeddedServer
from tests.demo.conftest import DATABASE

Connection = psycopg.Connection[Any]
WRITES = (
    "INSERT INTO dialler.account (account_id, display_name, tz) VALUES (99, 'x', 'UTC')",
    "UPDATE campaign_monitoring.campaigns SET name = 'x'",
    "DELETE FROM campaign_monitoring.goals",
    "CREATE TABLE public.x (y int)",
    "CREATE TEMPORARY TABLE x (y int)",
    "SELECT nextval('dialler.nothing')",
    "TRUNCATE dialler.lead",
)


@pytest.mark.parametrize("relation", list(RELATIONS.values()), ids=lambda relation: relation.name)
def test_every_relation_has_exactly_the_contracts_columns_with_types_it_takes(owner: Connection, relation: Any) -> None:
    found = dict(
        owner.execute(
            "SELECT a.attname, t.typname FROM pg_attribute AS a JOIN pg_type AS t ON t.oid = a.atttypid "
            "WHERE a.attrelid = %s::regclass AND a.attnum > 0 ORDER BY a.attnum",
            [f"campaign_monitoring.{relation.name}"],
        ).fetchall()
    )
    assert list(found) == [column.name for column in relation.columns]
    assert [column.name for column in relation.columns if not column.kind.accepts(found[column.name])] == []


def test_every_relation_has_rows(owner: Connection) -> None:
    for name in RELATIONS:
        count = owner.execute(
            sql.SQL("SELECT count(*) FROM {}").format(sql.Identifier("campaign_monitoring", name))
        ).fetchone()
        assert count is not None
        assert count[0] > 0, name


@pytest.mark.parametrize(
    "query",
    [
        "SELECT * FROM campaign_monitoring.tasks WHERE updated_at >= '2026-03-04 14:59:50+00'",
        "SELECT * FROM campaign_monitoring.calls WHERE updated_at >= '2026-03-04 14:59:50+00'",
        "SELECT * FROM campaign_monitoring.tasks WHERE task_id = 17",
        "SELECT * FROM campaign_monitoring.calls WHERE task_id = 17",
        "SELECT * FROM campaign_monitoring.task_events WHERE task_id = 17",
        "SELECT * FROM campaign_monitoring.calls WHERE outcome = 'in_progress'",
        "SELECT * FROM campaign_monitoring.tasks WHERE campaign_id = any('{15}') AND status = 'pending'",
        "SELECT * FROM campaign_monitoring.calls WHERE campaign_id = any('{15}') AND started_at > '2026-03-04'",
        "SELECT * FROM campaign_grafana.tasks WHERE campaign_id = 15 AND status = 'pending'",
    ],
)
def test_the_readers_queries_use_an_index_through_the_view(owner: Connection, query: str) -> None:
    plan = "\n".join(row[0] for row in owner.execute("EXPLAIN " + query))
    assert "Seq Scan on lead" not in plan
    assert "Seq Scan on attempt" not in plan


def test_what_is_not_asked_for_is_not_joined(owner: Connection) -> None:
    query = "EXPLAIN SELECT campaign_id, status, count(*) FROM campaign_monitoring.tasks GROUP BY 1, 2"
    assert "person" not in "\n".join(row[0] for row in owner.execute(query))


def test_windows_are_a_list_and_null_means_always_open(owner: Connection) -> None:
    windows = dict(owner.execute("SELECT name, call_windows FROM campaign_monitoring.campaigns").fetchall())
    assert windows["Outage notices, round the clock"] is None
    assert windows["Night shift recruiting"] == [
        {"days": ["mon", "tue", "wed", "thu", "fri", "sat", "sun"], "start": "22:00", "end": "04:00"}
    ]


def test_no_window_enabled_is_an_empty_list(owner: Connection) -> None:
    owner.execute("UPDATE dialler.schedule_range SET enabled = false")
    query = "SELECT call_windows FROM campaign_monitoring.campaigns WHERE name = 'Night shift recruiting'"
    assert owner.execute(query).fetchone() == ([],)


def test_codes_without_translation_pass_through(owner: Connection) -> None:
    owner.execute("UPDATE dialler.attempt SET result_code = 'carrier_divert'")
    assert owner.execute("SELECT DISTINCT outcome FROM campaign_monitoring.calls").fetchall() == [("carrier_divert",)]


def test_no_view_of_the_contract_reads_the_hosts_clock(owner: Connection) -> None:
    """A demo may dial in another time than the host's; Grafana's own views go by it as its boards do."""
    texts = owner.execute("SELECT definition FROM pg_views WHERE schemaname = 'campaign_monitoring'").fetchall()
    assert texts
    assert not any(word in text for (text,) in texts for word in ("now()", "CURRENT_", "clock_timestamp"))


@pytest.mark.parametrize("role", [MONITOR_ROLE, GRAFANA_ROLE])
@pytest.mark.parametrize("statement", WRITES)
def test_a_reading_role_cannot_write_even_if_it_tries(
    server: EmbeddedServer, installed: str, role: str, statement: str
) -> None:
    del installed
    with psycopg.connect(server.url(DATABASE, role), autocommit=True) as connection:
        connection.execute("SET default_transaction_read_only = off")
        connection.execute("SET transaction_read_only = off")
        with pytest.raises((psycopg.errors.InsufficientPrivilege, psycopg.errors.ObjectNotInPrerequisiteState,
                            psycopg.errors.UndefinedTable)):  # fmt: skip
            connection.execute(statement)


def test_the_monitor_is_limited_and_sees_other_sessions(server: EmbeddedServer, installed: str) -> None:
    del installed
    with psycopg.connect(server.url(DATABASE, MONITOR_ROLE)) as connection:
        shown = connection.execute(
            "SELECT current_setting('default_transaction_read_only'), current_setting('statement_timeout'), "
            "pg_has_role('pg_monitor', 'MEMBER'), rolconnlimit > 0 FROM pg_roles WHERE rolname = current_user"
        ).fetchone()
    assert shown == ("on", "30s", True, True)


def test_grafana_sees_masked_phones_of_contacts_and_nothing_else(server: EmbeddedServer, installed: str) -> None:
    del installed
    with psycopg.connect(server.url(DATABASE, GRAFANA_ROLE), autocommit=True) as connection:
        phones = [row[0] for row in connection.execute("SELECT phone FROM tasks LIMIT 100")]
        assert all("****" in phone for phone in phones)
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            connection.execute("SELECT phone FROM campaign_monitoring.tasks LIMIT 1")
        member = connection.execute("SELECT pg_has_role('pg_monitor', 'MEMBER')").fetchone()
    assert member == (False,)


def test_grafana_cannot_write_wal(server: EmbeddedServer, installed: str) -> None:
    del installed
    with (
        psycopg.connect(server.url(DATABASE, GRAFANA_ROLE), autocommit=True) as connection,
        pytest.raises(psycopg.errors.InsufficientPrivilege),
    ):
        connection.execute("SELECT pg_logical_emit_message(false, 'x', repeat('y', 1000))")


def test_installing_again_changes_nothing_and_sets_passwords(owner: Connection) -> None:
    install(owner, {MONITOR_ROLE: 'it\'s "quoted"'})
    stored = owner.execute("SELECT rolpassword FROM pg_authid WHERE rolname = %s", [MONITOR_ROLE]).fetchone()
    assert stored is not None
    assert stored[0].startswith("SCRAM-SHA-256")


def test_all_phones_are_of_ranges_kept_for_fiction(owner: Connection) -> None:
    fiction = r"^\+(1\d{3}55501\d{2}|447700900\d{3}|44(20794|12149|16149)60\d{3}|493023125\d{3}|496990009\d{3}|494066969\d{3}|492214710\d{3}|498999998\d{3}|61\d(5550|7010)\d{4})$"  # noqa: E501
    for table in ("person", "did"):
        statement = sql.SQL("SELECT e164 FROM {} WHERE e164 !~ %s").format(sql.Identifier("dialler", table))
        assert owner.execute(statement, [fiction]).fetchall() == []
