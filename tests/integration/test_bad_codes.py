"""Codes and texts that nobody agreed on: kept when they look like a code, `other` when not, counted, never a crash."""

from __future__ import annotations

from typing import Any

import psycopg
import pytest

from tests.support import contract
from tests.support.exporting import NOW, Exporter
from tests.support.platforms import assert_intact, call, campaign, task

Owner = psycopg.Connection[Any]
LONG = "x" * 10_000
HOSTILE = {
    "newline": 'a\nb{c="d"} 1\n# EOF\n',
    "quote": 'a"} 1',
    "backslash": "a\\",
    "backslash and n": "a\\n",
    "10 kB": LONG,
    "control characters": "\x01\x1b[31m\x7f",
    "line separators": "a\u2028b\u0085c\rd\x0be",
    "emoji and combining": "👩🏽\u200d🚀e\u0301",
    "right to left": "\u202eabc",
    "blank": "  ",
    "empty": "",
}


def test_an_unknown_or_missing_task_status_is_other_and_counted(owner: Owner, exporter: Exporter) -> None:
    task(owner, 2, 2, status="frozen")
    task(owner, 3, 2, status=None)
    scrape = exporter.refresh()
    assert_intact(scrape)
    assert scrape.by("campaign_tasks", "status", campaign="2") == {"pending": 1, "other": 2}
    assert exporter.violations() == {("tasks", "status", "unknown_code"): 2}


def test_an_unknown_or_missing_outcome_is_other_and_counted(owner: Owner, exporter: Exporter) -> None:
    call(owner, 2, 2, outcome="abducted")
    call(owner, 3, 2, outcome=None)
    scrape = exporter.refresh()
    assert_intact(scrape)
    assert scrape.by("campaign_calls_total", "outcome", campaign="2") == {"answered": 1, "other": 2}
    assert scrape.by("campaign_call_cost_total", "component", campaign="2") == {"ai": 1.5, "telephony": 0.75}
    assert exporter.violations() == {("calls", "outcome", "unknown_code"): 2}


def test_an_unknown_blocker_keeps_its_name_in_the_group_unknown(owner: Owner, exporter: Exporter) -> None:
    task(owner, 2, 2, blocker="solar_flare")
    scrape = exporter.refresh()
    assert_intact(scrape)
    assert scrape.by("campaign_tasks_blocked", "blocker", campaign="2") == {"none": 1, "solar_flare": 1}
    assert scrape.value("campaign_tasks_blocked", campaign="2", blocker="solar_flare", group="unknown") == 1
    assert exporter.violations() == {("tasks", "blocker", "unknown_code"): 1}


def test_a_blocker_in_words_is_that_of_the_vocabulary_however_it_is_read(owner: Owner, exporter: Exporter) -> None:
    task(owner, 2, 2, blocker="Outside Call Window")
    exporter.refresh()
    task(owner, 3, 2, blocker="outside-call-window", updated_at=NOW, created_at=NOW)
    scrape = exporter.refresh()
    assert scrape.value("campaign_tasks_blocked", campaign="2", blocker="outside_call_window", group="window") == 2
    assert exporter.violations() == {}
    assert exporter.corrections() == 0


def test_an_error_in_words_has_a_short_label(owner: Owner, exporter: Exporter) -> None:
    call(owner, 2, 2, outcome="failed", error_code="HTTP 429 Too Many Requests")
    call(owner, 3, 2, outcome="failed", error_code="HTTP 429", task_id=None)
    scrape = exporter.refresh()
    assert scrape.by("campaign_call_errors_total", "code", campaign="2") == {"http_429": 2}
    assert scrape.by("campaign_call_errors_total", "fault", campaign="2") == {"provider_throttled": 2}
    assert exporter.violations() == {}
    assert exporter.corrections() == 0


def test_a_blocker_that_is_no_code_is_other(owner: Owner, exporter: Exporter) -> None:
    task(owner, 2, 2, blocker="call +49 151 2345678 again")
    scrape = exporter.refresh()
    assert scrape.by("campaign_tasks_blocked", "blocker", campaign="2") == {"none": 1, "other": 1}
    assert exporter.violations() == {("tasks", "blocker", "unknown_code"): 1}


