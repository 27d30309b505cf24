"""Slots come back when their minute does, and not before their time."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from exporter.ledger.timers import Agenda


def put(agenda: Agenda, due: dict[int, float]) -> None:
    """Note slots by the time they are due."""
    agenda.put(np.array(list(due), np.int64), np.array(list(due.values()), np.float64))


def test_a_slot_comes_in_the_minute_in_which_it_is_due() -> None:
    agenda = Agenda()
    put(agenda, {1: 119.0, 2: 120.0, 3: 185.0})
    assert agenda.pop(59.0).tolist() == []
    assert agenda.pop(60.0).tolist() == [1]
    assert agenda.pop(185.0).tolist() == [2, 3]
    assert agenda.pop(1e9).tolist() == []


def test_what_is_never_due_is_not_noted() -> None:
    agenda = Agenda()
    put(agenda, {1: np.inf, 2: np.nan, 3: -np.inf})
    assert agenda.pop(1e12).tolist() == []


def test_a_slot_noted_twice_comes_once() -> None:
    agenda = Agenda()
    put(agenda, {1: 100.0})
    put(agenda, {1: 70.0})
    assert agenda.pop(61.0).tolist() == [1]


def test_what_is_due_later_in_this_minute_comes_again() -> None:
    agenda = Agenda()
    put(agenda, {1: 70.0, 2: 90.0})
    slots = agenda.pop(75.0)
    agenda.put_back(slots, np.array([70.0, 90.0]), 75.0)
    assert agenda.pop(76.0).tolist() == [2]


def test_what_moved_to_another_minute_is_not_put_back() -> None:
    agenda = Agenda()
    put(agenda, {1: 70.0})
    agenda.put_back(agenda.pop(65.0), np.array([500.0]), 65.0)
    assert agenda.pop(1e9).tolist() == []


def test_times_before_1970_are_due_at_once() -> None:
    agenda = Agenda()
    put(agenda, {1: -1e9, 2: -0.5})
    assert agenda.pop(0.0).tolist() == [1, 2]


@given(st.dictionaries(st.integers(0, 100), st.floats(0, 10_000), max_size=40), st.lists(st.floats(0, 11_000)))
def test_no_slot_is_lost_and_none_comes_in_an_earlier_minute(due: dict[int, float], looks: list[float]) -> None:
    agenda = Agenda()
    put(agenda, due)
    seen: set[int] = set()
    for now in sorted(looks):
        for slot in agenda.pop(now).tolist():
            assert due[slot] // 60 <= now // 60
            seen.add(slot)
        assert seen >= {slot for slot, at in due.items() if at <= now}
