"""A platform in which all goes wrong at once, so that whatever rests on a column says something."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import psycopg

from tests.support import contract, platforms
from tests.support.exporting import NOW

Owner = psycopg.Connection[Any]
MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
TALKS, WAITS, FAILS, PAUSED, LATE, OVER = "1", "2", "3", "4", "5", "6"
STAFFED, ON_BREAK, NO_SHIFT, RECORDS = "7", "8", "9", "10"
"""Its campaigns: one that dials, and the calls are bad; one that is silent; one whose calls fail; a paused one that is
called all the same; one that did not start; one that is over. Then those of people: one in which calls are abandoned,
one on a break, one whose shift begins later. Last, one of which only who was called is known."""

SHUT = [{"days": ["mon", "tue", "wed", "thu", "fri", "sat", "sun"], "start": "11:55", "end": "20:00"}]
"""Windows that opened five minutes ago: calls before that were outside of them."""


def create(owner: Owner) -> None:
    """All relations, every column filled."""
    contract.create(owner, "text")
    contract.insert(
        owner, "tenants", tenant_id="1", name="Tenant", timezone="Europe/Berlin", concurrency_limit=500,
        credits_remaining=7.5,
    )  # fmt: skip
    for connection, limit in (("c1", 40), ("c2", 4)):
        contract.insert(
            owner, "connections", connection_id=connection, tenant_id="1", provider="acme", concurrency_limit=limit,
            calls_per_second=5,
        )  # fmt: skip
    numbers: dict[str, dict[str, Any]] = {
        "n1": {"status": "active", "daily_cap": 200},
        "n2": {"status": "active", "daily_cap": 5},
        "n3": {"status": "resting", "cooldown_until": NOW + HOUR},
        "n4": {"status": "active", "daily_cap": 200, "connection_id": "c2"},
    }
    for key, values in numbers.items():
        row = {"tenant_id": "1", "connection_id": "c1", "phone": f"+4930{key}", "label": f"Line {key}", "country": "DE"}
        contract.insert(owner, "numbers", number_id=key, **{**row, **values})
    _talks(owner)
    _waits(owner)
    _fails(owner)
    _idle(owner)
    _of_people(owner)
    for campaign in (TALKS, WAITS, FAILS):
        for number in numbers:
            contract.insert(owner, "campaign_numbers", campaign_id=campaign, number_id=number, weight=10)


def _campaign(owner: Owner, key: str, **values: Any) -> None:
    row = {
        "agent": "ava", "priority": 5, "scheduled_at": NOW - DAY, "started_at": NOW - DAY, "timezone": "Europe/Berlin",
        "call_windows": json.dumps(SHUT), "expires_at": NOW + DAY, "concurrency_limit": 60, "calls_per_minute": 90,
        "max_attempts": 3, "country_match": True, "currency": "EUR", "budget": 100,
    }  # fmt: skip
    platforms.campaign(owner, key, **{**row, **values})


def _called(owner: Owner, key: str, index: int, at: Any, **values: Any) -> None:
    row = {
        "task_id": f"{key}-{index}", "started_at": at, "created_at": at, "updated_at": at, "answered_at": at,
        "ended_at": at + MINUTE, "eligible_at": at - MINUTE,
    }  # fmt: skip
    platforms.call(owner, f"{key}:{index}", key, **{**row, **values})


def _talks(owner: Owner) -> None:
    """Calls go out, and everything is wrong with them."""
    _campaign(owner, TALKS, name="Talks")
    contract.insert(owner, "goals", campaign_id=TALKS, goal="sale", target=10, achieved=4)
    for arm in ("A", "B"):
        contract.insert(owner, "variants", campaign_id=TALKS, variant=arm, agent=f"ava-{arm}", weight=50)
    contract.insert(
        owner, "audience_uploads", upload_id="u1", campaign_id=TALKS, filename="march.csv", size_bytes=2_000,
        rows_total=100, rows_accepted=50, rows_rejected=50, status="imported", uploaded_at=NOW - DAY,
    )  # fmt: skip
    for index in range(120):  # of before, when all was well
        at = NOW - 3 * HOUR + index * timedelta(seconds=20)
        _called(owner, TALKS, index, at, number_id="n1", variant="AB"[index % 2], outcome="answered", ai_cost=0.01,
                telephony_cost=0.01, talk_seconds=60, sentiment="positive", score=80)  # fmt: skip
    for index in range(120, 180):
        at = NOW - 10 * MINUTE + (index - 120) * timedelta(seconds=9)
        silent = index % 2 == 0
        _called(owner, TALKS, index, at, number_id="n1", variant="AB"[index % 2], outcome="answered",
                agent_spoke_at=None if silent else at, talk_seconds=3 if silent else 40, sentiment="negative", score=9,
                ai_cost=2, telephony_cost=1)  # fmt: skip
    for index in range(180, 215):  # a bad number
        at = NOW - 9 * MINUTE + (index - 180) * timedelta(seconds=9)
        _called(owner, TALKS, index, at, number_id="n2", variant="A", outcome="no_answer", answered_at=None,
                agent_spoke_at=None, talk_seconds=None, sentiment=None, score=None)  # fmt: skip
    for index, task in enumerate(("1-9000", "1-9000", "1-9001")):
        _called(owner, TALKS, 300 + index, NOW - MINUTE, task_id=task, number_id="n4", outcome="in_progress",
                ended_at=None, ai_cost=None, telephony_cost=None)  # fmt: skip
    _tasks(owner, TALKS)
    for index in range(60):
        met = index % 3 == 0
        _task(owner, TALKS, 500 + index, status="completed", disposition="sold" if met else "declined", goal_met=met,
              variant="AB"[index % 2], system_retries=1, updated_at=NOW - HOUR - index * MINUTE,
              last_attempted_at=NOW - HOUR - index * MINUTE)  # fmt: skip


def _task(owner: Owner, campaign: str, index: int, **values: Any) -> None:
    row = {
        "number_id": "n1", "sticky": True, "contact": "c", "phone": "p", "variant": "A", "system_retries": 2,
        "next_eligible_at": NOW - HOUR, "last_attempted_at": NOW - HOUR, "created_at": NOW - DAY,
        "updated_at": NOW - HOUR,
    }  # fmt: skip
    platforms.task(owner, f"{campaign}-{9000 + index}", campaign, **{**row, **values})


def _tasks(owner: Owner, campaign: str) -> None:
    """Pending tasks of every kind, and some in progress."""
    for index in range(20):
        _task(owner, campaign, index, attempts=0)
    for index in range(20, 45):
        _task(owner, campaign, index, blocker="dnc")
    for index in range(45, 50):
        _task(owner, campaign, index, next_eligible_at=NOW + HOUR)
    for index in range(50, 75):
        _task(owner, campaign, index, attempts=3)
    for index in range(75, 80):
        _task(owner, campaign, index, attempts=3, max_attempts=None)
    for index in range(80, 83):
        _task(owner, campaign, index, status="in_progress", last_attempted_at=NOW - 2 * MINUTE, updated_at=NOW - MINUTE)


def _waits(owner: Owner) -> None:
    """Nothing is started, though tasks are ready."""
    _campaign(owner, WAITS, name="Waits", priority=9, calls_per_minute=None, concurrency_limit=None)
    _tasks(owner, WAITS)
    for index in range(40):
        _called(owner, WAITS, index, NOW - 2 * HOUR - index * MINUTE, number_id="n1")


def _fails(owner: Owner) -> None:
    """Nearly every call fails."""
    _campaign(owner, FAILS, name="Fails")
    _tasks(owner, FAILS)
    for index in range(40):
        failed: dict[str, Any] = {"outcome": "failed", "error_code": "sip_503", "provider": "acme", "answered_at": None}
        gone = {"outcome": "failed", "error_code": "sip_404", "provider": "acme", "answered_at": None}
        silent = {"agent_spoke_at": None, "talk_seconds": None, "sentiment": None, "score": None}
        values = (gone if index % 3 == 0 else failed) | silent if index % 10 else {}
        _called(owner, FAILS, index, NOW - 8 * MINUTE + index * timedelta(seconds=10), number_id="n1", **values)


def _of_people(owner: Owner) -> None:
    """People take the calls: some are free and calls are abandoned, all are on a break, or nobody is there yet."""
    evening = json.dumps(
        [{"days": ["mon", "tue", "wed", "thu", "fri", "sat", "sun"], "start": "18:00", "end": "20:00"}]
    )
    people: dict[str, dict[str, Any]] = {
        STAFFED: {"logged_in": 10, "free": 2, "on_call": 5, "paused": 3},
        ON_BREAK: {"logged_in": 4, "free": 0, "on_call": 0, "paused": 4, "break_ends_at": NOW + 20 * MINUTE},
        NO_SHIFT: {"logged_in": 0, "free": 0, "on_call": 0, "paused": 0},
    }
    for campaign, counts in people.items():
        _campaign(owner, campaign, name=f"People {campaign}", agent=None)
        _tasks(owner, campaign)
        reason = "lunch" if counts["paused"] else None
        shifts = {"pause_reason": reason, "shifts": evening, "dial_ratio": 2}
        contract.insert(owner, "agents", campaign_id=campaign, **{**shifts, **counts})
    for index in range(40):
        at = NOW - 10 * MINUTE + index * timedelta(seconds=9)
        heard = {"agent_spoke_at": at} if index % 4 == 0 else {"agent_spoke_at": None}
        gone = {"outcome": "abandoned", "talk_seconds": None, "sentiment": None} if index % 3 == 0 else {}
        _called(owner, STAFFED, index, at, number_id="n1", **{**heard, **gone})


def _idle(owner: Owner) -> None:
    """One that is paused, one that did not start, one that is over."""
    _campaign(
        owner, PAUSED, name="Paused", status="paused", paused_at=NOW - HOUR, pause_reason="Complaints",
        paused_by="platform",
    )  # fmt: skip
    _task(owner, PAUSED, 1)
    _called(owner, PAUSED, 1, NOW - 10 * MINUTE, number_id="n1")
    _campaign(owner, LATE, name="Late", status="scheduled", scheduled_at=NOW - HOUR, started_at=None)
    _task(owner, LATE, 1)
    _campaign(owner, OVER, name="Over", status="completed", ended_at=NOW - HOUR)
    _task(owner, OVER, 1)
    _called(owner, OVER, 1, NOW - 2 * HOUR, number_id="n1")
    _campaign(owner, RECORDS, name="Records", list_known=False)
    _task(owner, RECORDS, 1, status="completed")
    _called(owner, RECORDS, 1, NOW - 2 * HOUR, number_id="n1")
    for index, campaign in enumerate((TALKS, WAITS, PAUSED)):
        contract.insert(
            owner, "campaign_events", event_id=str(index), campaign_id=campaign, at=NOW - 2 * HOUR, kind="resumed",
            actor="anna", detail=json.dumps({}),
        )  # fmt: skip
