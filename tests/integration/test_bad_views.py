"""A view that raises an error for one row costs that row, and no other: read whole, by change, or in totals."""

from __future__ import annotations

from typing import Any

import psycopg
import pytest

from exporter.contract.relations import RELATIONS
from exporter.errors import RowError
from tests.support import contract
from tests.support.exporting import NOW, Exporter, Scrape, exporting
from tests.support.platforms import SETTLED, assert_intact, call, task

Owner = psycopg.Connection[Any]

FAULTS = {
    "division by zero": "1 / ({key}::bigint - 7)",
    "a failed cast": "(CASE WHEN {key} = 7 THEN 'secret' ELSE '1' END)::int",
    "a number too large": "(CASE WHEN {key} = 7 THEN 1e30 ELSE 1 END)::bigint",
    "an exception of its own": "own_fault({key}::bigint)",
    "an exception with a code of its own": "coded_fault({key}::bigint)",
    "a subquery with two rows": "(SELECT 1 FROM generate_series(1, CASE WHEN {key} = 7 THEN 2 ELSE 1 END))",
    "a domain's check": "(CASE WHEN {key} = 7 THEN -1 ELSE 1 END)::not_negative::int",
    "a query with no row": "strict_fault({key}::bigint)",
    "an assertion": "assert_fault({key}::bigint)",
}
FUNCTIONS = """
CREATE DOMAIN not_negative AS int CHECK (VALUE >= 0);
CREATE FUNCTION own_fault(key bigint) RETURNS int LANGUAGE plpgsql STABLE AS $$
BEGIN IF key = 7 THEN RAISE EXCEPTION 'contact +49 151 2345678 has no zone'; END IF; RETURN 1; END $$;
CREATE FUNCTION coded_fault(key bigint) RETURNS int LANGUAGE plpgsql STABLE AS $$
BEGIN IF key = 7 THEN RAISE EXCEPTION 'no zone' USING ERRCODE = 'CR001'; END IF; RETURN 1; END $$;
CREATE FUNCTION strict_fault(key bigint) RETURNS int LANGUAGE plpgsql STABLE AS $$
DECLARE found_one int; BEGIN SELECT 1 INTO STRICT found_one WHERE key <> 7; RETURN found_one; END $$;
CREATE FUNCTION assert_fault(key bigint) RETURNS int LANGUAGE plpgsql STABLE AS $$
BEGIN ASSERT key <> 7, 'seven'; RETURN 1; END $$;
"""


def break_view(owner: Owner, relation: str, column: str, fault: str, key: str) -> None:
    """Put a view over the relation that cannot show `column` of the row with the key 7."""
    schema = contract.SCHEMA
    with owner.transaction():
        owner.execute(FUNCTIONS.encode())
        owner.execute(f"ALTER TABLE {schema}.{relation} RENAME TO {relation}_table".encode())
        names = [c.name for c in RELATIONS[relation].columns]
        wrong = f"CASE WHEN {fault.format(key=key)} IS NOT NULL THEN {column} END AS {column}"
        shown = ", ".join(wrong if name == column else name for name in names)
        owner.execute(f"CREATE VIEW {schema}.{relation} AS SELECT {shown} FROM {schema}.{relation}_table".encode())


def assert_others(scrape: Scrape) -> None:
    """All rows but the broken one count."""
    assert_intact(scrape)
    assert scrape.by("campaign_tasks", "status", campaign="2") == {"pending": 1}
    assert scrape.by("campaign_calls_total", "outcome", campaign="2") == {"answered": 1}
    assert scrape.by("campaign_call_cost_total", "component", campaign="2") == {"ai": 0.5, "telephony": 0.25}


@pytest.mark.parametrize("fault", FAULTS.values(), ids=FAULTS.keys())
@pytest.mark.parametrize("stamp", [NOW, SETTLED], ids=["live", "settled"])
def test_at_the_start_only_that_task_is_missing(owner: Owner, exporter: Exporter, fault: str, stamp: Any) -> None:
    task(owner, 7, 2, updated_at=stamp, status="completed")
    break_view(owner, "tasks", "attempts", fault, "task_id")
    assert_others(exporter.refresh())
    assert exporter.counted("rows_unreadable_total", relation="tasks") == 1
    assert_others(exporter.refresh())
    assert exporter.corrections() == 0


@pytest.mark.parametrize("column", ["outcome", "talk_seconds", "error_code"])
@pytest.mark.parametrize("connections", [1, 4])
def test_at_the_start_only_that_call_is_missing(owner: Owner, database_url: str, column: str, connections: int) -> None:
    call(owner, 7, 2, outcome="failed")  # of a call that was taken no error is looked at
    break_view(owner, "calls", column, FAULTS["division by zero"], "call_id")
    with exporting(database_url, database={"load_connections": connections}) as exporter:
        assert_others(exporter.refresh())
        assert exporter.counted("rows_unreadable_total", relation="calls") == 1
        assert_others(exporter.refresh())
        assert exporter.corrections() == 0


