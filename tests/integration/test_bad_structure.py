"""Relations and columns that are missing, of a wrong type, changed or taken away: named, and the rest works on."""

from __future__ import annotations

from typing import Any

import psycopg
import pytest
from structlog.testing import capture_logs

from exporter.contract.relations import RELATIONS
from exporter.errors import ContractError
from tests.support import contract, platforms
from tests.support.exporting import NOW, Exporter
from tests.support.platforms import assert_intact, call, campaign

Owner = psycopg.Connection[Any]
SMALL = [name for name, relation in RELATIONS.items() if relation.optional]
UNTOUCHED = ("campaign_events", "task_events", "dispatch_snapshots")


def run(owner: Owner, statement: str) -> None:
    """Run a statement with the schema on the path."""
    owner.execute(b"SET search_path = campaign_monitoring")
    owner.execute(statement.encode())


@pytest.mark.parametrize("relation", SMALL)
def test_without_an_optional_relation_the_rest_works(owner: Owner, exporter: Exporter, relation: str) -> None:
    run(owner, f"DROP TABLE {relation}")
    with capture_logs() as logs:
        scrape = exporter.refresh()
    assert_intact(scrape)
    problems = [entry["problem"] for entry in logs if entry["event"] == "contract"]
    assert len(problems) == 1
    assert problems[0].startswith(f"{relation}: the schema 'campaign_monitoring' has no such relation")
    assert RELATIONS[relation].without in problems[0]
    assert exporter.counted("relation_available", relation=relation) == 0
    assert exporter.violations() == {}


@pytest.mark.parametrize("relation", ["campaigns", "tasks", "calls", "numbers"])
def test_without_its_optional_columns_a_relation_is_read_and_all_are_named_in_one_line(
    database_url: str, exporter: Exporter, relation: str
) -> None:
    optional = [column.name for column in RELATIONS[relation].columns if column.optional]
    with contract.session(database_url) as owner, owner.transaction():
        contract.create(owner, without={relation: set(optional)})
    with capture_logs() as logs:
        exporter.refresh()
    problems = [entry["problem"] for entry in logs if entry["event"] == "contract"]
    assert len(problems) == 1
    assert problems[0].startswith(f"{relation}: without {', '.join(optional)}; lost: ")


def test_without_all_optional_columns_and_relations_tasks_and_calls_still_count(
    database_url: str, exporter: Exporter
) -> None:
    lacking = {r.name: {c.name for c in r.columns if c.optional} for r in RELATIONS.values() if not r.optional}
    with contract.session(database_url) as owner, owner.transaction():
        contract.create(owner, without={**{name: set() for name in SMALL}, **lacking})
        run(
            owner,
            "INSERT INTO campaigns VALUES (1, 1, 'C', 'running', 'UTC')",
        )
        run(
            owner,
            "INSERT INTO tasks VALUES (1, 1, 'pending', 0, 3, now()), (2, 1, 'completed', 1, 3, now())",
        )
        run(owner, "INSERT INTO calls VALUES (1, 2, 1, 1, now(), 'answered', now())")
    scrape = exporter.refresh()
    assert scrape.by("campaign_tasks", "status", campaign="1") == {"pending": 1, "completed": 1}
    assert scrape.by("campaign_calls_total", "outcome", campaign="1") == {"answered": 1}
    assert not scrape.of("campaign_call_errors_total")
    assert not scrape.of("campaign_call_talk_seconds")


@pytest.mark.parametrize("relation", ["campaigns", "tasks", "calls"])
def test_without_a_required_relation_the_problem_names_it(owner: Owner, exporter: Exporter, relation: str) -> None:
    run(owner, f"DROP TABLE {relation}")
    with pytest.raises(ContractError, match=rf"{relation}: .*create the view campaign_monitoring\.{relation}"):
        exporter.refresh()


@pytest.mark.parametrize(
    ("relation", "column"), [("campaigns", "timezone"), ("tasks", "created_at"), ("calls", "call_id")]
)
def test_without_a_required_column_nothing_is_exported_and_it_is_named(
    owner: Owner, exporter: Exporter, relation: str, column: str
) -> None:
    run(owner, f"ALTER TABLE {relation} DROP COLUMN {column}")
    with pytest.raises(ContractError, match=rf"{relation}\.{column}: missing; nothing can be exported without it"):
        exporter.refresh()


