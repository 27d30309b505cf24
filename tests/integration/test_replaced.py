"""Views replaced, tables rewritten, databases swapped: all is read anew, and no half of two states is believed."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import psycopg
import pytest
from psycopg import sql

from exporter.demo.runtime.server import EmbeddedServer
from exporter.errors import ReplacedError
from exporter.source import transactions
from tests.support import contract, platforms
from tests.support.exporting import Exporter, exporting

Owner = psycopg.Connection[Any]

REWRITES = {
    "truncated and filled again": "CREATE TABLE copy AS SELECT * FROM campaign_monitoring.calls; "
    "TRUNCATE campaign_monitoring.calls; INSERT INTO campaign_monitoring.calls SELECT * FROM copy",
    "a column of another type": "ALTER TABLE campaign_monitoring.calls ALTER COLUMN talk_seconds TYPE numeric(12, 3)",
    "packed": "CLUSTER campaign_monitoring.calls USING calls_updated_at_idx",
    "swapped by name": "CREATE TABLE campaign_monitoring.fresh (LIKE campaign_monitoring.calls); "
    "INSERT INTO campaign_monitoring.fresh SELECT * FROM campaign_monitoring.calls; "
    "ALTER TABLE campaign_monitoring.calls RENAME TO old; ALTER TABLE campaign_monitoring.fresh RENAME TO calls",
}


def at_the_next_snapshot(monkeypatch: pytest.MonkeyPatch, act: Callable[[], object]) -> None:
    """Let something happen once, right after a refresh has taken its snapshot."""
    waiting = [act]

    def take(connection: Any) -> Any:
        seen = transactions.sight(connection)
        while waiting:
            waiting.pop()()
        return seen

    monkeypatch.setattr("exporter.refresh.refresher.sight", take)


@pytest.mark.parametrize("rewrite", REWRITES.values(), ids=REWRITES)
def test_a_table_rewritten_while_it_is_read_fails_that_refresh_and_costs_nothing(
    rewrite: str, owner: Owner, exporter: Exporter, monkeypatch: pytest.MonkeyPatch
) -> None:
    platforms.assert_intact(exporter.refresh())
    owner.execute("UPDATE campaign_monitoring.calls SET score = 50, updated_at = now()")  # all must be loaded anew
    at_the_next_snapshot(monkeypatch, lambda: owner.execute(rewrite.encode()))
    with pytest.raises(ReplacedError, match="calls was replaced or rewritten while it was read"):
        exporter.refresh()
    platforms.assert_intact(exporter.refresh())
    assert exporter.counted("counters_carried") == 0


@pytest.mark.parametrize("rewrite", REWRITES.values(), ids=REWRITES)
def test_a_table_rewritten_between_two_looks_is_read_anew(rewrite: str, owner: Owner, exporter: Exporter) -> None:
    exporter.refresh()
    owner.execute(rewrite.encode())
    platforms.assert_intact(exporter.refresh())
    assert exporter.counted("campaigns_loaded_total", cause="everything") == 2
    assert exporter.counted("counters_carried") == 0


@pytest.fixture
def viewed(owner: Owner) -> Owner:
    """Tasks are a view whose status comes of a function."""
    owner.execute("ALTER TABLE campaign_monitoring.tasks RENAME TO base")
    owner.execute("CREATE FUNCTION campaign_monitoring.named(text) RETURNS text STABLE LANGUAGE sql AS 'SELECT $1'")
    columns = owner.execute(
        "SELECT attname FROM pg_attribute WHERE attrelid = 'campaign_monitoring.base'::regclass AND attnum > 0"
    ).fetchall()
    names = [sql.SQL("campaign_monitoring.named(status) AS status") if n == "status" else sql.Identifier(n)
             for (n,) in columns]  # fmt: skip
    owner.execute(
        sql.SQL("CREATE VIEW campaign_monitoring.tasks AS SELECT {} FROM campaign_monitoring.base").format(
            sql.SQL(", ").join(names)
        )
    )
    return owner


def test_a_view_with_equal_columns_and_another_meaning_is_read_anew(viewed: Owner, exporter: Exporter) -> None:
    exporter.refresh()
    (definition,) = viewed.execute("SELECT pg_get_viewdef('campaign_monitoring.tasks'::regclass)").fetchall()[0]
    changed = definition.replace("campaign_monitoring.named(status)", "upper(status)")
    assert changed != definition
    viewed.execute(f"CREATE OR REPLACE VIEW campaign_monitoring.tasks AS {changed}".encode())
    assert exporter.refresh().by("campaign_tasks", "status", campaign="1")["other"] == 10


def test_a_function_under_a_view_that_is_another_is_read_anew(viewed: Owner, exporter: Exporter) -> None:
    exporter.refresh()
    viewed.execute(
        "CREATE OR REPLACE FUNCTION campaign_monitoring.named(text) RETURNS text STABLE LANGUAGE sql "
        "AS $$ SELECT CASE $1 WHEN 'completed' THEN 'failed' ELSE $1 END $$"
    )
    assert exporter.refresh().by("campaign_tasks", "status", campaign="1")["failed"] == 5


def test_a_policy_that_hides_rows_is_read_anew(owner: Owner, database_url: str) -> None:
    owner.execute("CREATE ROLE replaced_reader LOGIN; GRANT USAGE ON SCHEMA campaign_monitoring TO replaced_reader")
    owner.execute("GRANT SELECT ON ALL TABLES IN SCHEMA campaign_monitoring TO replaced_reader")
    try:
        with exporting(psycopg.conninfo.make_conninfo(database_url, user="replaced_reader")) as exporter:
            exporter.refresh()
            owner.execute("CREATE POLICY only_some ON campaign_monitoring.tasks USING (status <> 'failed')")
            owner.execute("ALTER TABLE campaign_monitoring.tasks ENABLE ROW LEVEL SECURITY")
            assert "failed" not in exporter.refresh().by("campaign_tasks", "status", campaign="1")
    finally:
        owner.execute("DROP OWNED BY replaced_reader; DROP ROLE replaced_reader")


def test_a_partition_that_is_attached_with_old_rows_is_read(owner: Owner, exporter: Exporter) -> None:
    owner.execute("ALTER TABLE campaign_monitoring.calls RENAME TO one")
    owner.execute("CREATE TABLE campaign_monitoring.calls (LIKE campaign_monitoring.one) PARTITION BY LIST (attempt)")
    owner.execute("ALTER TABLE campaign_monitoring.calls ATTACH PARTITION campaign_monitoring.one FOR VALUES IN (1)")
    exporter.refresh()
    owner.execute("CREATE TABLE campaign_monitoring.two AS SELECT * FROM campaign_monitoring.one")
    owner.execute("UPDATE campaign_monitoring.two SET attempt = 2, call_id = call_id + 10000")
    owner.execute("ALTER TABLE campaign_monitoring.calls ATTACH PARTITION campaign_monitoring.two FOR VALUES IN (2)")
    assert exporter.refresh().by("campaign_calls_total", "outcome", campaign="1") == {"answered": 4, "busy": 2}


def test_another_database_under_the_same_name_is_another_truth(server: EmbeddedServer, database_url: str) -> None:
    name = psycopg.conninfo.conninfo_to_dict(database_url)["dbname"]
    with contract.session(database_url) as owner:
        platforms.create(owner)
    with exporting(database_url) as exporter, contract.session(server.url("postgres")) as admin:
        platforms.assert_intact(exporter.refresh())
        exporter.refresher.disconnect()
        admin.execute(f"CREATE DATABASE swapped TEMPLATE {name}".encode())
        with contract.session(server.url("swapped")) as owner:
            owner.execute("DELETE FROM campaign_monitoring.tasks WHERE status = 'completed'")
        admin.execute(f"ALTER DATABASE {name} RENAME TO away".encode())
        admin.execute(f"ALTER DATABASE swapped RENAME TO {name}".encode())
        try:
            assert "completed" not in exporter.refresh().by("campaign_tasks", "status", campaign="1")
        finally:
            exporter.refresher.disconnect()
            admin.execute("DROP DATABASE away")