@pytest.mark.parametrize("fault", FAULTS.values(), ids=FAULTS.keys())
def test_among_the_changed_rows_only_that_one_is_missing(owner: Owner, exporter: Exporter, fault: str) -> None:
    break_view(owner, "calls", "talk_seconds", fault, "call_id")
    assert_others(exporter.refresh())
    owner.execute("ALTER TABLE campaign_monitoring.calls_table RENAME TO kept")
    for key in (7, 8):
        owner.execute(
            "INSERT INTO campaign_monitoring.kept (call_id, task_id, campaign_id, attempt, started_at, outcome, "
            "created_at, updated_at) VALUES (%s, 1, 2, 1, %s, 'busy', %s, %s)",
            (key, NOW, NOW, NOW),
        )
    scrape = exporter.refresh()
    assert_intact(scrape)
    assert scrape.by("campaign_calls_total", "outcome", campaign="2") == {"answered": 1, "busy": 1}
    # Once among the changed rows, and once as SQL cannot count the campaign, so that the audit reads it anew.
    assert exporter.counted("rows_unreadable_total", relation="calls") == 2
    exporter.refresh()
    assert exporter.corrections() == 0


@pytest.mark.parametrize("relation", ["campaigns", "numbers", "goals", "tenants"])
def test_in_a_small_relation_only_that_row_is_missing(owner: Owner, exporter: Exporter, relation: str) -> None:
    contract.insert(owner, "tenants", tenant_id=7, name="Seven", timezone="UTC")
    contract.insert(owner, "campaigns", campaign_id=7, tenant_id=7, name="Seven", status="running", timezone="UTC")
    contract.insert(owner, "goals", campaign_id=2, goal="sale", target=5, achieved=1)
    contract.insert(owner, "goals", campaign_id=7, goal="sale", target=5, achieved=1)
    contract.insert(owner, "numbers", number_id=7, tenant_id=7, connection_id=1, phone="+4931", status="active")
    columns = {"goals": ("target", "campaign_id"), "numbers": ("daily_cap", "number_id")}
    column, key = columns.get(relation, ("name", f"{relation[:-1]}_id"))
    break_view(owner, relation, column, FAULTS["division by zero"], key)
    scrape = exporter.refresh()
    assert_others(scrape)
    assert scrape.value("campaign_goal_target", campaign="2") == 5
    assert scrape.value("campaign_number_status", number="1", status="active") == 1
    assert len(scrape.of("campaign_tenant_info")) == (1 if relation == "tenants" else 2)
    assert len(scrape.of("campaign_info")) == (2 if relation == "campaigns" else 3)
    assert exporter.counted("rows_unreadable_total", relation=relation) == 1


def test_a_row_that_breaks_while_it_counts_keeps_what_it_counted(owner: Owner, exporter: Exporter) -> None:
    call(owner, 7, 2, outcome="busy", ai_cost=0, telephony_cost=0, updated_at=NOW, created_at=NOW)
    exporter.refresh()
    break_view(owner, "calls", "talk_seconds", FAULTS["division by zero"], "call_id")
    for _ in range(2):
        scrape = exporter.refresh()
        assert_intact(scrape)
        assert scrape.by("campaign_calls_total", "outcome", campaign="2") == {"answered": 1, "busy": 1}


def test_a_row_that_is_mended_counts_again(owner: Owner, exporter: Exporter) -> None:
    task(owner, 7, 2, status="completed", updated_at=NOW)
    break_view(owner, "tasks", "attempts", FAULTS["an exception of its own"], "task_id")
    assert_others(exporter.refresh())
    owner.execute(
        "CREATE OR REPLACE FUNCTION own_fault(key bigint) RETURNS int LANGUAGE plpgsql STABLE AS 'BEGIN RETURN 1; END'"
    )
    scrape = exporter.refresh()
    assert scrape.by("campaign_tasks", "status", campaign="2") == {"pending": 1, "completed": 1}


def test_a_function_that_must_always_run_makes_it_a_clear_problem(owner: Owner, exporter: Exporter) -> None:
    task(owner, 7, 2)
    break_view(owner, "tasks", "attempts", FAULTS["an exception of its own"], "task_id")
    owner.execute("ALTER FUNCTION own_fault VOLATILE")
    with pytest.raises(RowError, match="P0001"):
        exporter.refresh()
    owner.execute("ALTER FUNCTION own_fault STABLE")
    assert_others(exporter.refresh())


def test_a_view_that_cannot_even_name_its_rows_is_a_clear_problem(owner: Owner, exporter: Exporter) -> None:
    task(owner, 7, 2)
    schema = contract.SCHEMA
    owner.execute(f"ALTER TABLE {schema}.tasks RENAME TO tasks_table".encode())
    owner.execute(
        f"CREATE VIEW {schema}.tasks AS SELECT * FROM {schema}.tasks_table WHERE 1 / (task_id - 7) IS NOT NULL".encode()
    )
    with pytest.raises(RowError, match="division by zero"):
        exporter.refresh()
    owner.execute(f"DELETE FROM {schema}.tasks_table WHERE task_id = 7".encode())
    assert_others(exporter.refresh())