def test_without_a_required_column_an_optional_relation_is_left_out(owner: Owner, exporter: Exporter) -> None:
    run(owner, "ALTER TABLE numbers DROP COLUMN status")
    with capture_logs() as logs:
        scrape = exporter.refresh()
    assert_intact(scrape)
    assert not scrape.of("campaign_number_info")
    (entry,) = (entry for entry in logs if entry["event"] == "contract")
    assert entry["problem"].startswith("numbers.status: missing; the whole relation is left out")


@pytest.mark.parametrize(
    ("column", "typname", "wanted"),
    [
        ("created_at", "timestamp", "timestamptz"),
        ("created_at", "date", "timestamptz"),
        ("created_at", "bigint", "timestamptz"),
        ("attempts", "text", "one of int2, int4, int8, numeric"),
        ("task_id", "float8", "one of int2, "),
        ("status", "int4range", "one of text, "),
    ],
)
def test_a_required_column_of_a_wrong_type_is_named_with_both_types(
    owner: Owner, exporter: Exporter, column: str, typname: str, wanted: str
) -> None:
    run(owner, f"ALTER TABLE tasks DROP {column}, ADD {column} {typname}")
    found = {"bigint": "int8"}.get(typname, typname)
    with pytest.raises(ContractError, match=rf"tasks\.{column}: has the type {found}, not {wanted}"):
        exporter.refresh()


@pytest.mark.parametrize(
    ("column", "typname"),
    [
        ("ai_cost", "text"),
        ("ai_cost", "money"),
        ("talk_seconds", "interval"),
        ("answered_at", "timestamp"),
        ("score", "bool"),
    ],
)
def test_an_optional_column_of_a_wrong_type_counts_as_missing(
    owner: Owner, exporter: Exporter, column: str, typname: str
) -> None:
    run(owner, f"ALTER TABLE calls DROP {column}, ADD {column} {typname}")
    with capture_logs() as logs:
        scrape = exporter.refresh()
    assert scrape.by("campaign_calls_total", "outcome", campaign="1") == {"answered": 2, "busy": 1}
    assert next(e["problem"] for e in logs if e["event"] == "contract").startswith(f"calls.{column}: has the type")


@pytest.mark.parametrize("typname", ["float4", "float8", "int8", "numeric(12,4)"])
def test_amounts_may_be_of_any_number_type(owner: Owner, exporter: Exporter, typname: str) -> None:
    run(owner, f"ALTER TABLE calls ALTER talk_seconds TYPE {typname}, ALTER score TYPE {typname}")
    assert_intact(exporter.refresh())
    assert exporter.violations() == {}


@pytest.mark.parametrize("value", ["NaN", "Infinity", "-Infinity", "-1", "1e300"])
def test_odd_floats_are_out_of_range(owner: Owner, exporter: Exporter, value: str) -> None:
    run(owner, "ALTER TABLE calls ALTER ai_cost TYPE float8")
    call(owner, 7, 2, ai_cost=value)
    scrape = exporter.refresh()
    assert_intact(scrape)
    assert scrape.by("campaign_call_cost_total", "component", campaign="2") == {"ai": 0.5, "telephony": 0.5}
    assert exporter.violations() == {("calls", "ai_cost", "out_of_range"): 1}


def test_codes_may_be_enumerations_and_domains(owner: Owner, exporter: Exporter) -> None:
    run(owner, "CREATE TYPE outcome AS ENUM ('in_progress', 'answered', 'busy')")
    run(owner, "ALTER TABLE calls ALTER outcome TYPE outcome USING outcome::outcome")
    run(owner, "CREATE DOMAIN status AS varchar(20)")
    run(owner, "ALTER TABLE tasks ALTER status TYPE status")
    assert_intact(exporter.refresh())
    call(owner, 7, 2, outcome="busy", updated_at=NOW, created_at=NOW)
    assert exporter.refresh().by("campaign_calls_total", "outcome", campaign="2") == {"answered": 1, "busy": 1}
    assert exporter.corrections() == 0


