"""A platform that has something to show in every part of a card: campaign 1, which others keep from dialling."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import psycopg
from psycopg import sql

from tests.support import contract, platforms
from tests.support.exporting import NOW

PERSON, PHONE, MAIL = "Erika Mustermann", "+49 151 12345678", "erika@example.org"
"""A contact: nothing that is served may hold any of it."""

DAY = timedelta(days=1)
RECENT = {"created_at": NOW, "updated_at": NOW, "started_at": NOW - timedelta(minutes=5)}


def create(connection: psycopg.Connection[Any]) -> None:
    """Campaigns 1 (running), 2 (goes first), 3 (paused) and 4 (completed); ids are text."""
    platforms.create(connection, "text")
    change(connection, "tenants", credits_remaining=50)
    change(connection, "connections", concurrency_limit=30, calls_per_second=5)
    change(
        connection, "campaigns", agent="ava", priority=5, started_at=NOW - DAY, concurrency_limit=10, max_attempts=3,
        scheduled_at=NOW - DAY, expires_at=NOW + DAY, timezone="Europe/Berlin", calls_per_minute=30,
    )  # fmt: skip
    change(connection, "tasks", contact=PERSON, phone=PHONE, disposition="agreed")
    platforms.campaign(connection, "2", name="Solar", priority=9)
    platforms.campaign(
        connection, "3", status="paused", paused_at=NOW - DAY, pause_reason=f"{MAIL} ({PHONE}) complained"
    )
    platforms.campaign(connection, "4", status="completed", ended_at=NOW - DAY)
    platforms.task(connection, "20", "2", contact=PERSON, phone=PHONE, status="in_progress")
    platforms.task(connection, "30", "3", contact=PERSON, phone=PHONE)
    platforms.task(connection, "10", "1", contact=PERSON, phone=PHONE, blocker="dnc", disposition=None)
    platforms.task(connection, "11", "1", contact=PERSON, phone=PHONE, blocker="tenant_concurrency", disposition=None)
    platforms.call(connection, "200", "2", outcome="in_progress", **RECENT)
    for index in range(3):
        platforms.call(connection, f"91{index}", "1", outcome="failed", error_code="sip_503", **RECENT)
    contract.insert(connection, "goals", campaign_id="1", goal="sale", target=10, achieved=4)
    for name in ("A", "B"):
        contract.insert(connection, "variants", campaign_id="1", variant=name, agent=f"ava-{name}", weight=50)
    more: dict[str, dict[str, Any]] = {"2": {"status": "flagged"}, "3": {"daily_cap": 0, "status": "active"}}
    for number, values in more.items():
        contract.insert(
            connection,
            "numbers",
            number_id=number,
            tenant_id="1",
            connection_id="1",
            phone=f"+4930{number}00",
            **values,
        )
    for number, weight in {"1": 10, "2": 10, "3": 10, "gone": 10}.items():
        contract.insert(connection, "campaign_numbers", campaign_id="1", number_id=number, weight=weight)
    contract.insert(
        connection, "agents", campaign_id="1", logged_in=22, free=20, on_call=1, paused=1, pause_reason="lunch",
        break_ends_at=NOW - DAY, dial_ratio=1.5,
    )  # fmt: skip
    contract.insert(
        connection, "audience_uploads", upload_id="1", campaign_id="1", filename="march.csv", size_bytes=2_000,
        rows_total=12, rows_accepted=10, rows_rejected=2, status="imported", uploaded_at=NOW - DAY,
    )  # fmt: skip


def change(connection: psycopg.Connection[Any], relation: str, **values: Any) -> None:
    """Set these columns in all rows of a relation."""
    columns = sql.SQL(", ").join(sql.SQL("{} = {}").format(sql.Identifier(name), sql.Placeholder()) for name in values)
    table = sql.Identifier(contract.SCHEMA, relation)
    connection.execute(sql.SQL("UPDATE {} SET {}").format(table, columns), list(values.values()))
