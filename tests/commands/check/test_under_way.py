"""`check` sees calls that go on and are shown as over."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from exporter.commands.check import under_way
from exporter.commands.check.report import Finding, Level
from tests.commands.check.conftest import Check, Connection, add_task, found
from tests.support.contract import insert

NOW = datetime.now(UTC)
LONG_AGO, LATELY = timedelta(hours=3), timedelta(minutes=2)
_NUMBERS = iter(range(1_000, 1_000_000))


def calls(owner: Connection, count: int, ago: timedelta, *, ended: bool = True, **values: Any) -> None:
    """Answered calls that were started then."""
    for _ in range(count):
        at = NOW - ago
        row = {
            "call_id": next(_NUMBERS), "task_id": 1, "campaign_id": 7, "attempt": 1, "started_at": at,
            "ended_at": at + timedelta(seconds=60) if ended else None, "outcome": "answered", "created_at": at,
            "updated_at": at,
        }  # fmt: skip
        told = {name: value for name, value in {**row, **values}.items() if value is not None}
        insert(owner, "calls", **told)


def tasks(owner: Connection, count: int, ago: timedelta) -> None:
    """Tasks that are in progress since then."""
    for _ in range(count):
        add_task(
            owner, task_id=next(_NUMBERS), status="in_progress", attempts=1, last_attempted_at=NOW - ago,
            updated_at=NOW - ago,
        )  # fmt: skip


def said(check: Check) -> list[Finding]:
    return [each for each in check().findings if each.about == "calls" and each.thing in ("outcome", "ended_at")]


def test_a_result_that_is_only_for_now_is_told_by_the_end_that_only_new_calls_lack(
    owner: Connection, checked: Check
) -> None:
    calls(owner, 40, LONG_AGO)
    calls(owner, 5, LATELY)
    calls(owner, 3, LATELY, ended=False)
    finding = found(checked(), "calls", "outcome")
    assert finding.level is Level.PROBLEM
    assert finding.value == (
        "3 of 8 calls of the last 10 min are answered and have no ended_at, as older ones do: they seem to go on, with"
        " a result that is only for now, and none is in progress"
    )
    assert "in_progress while ended_at is null" in finding.remedy


def test_where_some_are_in_progress_it_is_advice(owner: Connection, checked: Check) -> None:
    calls(owner, 40, LONG_AGO)
    calls(owner, 3, LATELY, ended=False)
    calls(owner, 1, LATELY, ended=False, outcome="in_progress")
    assert found(checked(), "calls", "outcome").level is Level.ADVICE


def test_two_calls_without_an_end_say_nothing(owner: Connection, checked: Check) -> None:
    calls(owner, 40, LONG_AGO)
    calls(owner, 2, LATELY, ended=False)
    assert said(checked) == []


def test_where_older_ones_have_no_end_either_new_ones_say_nothing(owner: Connection, checked: Check) -> None:
    calls(owner, 40, LONG_AGO, ended=False, outcome="busy")
    calls(owner, 5, LATELY, ended=False, outcome="busy")
    assert said(checked) == []


def test_calls_of_long_ago_that_were_taken_and_never_ended_are_advice(owner: Connection, checked: Check) -> None:
    calls(owner, 40, LONG_AGO)
    calls(owner, 30, LONG_AGO, ended=False)
    finding = found(checked(), "calls", "ended_at")
    assert finding.level is Level.ADVICE
    assert finding.value.startswith("null in 31 of 71 calls that were taken over an hour ago")


def test_a_handful_whose_end_was_lost_is_none_and_an_end_that_nobody_tells_is_not_asked_for(
    owner: Connection, checked: Check
) -> None:
    calls(owner, 40, LONG_AGO)
    calls(owner, 10, LONG_AGO, ended=False)
    assert said(checked) == []
    owner.execute("UPDATE campaign_monitoring.calls SET ended_at = NULL")
    assert said(checked) == []


def test_tasks_in_progress_while_no_call_ever_is_are_told(owner: Connection, checked: Check) -> None:
    calls(owner, 25, LATELY)
    tasks(owner, 3, LATELY)
    finding = found(checked(), "calls", "outcome")
    assert finding.level is Level.PROBLEM
    assert finding.value == (
        "none is in_progress, though 3 tasks are and 25 calls were started in the last 10 min: a call that goes on"
        " seems to be shown as over"
    )
    owner.execute("UPDATE campaign_monitoring.calls SET ended_at = NULL")
    assert said(checked), "without ends too"


def test_one_call_in_progress_is_enough(owner: Connection, checked: Check) -> None:
    calls(owner, 25, LATELY)
    calls(owner, 1, LATELY, ended=False, outcome="in_progress")
    tasks(owner, 3, LATELY)
    assert said(checked) == []


def test_a_dialler_that_rests_or_tasks_that_hang_since_long_say_nothing(owner: Connection, checked: Check) -> None:
    calls(owner, 25, LONG_AGO)
    tasks(owner, 3, LATELY)
    assert said(checked) == []
    calls(owner, 25, LATELY)
    owner.execute("UPDATE campaign_monitoring.tasks SET last_attempted_at = now() - interval '1 day'")
    assert said(checked) == []


def test_calls_that_are_told_only_when_they_are_over_are_told_as_that_alone(owner: Connection, checked: Check) -> None:
    calls(owner, 25, LATELY, created_at=NOW)
    tasks(owner, 3, LATELY)
    assert said(checked) == []
    assert "only when they are over" in found(checked(), "calls", "created_at").value


def test_before_some_calls_are_old_nobody_knows_whether_ends_are_told(owner: Connection, checked: Check) -> None:
    calls(owner, 5, LATELY, ended=False, outcome="busy")
    assert said(checked) == []


def test_calls_that_nobody_took_need_no_end(owner: Connection, checked: Check) -> None:
    calls(owner, 40, LONG_AGO, outcome="busy")
    calls(owner, 40, LONG_AGO, ended=False, outcome="busy")
    assert said(checked) == []


def test_of_some_rows_out_of_many_nobody_knows_whether_any_call_goes_on(
    owner: Connection, checked: Check, monkeypatch: pytest.MonkeyPatch
) -> None:
    owner.execute("ALTER TABLE campaign_monitoring.calls DROP COLUMN updated_at")
    monkeypatch.setattr(under_way, "SAMPLE_ROWS", 50)
    for count, ago, ended in ((3, LATELY, False), (25, LONG_AGO, True), (30, LATELY, True)):
        calls(owner, count, ago, ended=ended, updated_at=None)
    tasks(owner, 3, LATELY)
    assert said(checked) == []
    monkeypatch.setattr(under_way, "SAMPLE_ROWS", 100)
    assert said(checked), "all of them are looked at"
