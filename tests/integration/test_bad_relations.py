"""Bad rows of the small relations, odd ids and duplicates: counted, left out, and nobody else's number moves."""

from __future__ import annotations

from collections import Counter
from typing import Any
from uuid import UUID

import psycopg
import pytest

from tests.support import contract, platforms
from tests.support.exporting import NOW, Exporter
from tests.support.platforms import assert_intact, call, campaign, task

Owner = psycopg.Connection[Any]
MOST = 2**63 - 1
ROWS: dict[str, dict[str, Any]] = {
    "tenants": {"tenant_id": 1, "name": "Tenant", "timezone": "UTC", "concurrency_limit": 5, "credits_remaining": 7},
    "campaigns": {
        "campaign_id": 3, "tenant_id": 1, "name": "C", "status": "running", "timezone": "UTC", "priority": 1,
        "scheduled_at": NOW, "started_at": NOW, "expires_at": NOW, "currency": "EUR", "budget": 5,
    },
    "goals": {"campaign_id": 2, "goal": "sale", "target": 10, "achieved": 3},
    "variants": {"campaign_id": 2, "variant": "A", "agent": "Ada", "weight": 100},
    "connections": {
        "connection_id": 2, "tenant_id": 1, "provider": "acme", "concurrency_limit": 3, "calls_per_second": 1,
    },
    "numbers": {
        "number_id": 2, "tenant_id": 1, "connection_id": 1, "phone": "+4930", "status": "active", "daily_cap": 90,
        "cooldown_until": NOW,
    },
    "campaign_numbers": {"campaign_id": 2, "number_id": 1, "weight": 3},
    "audience_uploads": {
        "upload_id": 1, "campaign_id": 2, "filename": "a.csv", "size_bytes": 9, "rows_total": 5, "rows_accepted": 4,
        "rows_rejected": 1, "status": "imported", "uploaded_at": NOW,
    },
}  # fmt: skip
BAD = [
    ("campaigns", "campaign_id", None, "null"),
    ("campaigns", "tenant_id", None, "null"),
    ("campaigns", "tenant_id", 99, "unknown_reference"),
    ("campaigns", "name", None, "null"),
    ("campaigns", "status", None, "null"),
    ("campaigns", "status", "Running", "unknown_code"),
    ("campaigns", "timezone", None, "null"),
    ("campaigns", "timezone", "Mars/Olympus_Mons", "unknown_timezone"),
    ("campaigns", "timezone", "../../../etc/passwd", "unknown_timezone"),
    ("campaigns", "timezone", "/etc/localtime", "unknown_timezone"),
    ("campaigns", "timezone", "America", "unknown_timezone"),
    ("campaigns", "timezone", "z" * 10_000, "unknown_timezone"),
    ("campaigns", "scheduled_at", "infinity", "out_of_range"),
    ("campaigns", "started_at", "0044-03-15 BC", "out_of_range"),
    ("campaigns", "expires_at", "1969-12-31", "out_of_range"),
    ("campaigns", "ended_at", "-infinity", "out_of_range"),
    ("campaigns", "budget", "NaN", "out_of_range"),
    ("campaigns", "budget", -1, "out_of_range"),
    ("campaigns", "budget", "1e400", "out_of_range"),
    ("campaigns", "call_windows", '{"days": "always"}', "wrong_shape"),
    ("campaigns", "call_windows", '[{"days": ["mon"], "start": "25:00", "end": "17:00"}]', "wrong_shape"),
    ("campaigns", "call_windows", '[{"days": ["someday"], "start": "09:00", "end": "17:00"}]', "wrong_shape"),
    ("campaigns", "call_windows", '"closed"', "wrong_shape"),
    ("campaigns", "call_windows", "[" * 5000 + "]" * 5000, "not_json"),
    ("tenants", "tenant_id", None, "null"),
    ("tenants", "name", None, "null"),
    ("tenants", "timezone", "Nowhere/Land", "unknown_timezone"),
    ("tenants", "concurrency_limit", -1, "out_of_range"),
    ("tenants", "credits_remaining", "Infinity", "out_of_range"),
    ("goals", "goal", None, "null"),
    ("goals", "goal", "call +49 151 2345678", "not_a_label"),
    ("goals", "target", None, "null"),
    ("goals", "achieved", -5, "out_of_range"),
    ("goals", "campaign_id", None, "null"),
    ("variants", "weight", "NaN", "out_of_range"),
    ("variants", "variant", "x" * 65, "not_a_label"),
    ("connections", "connection_id", None, "null"),
    ("connections", "provider", None, "null"),
    ("connections", "calls_per_second", "-0.5", "out_of_range"),
    ("numbers", "status", "melted", "unknown_code"),
    ("numbers", "connection_id", None, "null"),
    ("numbers", "phone", None, "null"),
    ("numbers", "daily_cap", -1, "out_of_range"),
    ("numbers", "cooldown_until", "infinity", "out_of_range"),
    ("campaign_numbers", "number_id", None, "null"),
    ("campaign_numbers", "weight", -1, "out_of_range"),
    ("audience_uploads", "status", "eaten", "unknown_code"),
    ("audience_uploads", "rows_total", -1, "out_of_range"),
    ("audience_uploads", "uploaded_at", "infinity", "out_of_range"),
    ("audience_uploads", "filename", None, "null"),
]


