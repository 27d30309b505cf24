"""What a dialler's codes are taken for."""

from __future__ import annotations

import pytest

from exporter.commands.adopt.meanings import TRIED, meant
from exporter.commands.adopt.words import words


@pytest.mark.parametrize(
    ("relation", "code", "meaning"),
    [
        ("tasks", "do_not_call", "cancelled"),
        ("tasks", "not_reached", TRIED),
        ("tasks", "not_answered", TRIED),
        ("tasks", "not_interested", "completed"),
        ("tasks", "not_started", "pending"),
        ("tasks", "not called", "pending"),
        ("tasks", "active_paused", "pending"),
        ("tasks", "failed_will_retry", "pending"),
        ("tasks", "max_attempts_reached", "failed"),
        ("tasks", "Call abandoned", TRIED),
        ("tasks", "call_dropped", TRIED),
        ("tasks", "no_success", None),
        ("tasks", "incomplete", None),
        ("calls", "No answer busy signal", "busy"),
        ("calls", "no_answer", "no_answer"),
        ("calls", "no_route_destination", "failed"),
        ("calls", "amd_human", "answered"),
        ("calls", "amd_machine", "voicemail"),
        ("calls", "no_success", None),
        ("calls", "incomplete", "failed"),
        ("campaigns", "not_active", None),
        ("campaigns", "not_started", "scheduled"),
    ],
)
def test_a_code_that_denies_is_not_taken_for_what_it_denies(relation: str, code: str, meaning: str | None) -> None:
    assert meant(relation, code) == meaning


def test_a_word_that_ends_in_an_s_is_no_plural_by_that() -> None:
    assert words("previous_id") == ("previous", "id")
