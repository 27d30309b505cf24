"""A counter never falls: a correction is held until the truth overtakes it, a purge is carried on top."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from exporter.metrics.counters import Counters

GROUP = ("campaign_calls_total", "1")
A, B = ("a",), ("b",)


def test_a_truth_that_grows_is_shown_as_it_is() -> None:
    counters = Counters()
    assert counters.show(GROUP, {A: 1}) == {A: 1}
    assert counters.show(GROUP, {A: 5, B: 2}) == {A: 5, B: 2}
    assert (counters.held, counters.carried) == (0, 0)


def test_a_correction_is_held_until_the_truth_overtakes_it() -> None:
    counters = Counters()
    counters.show(GROUP, {A: 10})
    assert counters.show(GROUP, {A: 7}) == {A: 10}
    assert counters.held == 1
    assert counters.show(GROUP, {A: 9}) == {A: 10}
    assert counters.show(GROUP, {A: 12}) == {A: 12}
    assert counters.held == 0


def test_what_a_purge_took_is_carried_and_what_comes_next_counts_at_once() -> None:
    counters = Counters()
    counters.show(GROUP, {A: 10, B: 3})
    counters.purged(GROUP, {A: 10, B: 3}, {A: 4})
    assert counters.show(GROUP, {A: 4}) == {A: 10, B: 3}
    assert counters.show(GROUP, {A: 5, B: 1}) == {A: 11, B: 4}
    assert (counters.held, counters.carried) == (0, 2)


def test_a_purge_of_what_was_never_shown_is_nothing() -> None:
    counters = Counters()
    counters.purged(GROUP, {A: 10}, {})
    assert counters.show(GROUP, {A: 1}) == {A: 1}
    counters.purged(GROUP, {B: 10}, {})
    assert counters.show(GROUP, {A: 1, B: 1}) == {A: 1, B: 1}


def test_a_series_that_was_shown_stays_when_its_truth_is_gone() -> None:
    counters = Counters()
    counters.show(GROUP, {A: 10})
    assert counters.show(GROUP, {}) == {A: 10}
    assert counters.held == 1


def test_an_owner_that_leaves_and_comes_back_begins_anew() -> None:
    counters = Counters()
    counters.show(GROUP, {A: 10})
    counters.show(("other", "2"), {A: 4})
    counters.show(GROUP, {A: 3})
    counters.leave("1")
    assert counters.held == 0
    assert counters.show(GROUP, {A: 3}) == {A: 3}
    assert counters.show(("other", "2"), {A: 3}) == {A: 4}


@given(st.lists(st.tuples(st.integers(0, 50), st.booleans()), max_size=30))
def test_no_history_of_corrections_and_purges_makes_it_fall(history: list[tuple[int, bool]]) -> None:
    counters = Counters()
    before, shown = 0, 0
    for truth, purge in history:
        if purge:
            counters.purged(GROUP, {A: before}, {A: truth})
        now = counters.show(GROUP, {A: truth})[A]
        assert now >= max(shown, truth)
        before, shown = truth, now
