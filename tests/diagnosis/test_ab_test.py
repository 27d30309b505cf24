"""A/B arms: the test of the split, the probability to be best, the interval of the difference, and who has won."""

from __future__ import annotations

import dataclasses
import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from exporter.diagnosis.ab_test import (
    MISMATCH_P,
    WIN_PROBABILITY,
    Arm,
    Comparison,
    Experiment,
    chi_square_survival,
    judge,
)
from tests.support.effort import examples


def arm(
    name: str, answers: int = 0, calls: int = 0, *, weight: float | None = 50, contacts: int = 1000, goals: int = 0
) -> Arm:
    """An arm with as many finished tasks as calls."""
    return Arm(name, weight, contacts, calls, answers, calls, goals, 0.0)


def answers(*counts: tuple[int, int]) -> Comparison:
    """The arms A, B, C, ... compared by their answers and calls, with an even split of the contacts."""
    return judge([arm(chr(65 + i), hits, tries) for i, (hits, tries) in enumerate(counts)]).answers


def closed_form(a: tuple[int, int], b: tuple[int, int]) -> float:
    """The probability that B is better than A. Miller 2014, "Formulas for Bayesian A/B Testing"."""

    def log_beta(x: float, y: float) -> float:
        return math.lgamma(x) + math.lgamma(y) - math.lgamma(x + y)

    a_hits, a_misses, b_hits, b_misses = 1 + a[0], 1 + a[1] - a[0], 1 + b[0], 1 + b[1] - b[0]
    return math.fsum(
        math.exp(
            log_beta(a_hits + i, a_misses + b_misses)
            - math.log(b_misses + i)
            - log_beta(1 + i, b_misses)
            - log_beta(a_hits, a_misses)
        )
        for i in range(b_hits)
    )


def drawn(*counts: tuple[int, int], size: int = 400_000) -> np.ndarray[tuple[int, int], np.dtype[np.float64]]:
    """Rates drawn from the posteriors, (arms, size)."""
    random = np.random.default_rng(20260304)
    return np.array([random.beta(1 + hits, 1 + tries - hits, size) for hits, tries in counts])


def fields(comparison: Comparison) -> tuple[object, ...]:
    return tuple(getattr(comparison, field.name) for field in dataclasses.fields(comparison))


def numbers(value: object) -> list[float]:
    """All floating point numbers in a result."""
    if isinstance(value, float):
        return [value]
    if isinstance(value, dict):
        return [number for item in value.values() for number in numbers(item)]
    if isinstance(value, tuple):
        return [number for item in value for number in numbers(item)]
    return []


# --- the probability to be best


@pytest.mark.parametrize(
    ("a", "b"),
    [
        ((20, 100), (25, 100)),
        ((200, 1000), (220, 1000)),
        ((0, 100), (0, 100)),
        ((0, 100), (3, 100)),
        ((100, 100), (100, 100)),
        ((100, 100), (99, 100)),
        ((0, 300), (1, 10_000_000)),
        ((0, 10_000_000), (1, 10_000_000)),
        ((21, 100), (20_000, 100_000)),
        ((2_000, 10_000_000), (30, 150_000)),
        ((10, 100), (5_000, 10_000)),
    ],
)
def test_two_arms_agree_with_the_closed_form(a: tuple[int, int], b: tuple[int, int]) -> None:
    assert answers(a, b).best["B"] == pytest.approx(closed_form(a, b), abs=1e-3)


@pytest.mark.parametrize(
    "counts",
    [
        [(20, 100), (25, 100), (30, 120)],
        [(0, 100), (0, 200), (1, 5_000), (2, 400)],
        [(100, 100), (200, 200), (9_990, 10_000)],
        [(2_000_000, 10_000_000), (20, 100), (2_000_900, 10_000_000)],
        [(40 + i, 200) for i in range(20)],
    ],
)
def test_many_arms_agree_with_a_simulation(counts: list[tuple[int, int]]) -> None:
    winners = drawn(*counts, size=200_000).argmax(axis=0)
    simulated = np.bincount(winners, minlength=len(counts)) / len(winners)
    assert list(answers(*counts).best.values()) == pytest.approx(simulated.tolist(), abs=4e-3)


