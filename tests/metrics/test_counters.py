"""A counter never falls: a correction is held until the truth overtakes it, a purge is carried on top.

That is so too for series that are not shown for a while.
"""

from __future__ import annotations

from enum import Enum

from hypothesis import given
from hypothesis import strategies as st

from exporter.metrics.counters import Counters
from exporter.metrics.departed import Departed

FAMILY, OWNER = "campaign_calls_total", ("t", "1")
A, B = ("a",), ("b",)


def show(counters: Counters, truth: dict[tuple[str, ...], int]) -> dict[tuple[str, ...], int]:
    """What the owner shows."""
    return counters.show(FAMILY, OWNER, truth)


def test_a_truth_that_grows_is_shown_as_it_is() -> None:
    counters = Counters()
    assert show(counters, {A: 1}) == {A: 1}
    assert show(counters, {A: 5, B: 2}) == {A: 5, B: 2}
    assert (counters.held, counters.carried) == (0, 0)


def test_a_correction_is_held_until_the_truth_overtakes_it() -> None:
    counters = Counters()
    show(counters, {A: 10})
    assert show(counters, {A: 7}) == {A: 10}
    assert counters.held == 1
    assert show(counters, {A: 9}) == {A: 10}
    assert show(counters, {A: 12}) == {A: 12}
    assert counters.held == 0


def test_what_a_purge_took_is_carried_and_what_comes_next_counts_at_once() -> None:
    counters = Counters()
    show(counters, {A: 10, B: 3})
    counters.purged(FAMILY, "1", {A: 10, B: 3}, {A: 4})
    assert show(counters, {A: 4}) == {A: 10, B: 3}
    assert show(counters, {A: 5, B: 1}) == {A: 11, B: 4}
    assert (counters.held, counters.carried) == (0, 2)


def test_a_purge_of_what_was_never_shown_is_nothing() -> None:
    counters = Counters()
    counters.purged(FAMILY, "1", {A: 10}, {})
    assert show(counters, {A: 1}) == {A: 1}
    counters.purged(FAMILY, "1", {B: 10}, {})
    assert show(counters, {A: 1, B: 1}) == {A: 1, B: 1}


def test_a_series_that_was_shown_stays_when_its_truth_is_gone() -> None:
    counters = Counters()
    show(counters, {A: 10})
    assert show(counters, {}) == {A: 10}
    assert counters.held == 1


def test_an_owner_that_comes_back_is_as_high_as_it_was_until_the_truth_overtakes() -> None:
    counters = Counters()
    show(counters, {A: 10, B: 0})
    counters.leave(OWNER)
    assert (counters.held, counters.carried) == (0, 0)
    assert show(counters, {A: 3}) == {A: 10}
    assert counters.held == 1
    assert show(counters, {A: 12}) == {A: 12}
    assert counters.held == 0


def test_an_owner_that_comes_back_carries_what_was_purged_before() -> None:
    counters = Counters()
    show(counters, {A: 10})
    counters.purged(FAMILY, "1", {A: 10}, {A: 4})
    show(counters, {A: 4})
    counters.leave(OWNER)
    assert (counters.held, counters.carried) == (0, 0)
    assert show(counters, {A: 5}) == {A: 11}
    assert (counters.held, counters.carried) == (0, 1)


def test_a_campaign_of_another_tenant_makes_series_of_its_own_and_back_again_they_are_as_high_as_they_were() -> None:
    counters = Counters()
    show(counters, {A: 10})
    counters.leave(OWNER)
    assert counters.show(FAMILY, ("t2", "1"), {A: 3}) == {A: 3}
    counters.leave(("t2", "1"))
    assert show(counters, {A: 4}) == {A: 10}


def test_what_is_purged_while_a_campaign_moves_is_carried_where_it_was_shown() -> None:
    counters = Counters()
    show(counters, {A: 10})
    counters.purged(FAMILY, "1", {A: 10}, {A: 4})  # before anybody noticed that it moved
    counters.leave(OWNER)
    assert counters.show(FAMILY, ("t2", "1"), {A: 4}) == {A: 4}
    counters.leave(("t2", "1"))
    assert show(counters, {A: 5}) == {A: 11}


