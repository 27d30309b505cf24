"""A/B arms: is the split as configured, which arm is better, and how sure are we."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

Floats: TypeAlias = npt.NDArray[np.float64]

# The usual 95 %. Of two equal arms with 100 tries each, one or the other is above it in about 10 % of all tests.
WIN_PROBABILITY = 0.95
# Fabijan et al. 2019, "Diagnosing Sample Ratio Mismatch in Online Controlled Experiments" (KDD '19): every look at
# every experiment runs the test, so the threshold is far below 0.05, or false alarms would be routine.
MISMATCH_P = 0.001
# Cochran 1954, "Some Methods for Strengthening the Common Chi-Square Tests" (Biometrics 10): with fewer expected
# contacts in an arm the chi-square distribution is a poor guide.
MIN_EXPECTED = 5.0
# At 100 tries the prior (two made-up tries) weighs 2 %, and the standard deviation of a rate is at most
# sqrt(0.25 / 100) = 5 points. The posterior is exact, so no rule about the normal approximation is needed; the
# minimum only takes the wildest of the early looks away.
MIN_CALLS = 100
MIN_FINISHED = 100

CELLS = 256  # grid cells of an arm: 20 standard deviations, so a cell is at most 0.08 of one
REACH = 10.0  # standard deviations either side; the longest tail (an arm without a hit) leaves exp(-11) outside
MOST = 10**12  # larger counts are scaled down: beyond, the grid is finer than the floating point numbers near 1
TAIL = 0.025  # either side of a 95 % interval
ROUNDS, POINTS = 3, 7  # of the search for a quantile: 6.4 standard deviations / 6**3 = 0.03, then interpolation


@dataclass(frozen=True, slots=True)
class Arm:
    """One arm of a test as it was counted. Names are distinct within a test."""

    name: str
    weight: float | None  # configured share, per cent or any unit; None: not known
    contacts: int  # tasks assigned to the arm
    calls: int  # calls that are over
    answers: int  # ... and were answered
    finished: int  # tasks that are completed or failed
    goals: int  # ... and met their goal
    cost: float


@dataclass(frozen=True, slots=True)
class Comparison:
    """The arms compared by one measure. Rates and probabilities are fractions from 0 to 1."""

    measure: str  # "answers" or "goals"
    rates: Mapping[str, float | None]  # per arm, None when nothing was tried
    best: Mapping[str, float]  # probability to be best per arm; sums to 1; empty when there is not enough data
    leader: str | None  # the arm with the highest probability, only when there is enough data
    difference: tuple[float, float] | None  # 95 % credible interval of the leader's rate minus the runner-up's
    winner: str | None  # the leader, when sure, with enough data and without a mismatch
    reason: str | None  # why there is no winner


@dataclass(frozen=True, slots=True)
class Experiment:
    """All that is known of a test."""

    arms: tuple[Arm, ...]
    p_value: float | None  # of the contacts against the weights; None when it cannot be tested
    mismatch: bool
    answers: Comparison
    goals: Comparison


@dataclass(frozen=True, slots=True)
class _Posterior:  # of some arms, each a step density on its own grid
    mean: Floats  # (arms,)
    sd: Floats  # (arms,)
    edges: Floats  # (arms, CELLS + 1)
    cdf: Floats  # (arms, CELLS + 1), at the edges, from 0 to 1


def judge(arms: Sequence[Arm]) -> Experiment:
    """Test the split of the contacts, then compare the arms by answers per call and by goals per finished task.

    People look at a running test every day and stop when they like what they see. A p-value of the difference means
    nothing then, so none is reported. The probability to be best can be read at any time: it is what the data say
    now (Deng, Lu & Chen 2016, "Continuous Monitoring of A/B Tests without Pain", DSAA). It does not make peeking free:
    of simulated pairs of equal arms, looked at 49 times between 100 and 10,000 calls, 60 % had a "winner" at some
    look. Hence the minimum sample and the interval of the difference. And there is no winner while the contacts are
    not split as configured.

    An arm without a share (weight 0) and without tries takes no part. An arm that was switched off but has tries is
    compared like the others, and needs the minimum too. Nothing raises: counts that contradict each other are clamped.
    """
    p_value = _split(arms)
    mismatch = p_value is not None and p_value < MISMATCH_P
    answers = _compare("answers", "calls", MIN_CALLS, [(a, a.answers, a.calls) for a in arms], p_value)
    goals = _compare("goals", "finished tasks", MIN_FINISHED, [(a, a.goals, a.finished) for a in arms], p_value)
    return Experiment(tuple(arms), p_value, mismatch, answers, goals)


def chi_square_survival(statistic: float, freedom: int) -> float:
    """The probability that a chi-square variable with `freedom` (1 and more) degrees exceeds the statistic.

    This is the regularised upper incomplete gamma function Q(freedom / 2, statistic / 2). Degrees are whole numbers,
    so it is a finite sum: Abramowitz & Stegun 1964, 26.4.4 (odd) and 26.4.5 (even). No term is negative, so nothing
    cancels.
    """
    half = max(statistic, 0.0) / 2
    if half == 0:
        return 1.0
    shape, total = (0.5, math.erfc(math.sqrt(half))) if freedom % 2 else (1.0, math.exp(-half))
    while shape < freedom / 2:
        total += math.exp(shape * math.log(half) - half - math.lgamma(shape + 1))
        shape += 1
    return min(total, 1.0)


def _split(arms: Sequence[Arm]) -> float | None:
    """Pearson's test of contacts against weights. An arm of weight 0 is left out: switched off, it keeps its contacts.

    None when a weight is unknown (none, negative, not finite), fewer than two arms have a share, or too few contacts
    are expected in one of them.
    """
    shares, contacts = [], []
    for arm in arms:
        if arm.weight is None or not math.isfinite(arm.weight) or arm.weight < 0:
            return None
        if arm.weight > 0:
            shares.append(arm.weight)
            contacts.append(min(max(arm.contacts, 0), MOST))
    if len(shares) < 2:
        return None
    total, largest = sum(contacts), max(shares)  # divide by the largest first: the sum of the weights may overflow
    whole = sum(share / largest for share in shares)
    expected = [total * (share / largest / whole) for share in shares]
    if min(expected) < MIN_EXPECTED:
        return None
    statistic = sum((seen - wanted) ** 2 / wanted for seen, wanted in zip(contacts, expected, strict=True))
    return chi_square_survival(statistic, len(shares) - 1)


def _clamp(hits: int, tries: int) -> tuple[int, int]:
    hits = min(max(hits, 0), max(tries, 0))
    return (hits, max(tries, 0)) if tries <= MOST else (hits * MOST // tries, MOST)


def _compare(
    measure: str, noun: str, minimum: int, counted: Sequence[tuple[Arm, int, int]], p_value: float | None
) -> Comparison:
    clamped = [(arm, *_clamp(hits, tries)) for arm, hits, tries in counted]
    rates = {arm.name: hits / tries if tries else None for arm, hits, tries in clamped}
    # An arm that was switched off early would for ever be too small, and keep the others from being compared.
    clamped = [row for row in clamped if row[0].weight != 0 or row[2] >= minimum]
    smallest = min(clamped, key=lambda row: row[2], default=None)
    if smallest is None or len(clamped) < 2:
        reason = f"nothing to compare: {'one arm' if clamped else 'no arm'}"
        return Comparison(measure, rates, {}, None, None, None, reason)
    if smallest[2] < minimum:
        reason = f"not enough data: arm {smallest[0].name} has {smallest[2]} of {minimum} {noun}"
        return Comparison(measure, rates, {}, None, None, None, reason)
    posterior = _posterior([(hits, tries) for _, hits, tries in clamped])
    chances = _chances(posterior)
    # Arms far behind all have a probability of 0: the runner-up is then the one with the higher rate.
    order = sorted(range(len(chances)), key=lambda arm: (chances[arm], posterior.mean[arm]), reverse=True)
    best = {arm.name: chance for (arm, _, _), chance in zip(clamped, chances, strict=True)}
    leader, chance = clamped[order[0]][0].name, chances[order[0]]
    problem = None
    if p_value is not None and p_value < MISMATCH_P:
        problem = f"sample ratio mismatch (p = {p_value:.1g}): the contacts are not split as configured"
    elif chance < WIN_PROBABILITY:
        percent = math.floor(chance * 1000) / 10  # rounded down: 94.96 % is not 95.0 %
        problem = f"not sure yet: arm {leader} is best with {percent:.1f} %, a winner needs {WIN_PROBABILITY:.0%}"
    difference = _difference(posterior, order[0], order[1])
    return Comparison(measure, rates, best, leader, difference, None if problem else leader, problem)


def _posterior(counts: Sequence[tuple[int, int]]) -> _Posterior:
    """Beta(1 + hits, 1 + misses): a Beta(1, 1) prior (Gelman et al. 2013, "Bayesian Data Analysis", 2.4).

    Each arm has a grid of its own, where its mass is. The mass of a cell is the density at its centre, scaled to a
    sum of 1, so no log-beta of large numbers is needed.
    """
    hits, tries = np.array(counts, dtype=np.float64).T[:, :, None]
    misses, total = tries - hits, tries + 2
    mean = (hits + 1) / total
    sd = np.sqrt((hits + 1) * (misses + 1) / (total + 1)) / total
    low, high = np.maximum(mean - REACH * sd, 0.0), np.minimum(mean + REACH * sd, 1.0)
    steps = np.arange(2 * CELLS + 1) / (2 * CELLS)
    edges, centres = low + (high - low) * steps[::2], low + (high - low) * steps[1::2]
    density = hits * np.log(centres) + misses * np.log1p(-centres)
    cdf = np.zeros_like(edges)
    np.cumsum(np.exp(density - density.max(axis=1, keepdims=True)), axis=1, out=cdf[:, 1:])
    return _Posterior(mean[:, 0], sd[:, 0], edges, cdf / cdf[:, -1:])


def _chances(posterior: _Posterior) -> list[float]:
    """The probability to be best, per arm: the integral of the density of one times the cdfs of all others.

    (Miller 2014, "Formulas for Bayesian A/B Testing", evanmiller.org; his sums take as many terms as there are hits.)
    The grid is the union of the grids of all arms, so an arm with 10 million tries is as well resolved as one with
    100. Between two of its points every cdf is a straight line: for two arms the trapezoid below is then exact.
    """
    grid = np.sort(posterior.edges, axis=None)
    cdf = np.array([np.interp(grid, edges, own) for edges, own in zip(posterior.edges, posterior.cdf, strict=True)])
    others = np.ones_like(cdf)  # the product over all other arms, from both ends: dividing by a cdf of 0 will not do
    np.cumprod(cdf[:-1], axis=0, out=others[1:])
    others[:-1] *= np.cumprod(cdf[:0:-1], axis=0)[::-1]
    raw = ((cdf[:, 1:] - cdf[:, :-1]) * (others[:, 1:] + others[:, :-1])).sum(axis=1)
    chances: list[float] = (raw / raw.sum()).tolist()
    return chances


def _difference(posterior: _Posterior, first: int, second: int) -> tuple[float, float]:
    """The 2.5 % and 97.5 % quantiles of the first arm's rate minus the second's, as fractions.

    The cdf of the difference is the cdf of the wider arm averaged over the cells of the narrower one: the other way
    round, the cdf would be a step between two cells. Quantiles are searched in a bracket that holds for every
    distribution (Cantelli's inequality), narrowed in rounds.
    """
    wide, narrow = (first, second) if posterior.sd[first] >= posterior.sd[second] else (second, first)
    edges, cdf = posterior.edges[narrow][::2], posterior.cdf[narrow][::2]  # coarser cells will do for an average
    mass, centres = cdf[1:] - cdf[:-1], (edges[1:] + edges[:-1]) / 2
    heavy = mass > 1e-6 * mass.max()
    mass, centres = mass[heavy], centres[heavy]
    mean = posterior.mean[wide] - posterior.mean[narrow]
    sd = math.hypot(posterior.sd[wide], posterior.sd[narrow])
    far, near = sd * math.sqrt(1 / TAIL - 1), sd / math.sqrt(1 / TAIL - 1)
    low, high = np.array([mean - far, mean - near]), np.array([mean + near, mean + far])
    steps = np.linspace(0.0, 1.0, POINTS)
    sides, goals = np.arange(2), np.array([TAIL, 1 - TAIL])
    for _ in range(ROUNDS):
        points = low[:, None] + (high - low)[:, None] * steps
        values = np.interp(points[:, :, None] + centres, posterior.edges[wide], posterior.cdf[wide]) @ mass
        cell = np.clip((values <= goals[:, None]).sum(axis=1) - 1, 0, POINTS - 2)
        low, high = points[sides, cell], points[sides, cell + 1]
    below, above = values[sides, cell], values[sides, cell + 1]
    share = (goals - below) / np.maximum(above - below, np.finfo(float).tiny)
    start, end = (low + (high - low) * np.clip(share, 0.0, 1.0)).tolist()
    return (start, end) if wide == first else (-end, -start)