def test_equal_arms_are_equally_likely_to_be_best() -> None:
    assert list(answers((30, 150), (30, 150), (30, 150)).best.values()) == pytest.approx([1 / 3] * 3, abs=1e-12)


def test_arms_far_apart_leave_no_doubt() -> None:
    assert answers((1_000_000, 10_000_000), (9_000_000, 10_000_000)).best == {"A": 0.0, "B": 1.0}


many_counts = st.lists(
    st.tuples(st.integers(0, 10_000_000), st.integers(100, 10_000_000)).map(lambda c: (min(c), c[1])),
    min_size=2,
    max_size=20,
)


@settings(max_examples=examples(20))
@given(many_counts)
def test_the_probabilities_sum_to_one(counts: list[tuple[int, int]]) -> None:
    assert math.fsum(answers(*counts).best.values()) == pytest.approx(1, abs=1e-12)


@settings(max_examples=examples(20))
@given(st.integers(100, 10_000_000), st.data())
def test_more_hits_of_as_many_tries_are_more_likely_to_be_best(tries: int, data: st.DataObject) -> None:
    fewer = data.draw(st.integers(0, tries - 1))
    more = data.draw(st.integers(fewer + 1, tries))
    best = answers((fewer, tries), (more, tries)).best
    assert best["B"] > best["A"]


@settings(max_examples=examples(20))
@given(many_counts)
def test_the_order_of_the_arms_does_not_matter(counts: list[tuple[int, int]]) -> None:
    forth, back = list(answers(*counts).best.values()), list(answers(*counts[::-1]).best.values())
    assert forth == pytest.approx(back[::-1], abs=1e-9)


# --- the difference


@pytest.mark.parametrize(
    ("a", "b"),
    [
        ((200, 1000), (220, 1000)),
        ((0, 100), (0, 400)),
        ((100, 100), (4_000, 4_000)),
        ((25, 100), (2_000_000, 10_000_000)),
        ((2_000_000, 10_000_000), (25, 100)),
        ((0, 10_000_000), (1, 10_000_000)),
        ((100, 100), (0, 100)),
    ],
)
def test_the_interval_agrees_with_a_simulation(a: tuple[int, int], b: tuple[int, int]) -> None:
    result = answers(a, b)
    rates = drawn(a, b)
    apart = rates[0] - rates[1] if result.leader == "A" else rates[1] - rates[0]
    low, high = np.quantile(apart, [0.025, 0.975]).tolist()
    assert result.difference == pytest.approx((low, high), abs=8e-3 * (high - low))  # what the simulation can tell


def test_the_interval_of_large_samples_is_that_of_the_normal_distribution() -> None:
    tries, wanted = 10_000_000, 1.959964 * math.sqrt(2 * 0.25 / 10_000_000)
    difference = answers((5_000_000, tries), (5_000_000, tries)).difference
    assert difference == pytest.approx((-wanted, wanted), rel=2e-3)


def test_the_interval_is_of_the_leader_minus_the_runner_up() -> None:
    result = answers((10, 100), (40, 100), (30, 100))
    assert result.leader == "B"
    assert result.difference is not None
    assert sum(result.difference) / 2 == pytest.approx(0.1, abs=0.01)


def test_the_runner_up_is_the_better_rate_even_when_both_have_no_chance() -> None:
    difference = answers((1_000, 100_000), (90_000, 100_000), (50_000, 100_000)).difference
    assert difference is not None
    assert sum(difference) / 2 == pytest.approx(0.4, abs=0.001)


@settings(max_examples=examples(20))
@given(many_counts)
def test_the_interval_is_in_order_and_possible(counts: list[tuple[int, int]]) -> None:
    difference = answers(*counts).difference
    assert difference is not None
    assert -1 <= difference[0] <= difference[1] <= 1


# --- the winner