def test_an_unknown_campaign_status_is_other_and_its_rows_count(owner: Owner, exporter: Exporter) -> None:
    owner.execute("UPDATE campaign_monitoring.campaigns SET status = 'on fire' WHERE campaign_id = 2")
    scrape = exporter.refresh()
    assert_intact(scrape)
    assert scrape.by("campaign_status", "status", campaign="2") == {"other": 1}
    assert scrape.by("campaign_tasks", "status", campaign="2") == {"pending": 1}
    assert exporter.violations() == {("campaigns", "status", "unknown_code"): 1}


@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE.keys())
def test_a_hostile_text_in_every_column_of_tasks_and_calls_costs_nobody_else(
    owner: Owner, exporter: Exporter, text: str
) -> None:
    exporter.refresh()
    stamp = {"updated_at": NOW, "created_at": NOW}
    task(owner, 2, 2, **stamp, status=text, blocker=text, disposition=text, variant=text, contact=text, phone=text)
    task(owner, 3, 2, **stamp, blocker=text)
    call(owner, 2, 2, **stamp, outcome=text, provider=text, error_code=text, sentiment=text, variant=text)
    changed = exporter.refresh()
    assert_intact(changed)
    assert sum(changed.by("campaign_tasks", "status", campaign="2").values()) == 3
    assert sum(changed.by("campaign_tasks_blocked", "blocker", campaign="2").values()) == 2
    assert sum(changed.by("campaign_calls_total", "outcome", campaign="2").values()) == 2
    assert changed.by("campaign_call_cost_total", "component", campaign="2") == {"ai": 1.0, "telephony": 0.5}
    assert exporter.refresh().samples == changed.samples
    assert exporter.corrections() == 0


@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE.keys())
def test_a_hostile_name_shows_on_one_line_and_costs_nobody_else(owner: Owner, exporter: Exporter, text: str) -> None:
    campaign(owner, "3", name=text, agent=text, pause_reason=text, status="paused", currency=text, timezone=text)
    contract.insert(owner, "goals", campaign_id=3, goal=text, target=5, achieved=1)
    contract.insert(owner, "variants", campaign_id=3, variant=text, agent=text, weight=5)
    contract.insert(owner, "tenants", tenant_id=2, name=text, timezone=text)
    contract.insert(owner, "connections", connection_id=2, tenant_id=2, provider=text)
    contract.insert(
        owner, "numbers", number_id=2, tenant_id=2, connection_id=2, phone=text, label=text, country=text, status=text
    )
    contract.insert(
        owner, "audience_uploads", upload_id=2, campaign_id=3, filename=text, status=text, error=text, uploaded_at=NOW
    )
    scrape = exporter.refresh()
    assert_intact(scrape)
    ((_, labels),) = (s for s in scrape.of("campaign_info", campaign="3"))
    shown = dict(labels)
    assert all(len(value) <= 200 and value.isprintable() for value in shown.values() if "\u200d" not in value)
    assert scrape.value("campaign_goal_target", campaign="3") == 5
    assert scrape.value("campaign_variant_weight", campaign="3") == 5
    assert scrape.value("campaign_audience_uploaded_timestamp_seconds", campaign="3") == NOW.timestamp()
    assert exporter.violations()[("campaigns", "timezone", "unknown_timezone")] == 1


def test_the_two_campaigns_of_one_name_stay_two(owner: Owner, exporter: Exporter) -> None:
    owner.execute("UPDATE campaign_monitoring.campaigns SET name = 'Twin'")
    scrape = exporter.refresh()
    assert_intact(scrape)
    assert scrape.value("campaign_info", campaign="1", name="Twin") == 1
    assert scrape.value("campaign_info", campaign="2", name="Twin") == 1


def test_more_dispositions_than_the_budget_fold_into_other_and_still_add_up(owner: Owner, exporter: Exporter) -> None:
    owner.execute(
        "INSERT INTO campaign_monitoring.tasks (task_id, campaign_id, status, disposition, attempts, max_attempts, "
        "created_at, updated_at) SELECT 100000 + n, 2, 'completed', 'd' || n, 1, 3, now(), now() "
        "FROM generate_series(1, 1500) AS n"
    )
    scrape = exporter.refresh()
    dispositions = scrape.by("campaign_task_dispositions", "disposition", campaign="2")
    assert len(dispositions) == 51
    assert sum(dispositions.values()) == 1_500
    assert exporter.counted("series_folded", family="campaign_task_dispositions") == 1_500 - 50
    assert_intact(scrape)
