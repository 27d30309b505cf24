"""`check` sees tasks that are pending though their contact answered long ago."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from exporter.commands.check.report import Level
from tests.commands.check.conftest import Check, Connection, add_task, found
from tests.support.contract import insert

NOW = datetime.now(UTC)


def answered(owner: Connection, tasks: int, status: str, ago: timedelta) -> None:
    """So many tasks in this state, each with an answered call of then."""
    for number in range(tasks):
        add_task(owner, task_id=100 + number, status=status, attempts=1)
        insert(
            owner, "calls", call_id=100 + number, task_id=100 + number, campaign_id=7, attempt=1, outcome="answered",
            started_at=NOW - ago, created_at=NOW - ago, updated_at=NOW - ago,
        )  # fmt: skip


def said(check: Check) -> list[str]:
    return [each.value for each in check().findings if (each.about, each.thing) == ("tasks", "status")]


def test_a_state_that_never_follows_the_calls_is_asked_about(owner: Connection, checked: Check) -> None:
    answered(owner, 40, "pending", timedelta(hours=3))
    finding = found(checked(), "tasks", "status")
    assert finding.level is Level.ADVICE
    assert finding.value == "41 of 41 tasks with a call that was answered over an hour ago are pending still"


def test_tasks_that_are_over_agree_with_their_calls(owner: Connection, checked: Check) -> None:
    answered(owner, 40, "completed", timedelta(hours=3))
    assert said(checked) == []


def test_calls_of_just_now_say_nothing(owner: Connection, checked: Check) -> None:
    answered(owner, 40, "pending", timedelta(minutes=5))
    assert said(checked) == []