def test_a_clear_leader_wins() -> None:
    result = answers((100, 1000), (200, 1000))
    assert (result.leader, result.winner, result.reason) == ("B", "B", None)


def test_a_leader_that_is_not_sure_does_not_win() -> None:
    result = answers((200, 1000), (210, 1000))
    assert (result.leader, result.winner) == ("B", None)
    assert result.reason == "not sure yet: arm B is best with 70.9 %, a winner needs 95%"


def test_there_is_no_winner_below_the_minimum_sample() -> None:
    result = answers((0, 1000), (12, 12))
    assert (dict(result.best), result.leader, result.difference, result.winner) == ({}, None, None, None)
    assert result.reason == "not enough data: arm B has 12 of 100 calls"


def test_the_minimum_of_goals_is_in_finished_tasks() -> None:
    few = [arm("A", 10, 99, goals=5), arm("B", 10, 500, goals=5)]
    assert judge(few).goals.reason == "not enough data: arm A has 99 of 100 finished tasks"


def test_a_mismatch_forbids_a_winner_but_shows_the_leader() -> None:
    result = judge([arm("A", 100, 1000, contacts=1000), arm("B", 200, 1000, contacts=2000)])
    assert result.mismatch
    assert (result.answers.leader, result.answers.winner) == ("B", None)
    assert result.answers.reason == "sample ratio mismatch (p = 2e-74): the contacts are not split as configured"


def test_answers_and_goals_have_winners_of_their_own() -> None:
    result = judge([arm("A", 500, 1000, goals=10), arm("B", 100, 1000, goals=60)])
    assert (result.answers.winner, result.goals.winner) == ("A", "B")


@pytest.mark.parametrize(("arms", "word"), [([], "no arm"), ([arm("A", 50, 500)], "one arm")])
def test_fewer_than_two_arms_are_nothing_to_compare(arms: list[Arm], word: str) -> None:
    result = judge(arms)
    assert result.p_value is None
    assert (dict(result.answers.best), result.answers.reason) == ({}, f"nothing to compare: {word}")


def test_rates_are_reported_before_there_is_enough_data() -> None:
    assert answers((1, 4), (0, 0)).rates == {"A": 0.25, "B": None}


def test_an_arm_without_a_share_and_without_tries_takes_no_part() -> None:
    result = judge([arm("A", 100, 1000), arm("B", 200, 1000), arm("C", weight=0, contacts=0)]).answers
    assert set(result.best) == {"A", "B"}
    assert result.rates["C"] is None


def test_an_arm_that_was_switched_off_is_compared_by_what_it_did() -> None:
    result = judge([arm("A", 100, 1000, weight=100), arm("B", 200, 1000, weight=0)]).answers
    assert result.winner == "B"


def test_an_arm_that_was_switched_off_early_does_not_keep_the_others_from_being_compared() -> None:
    result = judge([arm("A", 100, 1000), arm("B", 200, 1000), arm("C", 3, 12, weight=0)]).answers
    assert result.winner == "B"
    assert "C" not in result.best


# --- the split


@pytest.mark.parametrize(
    ("statistic", "freedom", "p"),
    [  # Abramowitz & Stegun 1964, table 26.8: the percentage points of the chi-square distribution
        (3.84146, 1, 0.05), (6.63490, 1, 0.01), (10.828, 1, 0.001), (0.00393214, 1, 0.95),
        (5.99147, 2, 0.05), (13.816, 2, 0.001), (7.81473, 3, 0.05), (9.48773, 4, 0.05), (18.3070, 10, 0.05),
        (30.1435, 19, 0.05), (43.820, 19, 0.001), (10.1170, 19, 0.95), (124.342, 100, 0.05),
    ],
)  # fmt: skip
def test_the_chi_square_distribution_agrees_with_the_tables(statistic: float, freedom: int, p: float) -> None:
    assert chi_square_survival(statistic, freedom) == pytest.approx(p, rel=5e-4)


@given(st.floats(0, 1e6), st.floats(0, 1e6), st.integers(1, 19))
def test_a_larger_statistic_is_never_more_likely(one: float, other: float, freedom: int) -> None:
    assert 1 >= chi_square_survival(min(one, other), freedom) >= chi_square_survival(max(one, other), freedom) >= 0