def test_series_in_another_currency_are_hidden_and_not_forgotten() -> None:
    counters = Counters()
    euros, dollars = ("ai", "EUR"), ("ai", "USD")
    counters.show(FAMILY, OWNER, {euros: 10}, "EUR")
    counters.show(FAMILY, OWNER, {euros: 7}, "EUR")
    assert counters.held == 1
    assert counters.show(FAMILY, OWNER, {dollars: 7}, "USD") == {dollars: 7}
    assert counters.held == 0
    assert counters.show(FAMILY, OWNER, {euros: 8}, "EUR") == {euros: 10}
    assert counters.held == 1
    assert counters.show(FAMILY, OWNER, {dollars: 6}, "USD") == {dollars: 7}


def test_currencies_that_change_all_the_time_are_not_all_remembered() -> None:
    counters = Counters()
    for name in range(100):
        counters.show(FAMILY, OWNER, {(str(name),): 10}, str(name))
    assert counters.show(FAMILY, OWNER, {("98",): 1}, "98") == {("98",): 10}
    assert counters.show(FAMILY, OWNER, {("0",): 1}, "0") == {("0",): 1}


def test_who_has_a_series_is_remembered_too() -> None:
    counters = Counters()
    counters.kept(FAMILY, OWNER).add(A)
    counters.leave(OWNER)
    assert counters.had(FAMILY, OWNER) == set()
    assert counters.kept(FAMILY, OWNER) == {A}
    assert counters.had(FAMILY, OWNER) == {A}


def test_asking_what_an_owner_had_makes_none() -> None:
    counters = Counters()
    counters.had(FAMILY, OWNER)
    counters.purged(FAMILY, "1", {A: 10}, {})
    assert counters._owners == {}


def test_the_longest_gone_are_forgotten_first() -> None:
    departed = Departed(most=2_000)
    counters = Counters(departed)
    for campaign in range(50):
        counters.show(FAMILY, ("t", str(campaign)), {A: 10})
        counters.leave(("t", str(campaign)))
    assert 1 < len(departed) < 50
    assert departed.bytes <= 2_000
    assert counters.show(FAMILY, ("t", "49"), {A: 1}) == {A: 10}
    assert counters.show(FAMILY, ("t", "0"), {A: 1}) == {A: 1}


class Step(Enum):
    """What may happen to a campaign between two looks."""

    CHANGE = 1
    PURGE = 2
    LEAVE = 3
    MOVE = 4


@given(st.lists(st.tuples(st.integers(0, 50), st.sampled_from(Step), st.sampled_from(["EUR", "USD"])), max_size=40))
def test_no_history_makes_a_series_fall(history: list[tuple[int, Step, str]]) -> None:
    counters = Counters()
    tenant, before = "t", 0
    highest: dict[tuple[str, str], int] = {}
    for truth, step, currency in history:
        if step is Step.PURGE:
            counters.purged(FAMILY, "1", {(currency,): before}, {(currency,): truth})
        elif step is not Step.CHANGE:
            counters.leave((tenant, "1"))
            tenant = "t" if step is Step.LEAVE or tenant == "u" else "u"
        shown = counters.show(FAMILY, (tenant, "1"), {(currency,): truth}, currency)
        assert set(shown) == {(currency,)}
        now = shown[(currency,)]
        assert now >= max(highest.get((tenant, currency), 0), truth)
        before, highest[(tenant, currency)] = truth, now
        assert counters.held in (0, 1)
        assert counters.held == (now > truth + _carried(counters, tenant, currency))


def _carried(counters: Counters, tenant: str, currency: str) -> int:
    return counters._owners[(tenant, "1")].families[FAMILY][currency].counters[(currency,)].carried
