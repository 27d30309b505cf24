"""Limits that no table of the platform has are given by the configuration, and a table that tells goes before."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import psycopg
import pytest

from tests.support.contract import create, insert, session
from tests.support.exporting import NOW, Scrape, exporting

LIMITS = {"tenants": {"acme": 3}, "campaigns": {"1": 2, "*": 9}, "calls_per_minute": {"2": 30}}


def dialling(connection: psycopg.Connection[Any], **campaign: Any) -> None:
    """Two campaigns of a tenant; the first has two calls that go on, and more to call."""
    for key in ("1", "2"):
        row = {"campaign_id": key, "tenant_id": "acme", "name": key, "status": "running", "timezone": "UTC"}
        insert(connection, "campaigns", **row, **campaign)
    for place in range(4):
        status = "in_progress" if place < 2 else "pending"
        insert(
            connection, "tasks", task_id=str(place), campaign_id="1", status=status, attempts=0, max_attempts=3,
            created_at=NOW, updated_at=NOW,
        )  # fmt: skip
        if status == "in_progress":
            insert(
                connection, "calls", call_id=str(place), task_id=str(place), campaign_id="1", attempt=1,
                started_at=NOW - timedelta(seconds=5), outcome=status, created_at=NOW, updated_at=NOW,
            )  # fmt: skip


def limits(scrape: Scrape, campaign: str) -> dict[str, float]:
    return scrape.by("campaign_dispatch_slots_limit", "scope", campaign=campaign)


@pytest.mark.parametrize("shown", [True, False])
def test_what_no_view_tells_is_given_by_the_configuration(database_url: str, shown: bool) -> None:
    without = {} if shown else {"tenants": set[str](), "campaigns": {"concurrency_limit", "calls_per_minute"}}
    with session(database_url) as connection:
        create(connection, "text", without)
        if shown:
            insert(connection, "tenants", tenant_id="acme", name="Acme")
        dialling(connection)
        with exporting(database_url, limits=LIMITS) as exporter:
            scrape = exporter.refresh()
    assert {scope: limits(scrape, "1")[scope] for scope in ("tenant", "campaign")} == {"tenant": 3, "campaign": 2}
    assert limits(scrape, "2")["campaign"] == 9
    assert scrape.value("campaign_dispatch_slots_available", campaign="1") == 0


def test_a_view_that_tells_goes_before(database_url: str) -> None:
    with session(database_url) as connection:
        create(connection, "text")
        insert(connection, "tenants", tenant_id="acme", name="Acme", concurrency_limit=7)
        dialling(connection, concurrency_limit=6)
        with exporting(database_url, limits=LIMITS) as exporter:
            scrape = exporter.refresh()
    assert {scope: limits(scrape, "1")[scope] for scope in ("tenant", "campaign")} == {"tenant": 7, "campaign": 6}
