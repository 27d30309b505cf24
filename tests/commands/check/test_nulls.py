"""`check` calls a null where a value must be a null, and says what such rows still count for."""

from __future__ import annotations

import pytest

from exporter.commands.check.nulls import _RULES
from exporter.commands.check.report import Level
from exporter.contract.relations import RELATIONS
from exporter.source.columns import RULES
from tests.commands.check.conftest import NOW, Check, Connection, add_task, found
from tests.support.contract import insert


def add_calls(owner: Connection, count: int, **values: object) -> None:
    for number in range(count):
        row = {"call_id": 100 + number, "task_id": 1, "campaign_id": 7, "attempt": 1, "started_at": NOW}
        insert(owner, "calls", **{**row, "outcome": "busy", "created_at": NOW, "updated_at": NOW, **values})


def test_calls_that_nobody_knows_the_start_of_are_nulls_that_count_by_outcome_alone(
    owner: Connection, checked: Check
) -> None:
    add_calls(owner, 30, started_at=None)
    finding = found(checked(), "calls", "started_at")
    assert finding.level is Level.PROBLEM
    assert finding.value == (
        "30 rows have null, where there must be a value: they count by outcome, but in no day or hour, nor for delays"
        " and ring times"
    )
    assert "coalesce(started_at, created_at)" in finding.remedy
    assert not [each for each in checked().findings if "makes no sense" in each.value]


def test_a_few_of_them_are_advice(owner: Connection, checked: Check) -> None:
    add_calls(owner, 3, started_at=None)
    assert found(checked(), "calls", "started_at").level is Level.ADVICE


def test_a_start_that_makes_no_sense_is_not_called_null(owner: Connection, checked: Check) -> None:
    add_calls(owner, 1, started_at="1960-01-01")
    assert found(checked(), "calls", "started_at").value == "1 row has a value that makes no sense and is left out"


def test_tasks_of_which_nobody_tells_the_attempts_are_told(owner: Connection, checked: Check) -> None:
    add_task(owner, task_id=2, attempts=None)
    assert found(checked(), "tasks", "attempts").value.startswith("1 row has null, where there must be a value")


@pytest.mark.parametrize("relation", _RULES)
def test_they_are_the_required_columns_of_which_a_row_is_read_without_a_value(relation: str) -> None:
    optional = {column.name for column in RELATIONS[relation].columns if column.optional}
    assert set(_RULES[relation]) == set(RULES[relation]) - optional - {"max_attempts", "attempts_made"}
