"""A small platform whose every number is known by heart, for tests of what bad neighbours do to it."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import psycopg

from tests.support import contract
from tests.support.exporting import NOW, Scrape

SETTLED = NOW - timedelta(hours=2)
"""Longer ago than `settle_after`: such rows are counted but not remembered."""

TASK: dict[str, Any] = {
    "status": "pending", "attempts": 1, "max_attempts": 3, "created_at": SETTLED, "updated_at": SETTLED,
}  # fmt: skip
CALL: dict[str, Any] = {
    "task_id": 1, "attempt": 1, "number_id": 1, "variant": "A", "outcome": "answered", "provider": "acme",
    "eligible_at": SETTLED - timedelta(seconds=20), "started_at": SETTLED, "agent_spoke_at": SETTLED,
    "talk_seconds": 10, "ai_cost": 0.5, "telephony_cost": 0.25, "sentiment": "positive", "score": 50,
    "created_at": SETTLED, "updated_at": SETTLED,
}  # fmt: skip


def create(connection: psycopg.Connection[Any], id_type: str = "bigint") -> None:
    """The contract, a tenant, and campaign 1 with tasks and calls of every kind."""
    contract.create(connection, id_type)
    populate(connection)


def populate(connection: psycopg.Connection[Any]) -> None:
    """The rows of `create`."""
    contract.insert(connection, "tenants", tenant_id="1", name="Tenant", timezone="UTC", concurrency_limit=5)
    contract.insert(connection, "connections", connection_id="1", tenant_id="1", provider="acme")
    contract.insert(
        connection, "numbers", number_id="1", tenant_id="1", connection_id="1", phone="+4930", status="active"
    )
    campaign(connection, "1", budget=100)
    for status, number in (("pending", 3), ("in_progress", 2), ("completed", 4), ("failed", 1)):
        for index in range(number):
            task(connection, f"{len(status)}{number}{index}", "1", status=status)
    for index, outcome in enumerate(("answered", "answered", "busy", "in_progress")):
        call(connection, f"90{index}", "1", outcome=outcome)


def campaign(connection: psycopg.Connection[Any], key: str, **values: Any) -> None:
    """A running campaign of tenant 1."""
    row = {"tenant_id": "1", "name": f"Campaign {key}", "status": "running", "timezone": "UTC", "currency": "EUR"}
    contract.insert(connection, "campaigns", **{"campaign_id": key, **row, **values})


def task(connection: psycopg.Connection[Any], key: Any, campaign_id: Any, **values: Any) -> None:
    """A task that rests for two hours."""
    contract.insert(connection, "tasks", **{"task_id": key, "campaign_id": campaign_id, **TASK, **values})


def call(connection: psycopg.Connection[Any], key: Any, campaign_id: Any, **values: Any) -> None:
    """A good call that ended two hours ago."""
    contract.insert(connection, "calls", **{"call_id": key, "campaign_id": campaign_id, **CALL, **values})


def assert_intact(scrape: Scrape) -> None:
    """Campaign 1 shows exactly its own rows."""
    mine = {"tenant": "1", "campaign": "1"}
    assert scrape.by("campaign_tasks", "status", **mine) == {
        "pending": 3, "in_progress": 2, "completed": 4, "failed": 1,
    }  # fmt: skip
    assert scrape.by("campaign_tasks_blocked", "blocker", **mine) == {"none": 3}
    assert scrape.value("campaign_task_oldest_ready_timestamp_seconds", **mine) == SETTLED.timestamp()
    assert scrape.by("campaign_calls_total", "outcome", **mine) == {"answered": 2, "busy": 1}
    assert scrape.value("campaign_calls_in_progress", **mine) == 1
    assert scrape.by("campaign_call_cost_total", "component", **mine) == {"ai": 2.0, "telephony": 1.0}
    assert scrape.value("campaign_call_talk_seconds_count", **mine) == 2
    assert scrape.value("campaign_call_talk_seconds_sum", **mine) == 20
    assert scrape.value("campaign_call_score_sum", **mine) == 150
    assert scrape.value("campaign_call_dispatch_delay_seconds_sum", **mine) == 80
    assert scrape.by("campaign_number_calls_total", "outcome", number="1", **mine) == {"answered": 2, "busy": 1}
    assert scrape.value("campaign_variant_calls_total", variant="A", **mine) == 4
    assert scrape.value("campaign_budget", **mine) == 100
