"""Which column of a table stands for which of the contract."""

from __future__ import annotations

import pytest

from exporter.commands.adopt.catalogue import Column, Table
from exporter.commands.adopt.fields import fields


def named(relation: str, column: str, kind: str) -> set[str]:
    """What a column of that name and type stands for in a table of the relation."""
    table = Table(1, "public", relation, "r", None, {column: Column(column, kind, nullable=True, readable=True)})
    return set(fields(relation, table))


@pytest.mark.parametrize("column", ["due_date", "renewal_due_at", "next_visit_date", "next_review_at"])
def test_a_time_that_is_no_calls_is_not_when_a_contact_is_called_next(column: str) -> None:
    assert "next_eligible_at" not in named("tasks", column, "timestamptz")


@pytest.mark.parametrize("column", ["next_call_at", "next_attempt_at", "call_due_at", "retry_due_at"])
def test_when_a_contact_is_called_next_is_found(column: str) -> None:
    assert "next_eligible_at" in named("tasks", column, "timestamptz")


@pytest.mark.parametrize("column", ["connect_time", "connecttime", "call_connect", "bridged_at", "picked_up_at"])
def test_when_a_call_was_connected_is_when_it_was_answered(column: str) -> None:
    assert "answered_at" in named("calls", column, "timestamptz")


@pytest.mark.parametrize("column", ["recording_duration", "talk_timeout"])
def test_how_long_a_recording_or_a_limit_is_is_not_how_long_they_talked(column: str) -> None:
    assert "talk_seconds" not in named("calls", column, "int4")


def test_how_long_a_call_was_connected_is_how_long_they_talked() -> None:
    assert "talk_seconds" in named("calls", "connect_duration", "int4")
