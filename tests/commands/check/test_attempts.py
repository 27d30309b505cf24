"""`check` sees tasks that have fewer attempts than calls, and says what is likely counted instead."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from exporter.commands.check import attempts
from exporter.commands.check.report import Finding, Level
from tests.commands.check.conftest import Check, Connection, add_task, found
from tests.support.contract import insert

NOW = datetime.now(UTC)


def called(
    owner: Connection, tasks: int, attempts: int, *outcomes: str, status: str = "failed", ago: timedelta | None = None,
    retries: int | None = None, first: int = 100,
) -> None:  # fmt: skip
    """So many tasks with these attempts, each with calls that ended so."""
    at = NOW - (ago or timedelta(hours=3))
    for task in range(first, first + tasks):
        add_task(owner, task_id=task, status=status, attempts=attempts, max_attempts=9, system_retries=retries)
        for number, outcome in enumerate(outcomes, 1):
            insert(
                owner, "calls", call_id=task * 10 + number, task_id=task, campaign_id=7, attempt=number,
                outcome=outcome, started_at=at, created_at=at, updated_at=at,
            )  # fmt: skip


def said(check: Check) -> list[Finding]:
    return [each for each in check().findings if (each.about, each.thing) == ("tasks", "attempts")]


def test_retries_that_are_shown_as_attempts_are_told_with_what_to_show(owner: Connection, checked: Check) -> None:
    called(owner, 30, 1, "busy", "no_answer")
    called(owner, 10, 2, "busy", "no_answer", first=200)
    finding = found(checked(), "tasks", "attempts")
    assert finding.level is Level.PROBLEM
    assert finding.value == (
        "31 of 41 tasks have fewer attempts than calls that are over, most of them by one: it seems to count retries"
    )
    assert "attempts = retries + 1" in finding.remedy


def test_attempts_that_nobody_counts_are_told_so(owner: Connection, checked: Check) -> None:
    called(owner, 30, 0, "busy", "no_answer")
    assert found(checked(), "tasks", "attempts").value.endswith("calls that are over: it is 0 in all of them")


def test_attempts_that_begin_anew_are_a_round_of_their_own(owner: Connection, checked: Check) -> None:
    called(owner, 30, 1, "busy", "busy", "busy", "busy")
    finding = found(checked(), "tasks", "attempts")
    assert finding.value.endswith("than calls that are over")
    assert "let each round be a task" in finding.remedy


def test_a_handful_of_odd_tasks_is_no_finding(owner: Connection, checked: Check) -> None:
    called(owner, 10, 1, "busy", "no_answer")
    called(owner, 30, 2, "busy", "no_answer", first=200)
    assert said(checked) == []


def test_a_small_share_of_many_is_none_either(owner: Connection, checked: Check) -> None:
    called(owner, 25, 1, "busy", "no_answer")
    called(owner, 120, 2, "busy", "no_answer", first=200)
    assert said(checked) == []


def test_calls_that_failed_or_go_on_or_were_just_made_need_be_no_attempt(owner: Connection, checked: Check) -> None:
    called(owner, 30, 1, "failed", "busy", "in_progress")
    called(owner, 30, 0, "busy", ago=timedelta(minutes=5), first=200)
    assert said(checked) == []


def test_what_the_platform_tried_again_by_itself_is_no_attempt(owner: Connection, checked: Check) -> None:
    called(owner, 30, 1, "busy", "busy", retries=1)
    assert said(checked) == []


def test_completed_tasks_without_an_attempt_are_told_where_the_others_agree(owner: Connection, checked: Check) -> None:
    called(owner, 30, 0, "answered", status="completed")
    called(owner, 10, 1, "answered", status="completed", first=200)
    called(owner, 130, 1, "busy", first=300)
    finding = found(checked(), "tasks", "attempts")
    assert finding.level is Level.PROBLEM
    assert finding.value.startswith("30 of 40 completed tasks with calls that are over have 0 attempts")


def test_a_handful_of_completed_ones_is_none(owner: Connection, checked: Check) -> None:
    called(owner, 10, 0, "answered", status="completed")
    called(owner, 130, 1, "busy", first=300)
    assert said(checked) == []


def test_completed_ones_of_which_no_call_is_known_may_have_none(owner: Connection, checked: Check) -> None:
    called(owner, 40, 0, status="completed")
    called(owner, 30, 1, "busy", first=300)
    assert said(checked) == []


def test_a_small_share_of_completed_ones_is_none_either(owner: Connection, checked: Check) -> None:
    called(owner, 25, 0, "answered", status="completed")
    called(owner, 120, 1, "answered", status="completed", first=300)
    assert said(checked) == []


def test_a_task_of_which_nobody_tells_the_attempts_is_not_compared(owner: Connection, checked: Check) -> None:
    called(owner, 30, 1, "busy")
    owner.execute("UPDATE campaign_monitoring.tasks SET attempts = NULL WHERE task_id = 100")
    assert [each.value.partition(":")[0] for each in said(checked)] == [
        "1 row has null, where there must be a value"
    ]  # fmt: skip


def test_tasks_that_no_index_finds_are_not_looked_up(
    owner: Connection, checked: Check, monkeypatch: pytest.MonkeyPatch
) -> None:
    called(owner, 30, 0, "busy")
    monkeypatch.setattr(attempts, "MOST_COST", 0.0)
    assert said(checked) == []
