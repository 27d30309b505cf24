"""`check` sees times of a lost zone, calls that are told only when they are over, and calls of no task."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from exporter.commands.check.report import Finding, Level
from tests.commands.check.conftest import Check, Connection, found, problems
from tests.support.contract import insert

NOW = datetime.now(UTC)


def calls(owner: Connection, count: int = 40, **values: Any) -> None:
    """Answered calls of 50 seconds, the last of them ten minutes ago; an age moves a column by minutes."""
    for number in range(count):
        at = NOW - timedelta(minutes=10 + count - number)
        row: dict[str, Any] = {
            "call_id": 100 + number, "task_id": 1, "campaign_id": 7, "attempt": 1, "started_at": at,
            "answered_at": at + timedelta(seconds=10), "ended_at": at + timedelta(seconds=60), "talk_seconds": 50,
            "outcome": "answered", "created_at": at, "updated_at": at + timedelta(seconds=60),
        }  # fmt: skip
        moved = {name: row[name] + value if isinstance(value, timedelta) else value for name, value in values.items()}
        insert(owner, "calls", **{**row, **moved})


def told(check: Check, thing: str) -> Finding:
    return found(check(), "calls", thing)


def silent(check: Check) -> bool:
    things = ("started_at", "ended_at", "created_at", "task_id", "campaign_id", "outcome")
    return not [each for each in check().findings if each.about == "calls" and each.thing in things]


def test_calls_as_they_should_be_are_nothing_to_speak_of(owner: Connection, checked: Check) -> None:
    calls(owner)
    assert silent(checked)


def test_calls_that_start_in_the_future_are_a_problem(owner: Connection, checked: Check) -> None:
    calls(owner, started_at=timedelta(hours=2))
    finding = told(checked, "started_at")
    assert finding.level is Level.PROBLEM
    assert "40 of 41 calls start in the future, by up to 1 h" in finding.value


def test_a_clock_that_is_minutes_ahead_is_none(owner: Connection, checked: Check) -> None:
    calls(owner, 3, started_at=timedelta(minutes=14))
    assert "calls started_at" not in problems(checked())


def test_an_end_of_another_zone_is_seen_by_the_time_that_was_talked(owner: Connection, checked: Check) -> None:
    calls(owner, ended_at=timedelta(hours=6))
    finding = told(checked, "ended_at")
    assert finding.level is Level.PROBLEM
    assert "40 of 40 answered calls are longer than their talk_seconds, by 6 h" in finding.value


def test_without_the_time_that_was_talked_nothing_is_said_of_long_calls(owner: Connection, checked: Check) -> None:
    calls(owner, ended_at=timedelta(hours=6), talk_seconds=None)
    assert "calls ended_at" not in problems(checked())


def test_milliseconds_of_talk_are_seen(owner: Connection, checked: Check) -> None:
    calls(owner, talk_seconds=50_000)
    finding = told(checked, "talk_seconds")
    assert finding.value == "more than the call lasted in 40 of 40 answered calls"


def test_an_old_list_is_no_wrong_view(owner: Connection, checked: Check) -> None:
    calls(owner, eligible_at=NOW - timedelta(days=40))
    assert "calls eligible_at" not in problems(checked())


def test_times_that_make_no_sense_in_most_rows_are_a_problem_in_some_advice(owner: Connection, checked: Check) -> None:
    calls(owner, ended_at=timedelta(hours=-2))
    assert told(checked, "ended_at").level is Level.PROBLEM
    owner.execute("UPDATE campaign_monitoring.calls SET ended_at = started_at WHERE call_id > 110")
    assert told(checked, "ended_at").level is Level.ADVICE


def test_calls_that_are_told_only_when_they_are_over_are_named_with_what_is_lost(
    owner: Connection, checked: Check
) -> None:
    calls(owner, created_at=timedelta(seconds=61))
    finding = told(checked, "created_at")
    assert finding.level is Level.ADVICE
    assert "calls are told only when they are over" in finding.value
    owner.execute("UPDATE campaign_monitoring.calls SET outcome = 'in_progress' WHERE call_id = 139")
    assert silent(checked)


def test_calls_of_no_task_are_a_problem(owner: Connection, checked: Check) -> None:
    owner.execute("DELETE FROM campaign_monitoring.calls")
    calls(owner, task_id=None)
    assert told(checked, "task_id").value == "null in all of 40 rows that were looked at: no call is of a task"


def test_calls_of_no_campaign_are_told_apart_from_those_of_one_that_is_not_there(
    owner: Connection, checked: Check
) -> None:
    calls(owner)
    owner.execute("UPDATE campaign_monitoring.calls SET campaign_id = NULL WHERE call_id BETWEEN 100 AND 104")
    finding = told(checked, "campaign_id")
    assert (finding.level, finding.value) == (
        Level.ADVICE, "5 rows of no campaign (null), which are not counted",
    )  # fmt: skip
    owner.execute("UPDATE campaign_monitoring.calls SET campaign_id = 99 WHERE campaign_id IS NULL")
    finding = told(checked, "campaign_id")
    assert finding.value == "5 rows of a campaign that does not exist, which are not counted"
    assert "delete" not in finding.remedy


def test_an_outcome_that_is_null_is_called_so(owner: Connection, checked: Check) -> None:
    calls(owner, 5, outcome=None)
    assert "null" in told(checked, "outcome").value
