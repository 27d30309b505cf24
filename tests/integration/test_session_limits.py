"""Whatever the role, the database or the server sets for sessions, the figures are right, on the versions there are."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from itertools import cycle
from pathlib import Path
from typing import Any

import psycopg
import pytest
from psycopg import sql
from psycopg.conninfo import conninfo_to_dict
from structlog.testing import capture_logs

from exporter.commands.check.examine import check
from exporter.demo.runtime.server import EmbeddedServer
from exporter.source.database import Database
from exporter.source.opening import settings
from tests.support import clusters, contract, platforms
from tests.support.exporting import Exporter, config, exporting, looping

Owner = psycopg.Connection[Any]

LIMITS: Mapping[str, str] = {
    "transaction_timeout": "100ms",
    "statement_timeout": "100ms",
    "idle_in_transaction_session_timeout": "100ms",
    "lock_timeout": "1ms",
    "idle_session_timeout": "500ms",
}
FORMS: Mapping[str, str] = {
    "datestyle": "German",
    "intervalstyle": "sql_standard",
    "timezone": "Pacific/Kiritimati",
    "bytea_output": "escape",
    "client_encoding": "LATIN1",
    "extra_float_digits": "-15",
    "standard_conforming_strings": "off",
    "backslash_quote": "on",
    "quote_all_identifiers": "on",
    "array_nulls": "off",
    "transform_null_equals": "on",
    "xmloption": "document",
}
TRANSACTIONS: Mapping[str, str] = {
    "default_transaction_isolation": "serializable",
    "default_transaction_deferrable": "on",
    "default_transaction_read_only": "off",
    "row_security": "off",
    "role": "other",
    "search_path": "nowhere",
    "exit_on_error": "on",
    "client_min_messages": "debug5",
    "log_statement": "all",
    "session_preload_libraries": "plpgsql",
    "application_name": "another",
    "stats_fetch_consistency": "snapshot",
    "session_replication_role": "replica",
}
PLANS: Mapping[str, str] = {
    "jit": "on",
    "jit_above_cost": "0",
    "enable_seqscan": "off",
    "debug_parallel_query": "on",
    "force_parallel_mode": "on",
    "min_parallel_table_scan_size": "0",
    "plan_cache_mode": "force_generic_plan",
    "cursor_tuple_fraction": "0.000001",
    "geqo_threshold": "2",
    "constraint_exclusion": "on",
    "client_connection_check_interval": "1ms",
}
VERSIONS = clusters.binaries()


@pytest.fixture(scope="module", params=clusters.proven())
def address(request: pytest.FixtureRequest, server: EmbeddedServer) -> Iterator[str]:
    """A server with the platform, and a role that may read it."""
    programs = VERSIONS[request.param]
    owner = Path(str(conninfo_to_dict(server.url())["host"])).stat().st_uid if os.geteuid() == 0 else None
    with clusters.cluster(programs, owner) as made, contract.session(made.format("postgres")) as session:
        platforms.create(session)
        session.execute(
            "CREATE ROLE other; CREATE ROLE reader LOGIN; GRANT pg_monitor TO other; GRANT other TO reader;"
            "GRANT USAGE ON SCHEMA campaign_monitoring TO other;"
            "GRANT SELECT ON ALL TABLES IN SCHEMA campaign_monitoring TO other"
        )
        for name in known(session, LIMITS):  # we are not meant
            put(session, "ROLE postgres", name, "0")
        yield made


@pytest.fixture
def owner(address: str) -> Iterator[Owner]:
    with contract.session(address.format("postgres")) as session:
        yield session
        for reset in ("ROLE reader", "DATABASE postgres", "ROLE reader IN DATABASE postgres", "SYSTEM"):
            session.execute(f"ALTER {reset} RESET ALL".encode())
        session.execute("SELECT pg_reload_conf()")


def known(owner: Owner, wanted: Mapping[str, str]) -> dict[str, str]:
    """Those of the settings that this version has."""
    names = {row[0] for row in owner.execute("SELECT lower(name) FROM pg_settings")} | {"role"}
    return {name: value for name, value in wanted.items() if name in names}


def put(owner: Owner, target: str, name: str, value: str) -> None:
    owner.execute(sql.SQL("ALTER {} SET {} = {}").format(sql.SQL(target), sql.Identifier(name), value))


def assert_right(exporter: Exporter, about: str) -> None:
    for _ in range(2):
        try:
            platforms.assert_intact(exporter.refresh())
        except Exception as error:
            raise AssertionError(f"with {about}: {error}") from error


@pytest.mark.parametrize("wanted", [FORMS, TRANSACTIONS, PLANS], ids=["forms", "transactions", "plans"])
def test_figures_are_right_whatever_is_set_and_where(owner: Owner, address: str, wanted: Mapping[str, str]) -> None:
    places = cycle(["ROLE reader", "DATABASE postgres", "ROLE reader IN DATABASE postgres"])
    with exporting(address.format("reader")) as exporter:
        for (name, value), place in zip(known(owner, wanted).items(), places, strict=False):
            put(owner, place, name, value)
            exporter.refresher.disconnect()
            assert_right(exporter, f"{name} = {value} of {place}")
            owner.execute(f"ALTER {place} RESET ALL".encode())
        assert exporter.corrections() == 0


def test_figures_are_right_with_everything_set_at_once_and_check_sees_no_more_problems(
    owner: Owner, address: str
) -> None:
    before = check(config(address.format("reader")))
    odd = {**FORMS, **TRANSACTIONS, **PLANS}
    for name, value in known(owner, odd).items():
        put(owner, "ROLE reader", name, value)
    with exporting(address.format("reader")) as exporter:
        assert_right(exporter, "everything")
    after = check(config(address.format("reader")))
    assert (after.rows, after.series) == (before.rows, before.series)
    assert [each for each in after.findings if each not in before.findings and each.level.value == "problem"] == []


@pytest.mark.parametrize("level", ["ROLE reader", "DATABASE postgres", "SYSTEM"])
def test_no_limit_ends_a_refresh_that_takes_longer(owner: Owner, address: str, level: str) -> None:
    """Loading and reading each idle in their transaction for longer than any limit, and rest for longer."""
    for name, value in known(owner, LIMITS).items():
        put(owner, level, name, value)
    owner.execute("SELECT pg_reload_conf()")

    def slowly(_: float) -> float:
        owner.execute("SELECT pg_sleep(0.2)")
        return exporter.seconds

    with exporting(address.format("reader")) as exporter:
        exporter.refresher._clock = slowly
        assert_right(exporter, level)
        owner.execute("SELECT pg_sleep(0.6)")
        assert_right(exporter, level)


def test_what_a_transaction_of_ours_sets_is_set_whatever_the_role_has(owner: Owner, address: str) -> None:
    wanted = {**dict.fromkeys(LIMITS, "10s"), **FORMS, **TRANSACTIONS, **PLANS}
    for name, value in known(owner, wanted).items():
        put(owner, "ROLE reader", name, value)
    database = Database(config(address.format("reader")))
    connection = database.connect()
    ours = settings(database.config.database, connection)
    query = "SELECT lower(name), pg_catalog.current_setting(name) FROM pg_catalog.pg_settings"
    outside = dict(connection.execute(query).fetchall())
    for transaction in (database.look, database.snapshot):
        with transaction(connection):
            inside = dict(connection.execute(query).fetchall())
        changed = {name for name in inside if inside[name] != outside[name]}
        assert changed <= ours.keys() | {"transaction_isolation", "transaction_read_only", "transaction_deferrable"}
        assert inside.get("transaction_timeout", "0") == "0"
        assert inside["statement_timeout"] == "5s"
    assert dict(connection.execute(query).fetchall()) == outside
    database.close(connection)


def test_an_idle_limit_that_cannot_be_overridden_is_named_with_a_remedy_that_works(owner: Owner, address: str) -> None:
    if "idle_session_timeout" not in known(owner, LIMITS):
        pytest.skip("PostgreSQL 13 has none")
    put(owner, "ROLE reader IN DATABASE postgres", "idle_session_timeout", "500ms")
    found = [each for each in check(config(address.format("reader"))).findings if each.thing == "idle_session_timeout"]
    (finding,) = found
    assert finding.value.startswith("500ms: ends a session that rests for longer")
    owner.execute(finding.remedy.encode())
    assert "idle_session_timeout" not in {each.thing for each in check(config(address.format("reader"))).findings}


def test_connections_that_an_idle_limit_ends_are_told_once_with_the_remedy(owner: Owner, address: str) -> None:
    if "idle_session_timeout" not in known(owner, LIMITS):
        pytest.skip("PostgreSQL 13 has none")
    put(owner, "ROLE reader", "idle_session_timeout", "500ms")
    with looping(address.format("reader")) as loop, capture_logs() as logs:
        assert loop.step(), loop.problem
        for _ in range(3):
            owner.execute("SELECT pg_sleep(0.7)")
            assert loop.step(), loop.problem
    (told,) = [entry["why"] for entry in logs if entry["event"] == "connecting anew"]
    assert "campaign-exporter check has the ALTER ROLE that lets it rest" in told


def test_a_limit_of_temporary_files_is_named_when_it_is_reached(owner: Owner, address: str) -> None:
    put(owner, "ROLE reader", "temp_file_limit", "0")
    put(owner, "ROLE reader", "work_mem", "64kB")
    owner.execute("ALTER TABLE campaign_monitoring.goals RENAME TO kept")
    owner.execute(
        "CREATE VIEW campaign_monitoring.goals AS SELECT k.* FROM campaign_monitoring.kept AS k "
        "WHERE (SELECT count(*) FROM (SELECT i FROM generate_series(1, 20000) AS i ORDER BY -i) AS sorted) > 0"
    )
    owner.execute("GRANT SELECT ON campaign_monitoring.goals TO other")
    contract.insert(owner, "kept", campaign_id="1", goal="x", target=1, achieved=0)
    try:
        with looping(address.format("reader")) as loop:
            assert not loop.step()
            assert "temporary file size exceeds" in loop.problem
            assert "ALTER ROLE … SET temp_file_limit" in loop.problem
            assert "connection was lost" not in loop.problem
    finally:
        owner.execute("DROP VIEW campaign_monitoring.goals")
        owner.execute("ALTER TABLE campaign_monitoring.kept RENAME TO goals")
        owner.execute("DELETE FROM campaign_monitoring.goals")