@pytest.mark.parametrize("relation", ROWS)
def test_bad_values_of_a_small_relation_are_counted_and_stand_alone(
    owner: Owner, exporter: Exporter, relation: str
) -> None:
    expected: Counter[tuple[str, str, str]] = Counter()
    for number, (_, column, value, rule) in enumerate(case for case in BAD if case[0] == relation):
        key = str(100 + number)
        if "campaign_id" in ROWS[relation] and relation != "campaigns":
            campaign(owner, key)
        own = {name: key for name in (next(iter(ROWS[relation])), "campaign_id") if name in ROWS[relation]}
        contract.insert(owner, relation, **{**ROWS[relation], **own, column: value})
        expected[(relation, column, rule)] += 1
    scrape = exporter.refresh()
    assert_intact(scrape)
    assert scrape.by("campaign_calls_total", "outcome", campaign="2") == {"answered": 1}
    assert exporter.violations() == expected


def test_windows_as_the_contract_says_are_no_violation(owner: Owner, exporter: Exporter) -> None:
    windows = (
        '[{"days": ["mon", "sun"], "start": "09:00", "end": "17:00"}, {"days": [], "start": "22:30", "end": "24:00"}]'
    )
    for key, value in (("3", windows), ("4", "[]"), ("5", "null"), ("6", None)):
        campaign(owner, key, call_windows=value)
    assert_intact(exporter.refresh())
    assert exporter.violations() == {}


@pytest.mark.parametrize("relation", [name for name in ROWS if name != "campaigns"])
def test_a_second_row_of_one_identity_is_counted_and_left_out(owner: Owner, exporter: Exporter, relation: str) -> None:
    if relation != "tenants":
        contract.insert(owner, relation, **ROWS[relation])
    before = exporter.refresh().of(campaign="2")
    contract.insert(owner, relation, **ROWS[relation])
    scrape = exporter.refresh()
    assert_intact(scrape)
    assert scrape.of(campaign="2") == before
    ((_, _, rule),) = exporter.violations()
    assert rule == "duplicate"


def test_a_campaign_shown_twice_counts_once(owner: Owner, exporter: Exporter) -> None:
    campaign(owner, "1", budget=100)
    assert_intact(exporter.refresh())
    assert exporter.violations() == {("campaigns", "campaign_id", "duplicate"): 1}


@pytest.mark.parametrize("key", [None, 77], ids=["null", "dangling"])
def test_tasks_and_calls_without_a_campaign_are_ignored_and_counted(owner: Owner, exporter: Exporter, key: Any) -> None:
    exporter.refresh()
    task(owner, 500, key, updated_at=NOW)
    call(owner, 500, key, updated_at=NOW)
    assert_intact(exporter.refresh())
    assert exporter.counted("rows_ignored_total", relation="tasks") >= 1
    assert exporter.counted("rows_ignored_total", relation="calls") >= 1
    assert exporter.corrections() == 0


def test_tasks_and_calls_without_an_id_are_ignored_and_counted(owner: Owner, exporter: Exporter) -> None:
    exporter.refresh()
    for _ in range(3):
        task(owner, None, 2, updated_at=NOW, created_at=NOW)
        call(owner, None, 2, updated_at=NOW, created_at=NOW)
    scrape = exporter.refresh()
    assert_intact(scrape)
    assert scrape.by("campaign_tasks", "status", campaign="2") == {"pending": 1}
    assert scrape.by("campaign_calls_total", "outcome", campaign="2") == {"answered": 1}
    assert exporter.counted("rows_ignored_total", relation="tasks") == 3
    assert exporter.counted("rows_ignored_total", relation="calls") == 3
    exporter.refresh()
    assert exporter.corrections() == 0


def test_a_changed_row_that_a_view_shows_twice_counts_once(owner: Owner, exporter: Exporter) -> None:
    exporter.refresh()
    for _ in range(2):
        call(owner, 2, 2, updated_at=NOW, created_at=NOW)
    scrape = exporter.refresh()
    assert_intact(scrape)
    assert exporter.counted("rows_ignored_total", relation="calls") >= 1