def split(*parts: tuple[float | None, int]) -> Experiment:
    """Arms of these weights and contacts."""
    return judge([arm(chr(65 + i), weight=weight, contacts=contacts) for i, (weight, contacts) in enumerate(parts)])


def test_a_split_as_configured_is_no_mismatch() -> None:
    result = split((70, 7_010), (30, 2_990))
    assert result.p_value == pytest.approx(0.8273, abs=1e-4)  # (10^2 / 7000 + 10^2 / 3000), one degree
    assert not result.mismatch


def test_a_split_that_chance_does_not_explain_is_a_mismatch() -> None:
    # Kohavi, Tang & Xu 2020, "Trustworthy Online Controlled Experiments", chapter 21, scenario 1: p = 1.8e-6
    result = split((50, 821_588), (50, 815_482))
    assert result.p_value == pytest.approx(1.8e-6, rel=0.05)
    assert result.mismatch


def test_the_unit_of_the_weights_does_not_matter() -> None:
    assert split((70, 690), (30, 310)).p_value == pytest.approx(split((0.7, 690), (0.3, 310)).p_value)


@pytest.mark.parametrize("weight", [None, -1.0, math.nan, math.inf])
def test_a_weight_that_is_not_known_forbids_the_test(weight: float | None) -> None:
    result = split((50, 10), (weight, 5_000), (50, 5_000))
    assert (result.p_value, result.mismatch) == (None, False)


def test_an_arm_that_was_switched_off_is_left_out_of_the_test() -> None:
    assert split((50, 500), (50, 500), (0, 700)).p_value == 1.0


@pytest.mark.parametrize("parts", [[(50, 4), (50, 4)], [(50, 0), (50, 0)], [(99.9, 4_000), (0.1, 4)], [(100, 900)]])
def test_too_few_contacts_or_arms_are_not_tested(parts: list[tuple[float, int]]) -> None:
    assert split(*parts).p_value is None


def test_five_expected_contacts_are_enough() -> None:
    assert split((50, 5), (50, 5)).p_value == 1.0


def test_huge_weights_do_not_overflow() -> None:
    assert split((1e308, 500), (1e308, 500)).p_value == 1.0


# --- anything goes


wild = st.integers(-5, 400) | st.integers(-(10**30), 10**30)
wild_arms = st.lists(
    st.builds(Arm, st.uuids().map(str), st.none() | st.floats(), wild, wild, wild, wild, wild, st.floats()), max_size=6
)


@settings(max_examples=examples(40))
@given(wild_arms)
def test_no_count_and_no_weight_crashes_or_gives_a_nan(arms: list[Arm]) -> None:
    result = judge(arms)
    found = numbers((result.p_value, *map(fields, (result.answers, result.goals))))
    assert all(math.isfinite(number) for number in found)
    for comparison in (result.answers, result.goals):
        assert all(rate is None or 0 <= rate <= 1 for rate in comparison.rates.values())
        assert (comparison.winner is None) == (comparison.reason is not None)


@settings(max_examples=examples(40))
@given(wild_arms | st.lists(st.builds(arm, st.uuids().map(str), st.integers(0, 300), st.integers(0, 300)), max_size=4))
def test_a_winner_is_sure_and_has_data_and_no_mismatch(arms: list[Arm]) -> None:
    result = judge(arms)
    for comparison, tries in ((result.answers, [a.calls for a in arms]), (result.goals, [a.finished for a in arms])):
        if comparison.winner is not None:
            assert comparison.best[comparison.winner] >= WIN_PROBABILITY
            assert all(n >= 100 or a.weight == 0 for a, n in zip(arms, tries, strict=True))
            assert not result.mismatch
            assert result.p_value is None or result.p_value >= MISMATCH_P


def test_more_answers_than_calls_count_as_all_answered() -> None:
    assert answers((500, 100), (-3, 100)).rates == {"A": 1.0, "B": 0.0}
