"""How soon anybody could know that fewer calls are answered: no rule may be asked for more."""

from __future__ import annotations

import math

import pytest

from benchmarks.alerts.incident import Evidence, Incident
from benchmarks.alerts.limits import SURE, divergence, soonest


def falls(factor: float, calls: int = 180, answers: int = 72, kind: str = "answer_drop") -> Incident:
    evidence = Evidence(calls_before=calls, answers_before=answers)
    return Incident(kind, 0, 3600, {"campaign": "x", "factor": factor}, "x", evidence=evidence)


def test_a_call_tells_nothing_where_nothing_changed() -> None:
    assert divergence(0.4, 0.4) == 0


def test_calls_that_all_stay_unanswered_tell_as_much_as_that_is_unlikely() -> None:
    """At 40 % answered, n calls without an answer have the probability 0.6^n."""
    calls = soonest(falls(0.0))
    assert calls is not None
    assert 0.6 ** (3 * calls) == pytest.approx(SURE)


def test_three_calls_a_minute_of_which_40_percent_are_answered_tell_a_fall_to_8_percent_in_17_minutes() -> None:
    a_call = 0.08 * math.log(0.08 / 0.4) + 0.92 * math.log(0.92 / 0.6)
    assert soonest(falls(0.2)) == pytest.approx(math.log(1e6) / a_call / 3) == pytest.approx(17.4, abs=0.05)


def test_ten_times_the_calls_take_a_tenth_of_the_time() -> None:
    few, many = soonest(falls(0.2)), soonest(falls(0.2, calls=1800, answers=720))
    assert few is not None
    assert many == pytest.approx(few / 10)


@pytest.mark.parametrize("incident", [falls(0.2, answers=0), falls(0.2, 0, 0), falls(4.0, kind="cost_runaway")])
def test_nothing_is_said_without_calls_or_of_other_incidents(incident: Incident) -> None:
    assert soonest(incident) is None