def test_ids_as_large_as_can_be_stay_exact(owner: Owner, exporter: Exporter) -> None:
    for key in (MOST, MOST - 1):
        campaign(owner, str(key), tenant_id=MOST)
        task(owner, key, key)
        call(owner, key, key, number_id=key, task_id=key)
    scrape = exporter.refresh()
    assert_intact(scrape)
    for key in (MOST, MOST - 1):
        assert scrape.by("campaign_tasks", "status", campaign=str(key), tenant=str(MOST)) == {"pending": 1}
        assert scrape.by("campaign_number_calls_total", "number", campaign=str(key)) == {str(key): 1}
    task(owner, MOST - 2, MOST, updated_at=NOW, created_at=NOW)
    scrape = exporter.refresh()
    assert scrape.by("campaign_tasks", "status", campaign=str(MOST)) == {"pending": 2}
    assert scrape.by("campaign_tasks", "status", campaign=str(MOST - 1)) == {"pending": 1}
    exporter.refresh()
    assert exporter.corrections() == 0


@pytest.mark.parametrize("key", [str(UUID(int=7)), 'a "b"\\', "x" * 128], ids=["uuid", "quotes", "128 characters"])
@pytest.mark.parametrize("id_type", ["text", "varchar", "uuid"])
def test_ids_may_be_texts_or_uuids(database_url: str, exporter: Exporter, id_type: str, key: str) -> None:
    one = str(UUID(int=1)) if id_type == "uuid" else "one"
    if id_type == "uuid":
        key = str(UUID(int=len(key)))
    with contract.session(database_url) as owner:
        contract.create(owner, id_type)
        for name in (one, key):
            campaign(owner, name, tenant_id=one)
            task(owner, name, name)
        exporter.refresh()
        call(owner, key, key, number_id=key, task_id=key, updated_at=NOW, created_at=NOW)
        scrape = exporter.refresh()
    assert scrape.by("campaign_tasks", "status", campaign=one) == {"pending": 1}
    assert scrape.by("campaign_tasks", "status", campaign=key) == {"pending": 1}
    assert scrape.by("campaign_number_calls_total", "number", campaign=key) == {key: 1}
    assert exporter.corrections() == 0


@pytest.mark.parametrize("bad", ["x" * 129, "a\nb", "\x01", ""], ids=["too long", "newline", "control", "empty"])
def test_a_campaign_whose_id_is_no_id_is_left_out_with_its_rows(
    database_url: str, exporter: Exporter, bad: str
) -> None:
    with contract.session(database_url) as owner:
        platforms.create(owner, "text")
        campaign(owner, bad)
        task(owner, bad, bad)
        call(owner, bad, bad, number_id=bad)
        scrape = exporter.refresh()
        assert_intact(scrape)
        assert exporter.violations() == {("campaigns", "campaign_id", "not_an_id"): 1}
        call(owner, bad * 2, "1", number_id=bad, task_id=bad, updated_at=NOW, created_at=NOW, outcome="voicemail")
        scrape = exporter.refresh()
    assert scrape.by("campaign_calls_total", "outcome", campaign="1") == {"answered": 2, "busy": 1, "voicemail": 1}


@pytest.mark.parametrize("relation", ["calls", "campaigns"])
@pytest.mark.parametrize("types", [("bigint", "text"), ("bigint", "int"), ("text", "varchar"), ("uuid", "text")])
def test_ids_of_one_thing_may_have_different_types_in_different_relations(
    database_url: str, exporter: Exporter, types: tuple[str, str], relation: str
) -> None:
    one, two = (str(UUID(int=1)), str(UUID(int=2))) if "uuid" in types else ("1", "2")
    with contract.session(database_url) as owner:
        contract.create(owner, types[0])
        owner.execute(f"ALTER TABLE campaign_monitoring.{relation} ALTER campaign_id TYPE {types[1]}".encode())
        for key in (one, two):
            campaign(owner, key, tenant_id=one)
            task(owner, key, key)
            call(owner, key, key, number_id=one, task_id=one)
        exporter.refresh()
        task(owner, two.replace("2", "3"), two, updated_at=NOW, created_at=NOW)
        scrape = exporter.refresh()
    assert scrape.by("campaign_tasks", "status", campaign=one) == {"pending": 1}
    assert scrape.by("campaign_tasks", "status", campaign=two) == {"pending": 2}
    assert scrape.by("campaign_calls_total", "outcome", campaign=two) == {"answered": 1}
    assert exporter.corrections() == 0


def test_ids_that_mean_nothing_to_a_narrower_type_have_no_rows(database_url: str, exporter: Exporter) -> None:
    with contract.session(database_url) as owner:
        contract.create(owner, "text")
        for relation in ("tasks", "calls"):
            owner.execute(f"ALTER TABLE campaign_monitoring.{relation} ALTER campaign_id TYPE int USING 0".encode())
        for key in ("1", "2-a", "²", str(MOST)):
            campaign(owner, key)
        task(owner, "1", 1)
        scrape = exporter.refresh()
    assert scrape.by("campaign_tasks", "status", campaign="1") == {"pending": 1}
    assert scrape.by("campaign_tasks", "status", campaign="2-a") == {}