def test_an_optional_relation_dropped_while_running_fails_once_and_takes_its_series(
    owner: Owner, exporter: Exporter
) -> None:
    contract.insert(owner, "goals", campaign_id=2, goal="sale", target=5, achieved=1)
    assert exporter.refresh().of("campaign_goal_target")
    run(owner, "DROP TABLE goals")
    with pytest.raises(psycopg.errors.UndefinedTable):
        exporter.refresh()
    scrape = exporter.refresh()
    assert_intact(scrape)
    assert not scrape.of("campaign_goal")


def test_a_column_dropped_while_running_fails_once_and_takes_its_series(owner: Owner, exporter: Exporter) -> None:
    call(owner, 7, 2, outcome="failed", error_code="486")
    assert exporter.refresh().of("campaign_call_errors_total")
    run(owner, "ALTER TABLE calls DROP COLUMN error_code")
    with pytest.raises(psycopg.errors.UndefinedColumn):
        exporter.refresh()
    scrape = exporter.refresh()
    assert_intact(scrape)
    assert not scrape.of("campaign_call_errors_total")
    assert scrape.by("campaign_calls_total", "outcome", campaign="2") == {"answered": 1, "failed": 1}


def test_a_required_relation_dropped_while_running_is_named_until_it_is_back(owner: Owner, exporter: Exporter) -> None:
    assert_intact(exporter.refresh())
    run(owner, "ALTER TABLE calls RENAME TO gone")
    with pytest.raises(psycopg.errors.UndefinedTable):
        exporter.refresh()
    for _ in range(2):
        with pytest.raises(ContractError, match="calls: the schema 'campaign_monitoring' has no such relation"):
            exporter.refresh()
    run(owner, "ALTER TABLE gone RENAME TO calls")
    assert_intact(exporter.refresh())


def test_columns_of_new_types_are_read_on_after_a_reconnect(owner: Owner, exporter: Exporter) -> None:
    exporter.refresh()
    run(owner, "ALTER TABLE calls ALTER number_id TYPE text, ALTER campaign_id TYPE text, ALTER call_id TYPE text")
    call(owner, "x7", "2", outcome="busy", updated_at=NOW, created_at=NOW)
    exporter.refresher.disconnect()
    for _ in range(2):
        scrape = exporter.refresh()
        assert_intact(scrape)
        assert scrape.by("campaign_calls_total", "outcome", campaign="2") == {"answered": 1, "busy": 1}
    assert exporter.corrections() == 0


def test_what_left_while_everything_was_read_anew_leaves_the_series(owner: Owner, exporter: Exporter) -> None:
    call(owner, 7, 2, outcome="in_progress")
    before = exporter.refresh()
    assert before.value("campaign_tenant_calls_in_progress", tenant="1") == 2
    run(owner, "ALTER TABLE calls DROP COLUMN sentiment")
    run(owner, "DELETE FROM campaigns WHERE campaign_id = 2")
    run(owner, "DELETE FROM tasks WHERE campaign_id = 1")
    with pytest.raises(psycopg.errors.UndefinedColumn):
        exporter.refresh()
    scrape = exporter.refresh()
    assert not scrape.of(campaign="2")
    assert scrape.by("campaign_tasks", "status", campaign="1") == {}
    assert scrape.value("campaign_tenant_calls_in_progress", tenant="1") == 1


@pytest.mark.parametrize("datestyle", ["German", "SQL, DMY", "Postgres"])
def test_the_way_a_database_writes_dates_does_not_matter(owner: Owner, exporter: Exporter, datestyle: str) -> None:
    name = owner.info.dbname
    campaign(owner, "3", started_at=NOW)
    run(owner, f"ALTER DATABASE {name} SET datestyle = '{datestyle}'")
    run(owner, f"ALTER DATABASE {name} SET timezone = 'Asia/Kathmandu'")
    run(owner, f"ALTER DATABASE {name} SET extra_float_digits = '-15'")
    scrape = exporter.refresh()
    assert_intact(scrape)
    assert scrape.value("campaign_started_timestamp_seconds", campaign="3") == NOW.timestamp()
    assert exporter.violations() == {}


def test_an_empty_platform_exports_nothing_and_works(database_url: str, exporter: Exporter) -> None:
    with contract.session(database_url) as owner:
        contract.create(owner)
        assert exporter.refresh().samples == {}
        platforms.populate(owner)
    assert_intact(exporter.refresh())
