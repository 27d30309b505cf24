"""How many calls could be started, and where the pending tasks are held, step by step."""

from __future__ import annotations

from typing import Any

import pytest

from exporter.diagnosis.dispatch.verdict import diagnose
from tests.diagnosis.dispatch.situations import (
    HOUR,
    calls,
    campaign,
    carrier,
    carriers,
    held,
    line,
    schedule,
    silence,
    situation,
    tasks,
    tenant,
    window,
)

CLOSED = schedule(window("14:00", "18:00"))
CAPPED = (line("n1", today=78, daily_cap=80), line("n2", today=90, daily_cap=80))


@pytest.mark.parametrize(
    ("parts", "slots"),
    [
        ({}, 7),
        ({"campaign": campaign(concurrency_limit=3)}, 0),
        ({"campaign": campaign(concurrency_limit=None)}, 27),
        ({"campaign": campaign(concurrency_limit=None), "pool": None}, 37),
        ({"campaign": campaign(concurrency_limit=None), "pool": None, "tenant": None}, None),
        ({"tenant_in_progress": 38}, 2),
        ({"carriers": carriers(carrier(in_progress=29))}, 1),
        ({"campaign": campaign(calls_per_minute=6.0)}, 2),
        ({"campaign": campaign(calls_per_minute=4.0)}, 0),
        ({"campaign": campaign(calls_per_minute=0.5), "calls": silence(150)}, 1),
        ({"campaign": campaign(calls_per_minute=1.5), "calls": calls(started_last_minute=1)}, 1),
        ({"campaign": campaign(calls_per_minute=0.5), "calls": silence(100)}, 0),
        ({"pool": CAPPED}, 2),
        ({"pool": (*CAPPED, line("n3"))}, 7),
        ({"schedule": CLOSED}, 0),
        ({"schedule": None}, None),
        ({"campaign": campaign(status="other")}, None),
        ({"campaign": campaign(broken=frozenset({"concurrency_limit"}))}, 27),
        ({"tasks": tasks(0, waiting=5)}, 7),
        ({"campaign": campaign(concurrency_limit=1)}, 0),
        ({"campaign": campaign(concurrency_limit=2**62), "tenant": None, "carriers": {}}, 2**62),
    ],
    ids=str,
)
def test_slots_are_the_room_of_the_tightest_gate(parts: dict[str, Any], slots: float | None) -> None:
    found = diagnose(situation(**parts)).slots
    assert found == (slots if slots is None or slots < 2**53 else pytest.approx(slots))


def steps(**parts: Any) -> list[tuple[str, int]]:
    """The steps and, last, what can be dialled."""
    d = diagnose(situation(**parts))
    return [*((step.code, step.tasks) for step in d.waterfall), ("", d.dialable)]


def test_what_is_ready_and_has_room_can_be_dialled() -> None:
    assert steps(tasks=tasks(5)) == [("", 5)]


def test_retries_come_first_then_blockers_by_their_number() -> None:
    given = tasks(5, waiting=9, blocked={"dnc": 2, "invalid_number": 3, "consent_missing": 3})
    assert steps(tasks=given) == [
        ("retry_wait", 9),
        ("consent_missing", 3),
        ("invalid_number", 3),
        ("dnc", 2),
        ("", 5),
    ]


def test_a_closed_gate_holds_all_that_is_ready() -> None:
    assert steps(schedule=CLOSED) == [("outside_call_window", 20), ("", 0)]


def test_the_outermost_closed_gate_names_the_step() -> None:
    assert steps(schedule=CLOSED, campaign=campaign(status="paused")) == [("campaign_paused", 20), ("", 0)]


@pytest.mark.parametrize(
    ("parts", "code", "dialable"),
    [
        ({}, "campaign_concurrency", 7),
        ({"tenant_in_progress": 38}, "tenant_concurrency", 2),
        ({"campaign": campaign(calls_per_minute=6.0)}, "pacing", 2),
        ({"carriers": carriers(carrier(in_progress=29))}, "connection_limit", 1),
        ({"pool": CAPPED}, "number_daily_cap", 2),
    ],
)
def test_the_tightest_gate_holds_what_is_ready_beyond_its_room(parts: dict[str, Any], code: str, dialable: int) -> None:
    assert steps(**parts) == [(code, 20 - dialable), ("", dialable)]


def test_nothing_can_be_dialled_while_it_is_not_known_whether_it_may() -> None:
    assert steps(schedule=None, campaign=campaign(concurrency_limit=None), tenant=None, pool=None) == [
        ("unknown", 20),
        ("", 0),
    ]


def test_without_limits_all_that_is_ready_can_be_dialled() -> None:
    assert steps(campaign=campaign(concurrency_limit=None), tenant=tenant(concurrency_limit=None), carriers={}) == [
        ("", 20)
    ]


def test_nothing_pending_has_no_step() -> None:
    assert steps(tasks=tasks(0)) == [("", 0)]


def test_tasks_left_when_a_campaign_is_cancelled_are_held_by_that() -> None:
    assert steps(campaign=campaign(status="cancelled")) == [("cancelled", 20), ("", 0)]


def test_what_is_held_stays_held_whatever_gate_is_closed() -> None:
    found = steps(schedule=CLOSED, tasks=held("dnc", 4, ready=6), calls=silence(HOUR))
    assert found == [("dnc", 4), ("outside_call_window", 6), ("", 0)]
