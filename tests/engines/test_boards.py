"""Every question of every board has the same answer on Prometheus 3 and on VictoriaMetrics, on the same samples.

They are asked between two scrapes, as in life. Where engines differ by their nature, `DIFFERS` says how, and by how
much at most.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import timedelta

import pytest

from exporter.demo.runtime.server import EmbeddedServer
from exporter.demo.scenarios.activation import activate
from tests.dashboards.asking import interpolated
from tests.dashboards.boards import expressions
from tests.support import engines
from tests.support.prometheus import Prometheus, running
from tests.support.simulation import ORIGIN, prepare, trial

pytestmark = [engines.needed, pytest.mark.timeout(600)]

SCRAPED, STEP = 30.0, 120.0
AFTER = 7.0
"""Seconds since the last scrape."""

QUESTIONS = dict(expressions())
CHOICE = {"tenant": ".*", "number": ".*", "currency": ".*", "task": "1"}
Row = tuple[tuple[str, str], ...]
Points = dict[float, float]


@dataclass(frozen=True)
class Differs:
    """Why an answer of VictoriaMetrics differs, and by how much at most: of the value, or in its unit.

    `unmatched`: so many rows, or points of a row, may be there on one of them only.
    """

    why: str
    share: float = 0.0
    unit: float = 0.0
    unmatched: int = 0


_GROWTH = (
    "VictoriaMetrics counts from the last sample before the span to the last one in it, as whole calls; Prometheus "
    "from the first in it, and scales up what lies between to the whole span: of few calls in four scrapes that is much"
)
_LOOKS = "the same, where looks half an hour apart are compared, of a history that is an hour and a half long"
DIFFERS: Mapping[str, Differs] = {
    "overview-401": Differs(_GROWTH, share=0.4, unit=2),
    "overview-502-A": Differs(
        "a code that comes up within the span has its first call counted, which Prometheus does not see as growth; of "
        "codes with as many calls, any is the most frequent",
        unmatched=60,
    ),
    "overview-502-B": Differs(_GROWTH, unit=0.06),
    "campaign-302-A": Differs(_GROWTH, unit=1.5),
    "campaign-402-A": Differs(_GROWTH, unit=1, unmatched=12),
    "campaign-704-A": Differs(_GROWTH, unit=20),
    "numbers-120-A": Differs(_LOOKS, unit=0.3),
    "exporter-health-201-A": Differs(_GROWTH, unit=0.1),
    "exporter-health-205-A": Differs(_GROWTH, unit=0.01),
    "exporter-health-401-A": Differs(_GROWTH, unit=3),
}
"""By the beginning of a question's place."""

TIES = {"numbers-140-A", "numbers-140-B"}
"""The fifteen numbers that are used most: of several that are used equally, engines take any."""


@dataclass(frozen=True)
class Lab:
    """Engines that hold the same samples, and when they are asked."""

    two: Prometheus
    three: Prometheus
    victoria: Prometheus
    at: float


@pytest.fixture(scope="module")
def lab(server: EmbeddedServer, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    world = prepare(server, "engines")
    with trial(world, activate("operator_pause", ORIGIN + timedelta(minutes=40))) as run:
        run.until(ORIGIN + timedelta(hours=1.5), SCRAPED)
    server.drop_database(world.template)
    directory = tmp_path_factory.mktemp("engines")
    with ExitStack() as stack:
        two = stack.enter_context(running(directory, arguments=engines.RECEIVES))
        three = stack.enter_context(engines.prometheus3(directory / "three", arguments=engines.RECEIVES))
        victoria = stack.enter_context(engines.victoria(directory))
        engines.remember((two, three, victoria), run.scrapes, instance="one:1", job="campaign-exporter")
        engines.flush(victoria)
        yield Lab(two, three, victoria, run.scrapes[-1][0] + AFTER)


def test_the_engine_is_prometheus_3(lab: Lab) -> None:
    """It leaves out of a range what lies exactly at its beginning."""
    at, asked = lab.at - AFTER, "count_over_time(up[1m])"
    assert [list(server.query(asked, at).values()) for server in (lab.two, lab.three)] == [[3], [2]]


def _asked(where: str, campaign: str) -> str:
    return interpolated(QUESTIONS[where], {**CHOICE, "campaign": campaign}, "1h", "2m")


def _campaigns(where: str) -> tuple[str, ...]:
    return ("1", "2") if where.startswith(("campaign", "task")) else (".*",)


def _rows(server: Prometheus, question: str, at: float) -> dict[Row, Points]:
    """What is shown now (at infinity) and over half an hour, without what only keeps an empty place: NaN."""
    found = {row: {math.inf: value} for row, value in server.query(question, at).items()}
    for row, points in server.span(question, at - 1800, at, STEP).items():
        found.setdefault(row, {}).update(points)
    kept = {row: {t: value for t, value in points.items() if not math.isnan(value)} for row, points in found.items()}
    return {row: points for row, points in kept.items() if points}


def _differences(where: str, one: dict[Row, Points], other: dict[Row, Points], allowed: Differs) -> list[str]:
    if where in TIES:
        return _untied(one, other)
    pairs = {
        (row, t): (one.get(row, {}).get(t), other.get(row, {}).get(t))
        for row in one.keys() | other.keys()
        for t in one.get(row, {}).keys() | other.get(row, {}).keys()
    }
    unmatched = [f"{key}: {pair}" for key, pair in pairs.items() if None in pair]
    far = [
        f"{key}: {a} and {b}"
        for key, (a, b) in pairs.items()
        if a is not None and b is not None
        and not math.isclose(a, b, rel_tol=max(allowed.share, 1e-9), abs_tol=max(allowed.unit, 1e-5))
    ]  # fmt: skip
    return (unmatched if len(unmatched) > allowed.unmatched else []) + far


def _untied(one: dict[Row, Points], other: dict[Row, Points]) -> list[str]:
    """Rows that both have must be equal, and most are."""
    both = one.keys() & other.keys()
    few = [] if len(both) >= 10 else [f"only {len(both)} rows are the same"]
    return few + [
        f"{row} at {t}: {one[row][t]} and {other[row][t]}"
        for row in both for t in one[row].keys() & other[row].keys() if one[row][t] != other[row][t]
    ]  # fmt: skip


def _compared(lab: Lab, other: Prometheus, differs: Mapping[str, Differs]) -> dict[str, list[str]]:
    found = {}
    for where in QUESTIONS:
        allowed = next((each for place, each in differs.items() if where.startswith(place)), Differs(""))
        for campaign in _campaigns(where):
            question = _asked(where, campaign)
            answers = [_rows(server, question, lab.at) for server in (lab.two, other)]
            if wrong := _differences(where, answers[0], answers[1], allowed):
                found[f"{where} of {campaign}"] = [f"{len(wrong)} differ", *wrong[:3]]
    return found


def test_prometheus_3_answers_every_question_as_prometheus_2_does(lab: Lab) -> None:
    assert _compared(lab, lab.three, {}) == {}


def test_victoria_metrics_answers_every_question_as_prometheus_does(lab: Lab) -> None:
    assert _compared(lab, lab.victoria, DIFFERS) == {}


def test_no_difference_is_named_that_there_is_not(lab: Lab) -> None:
    """Else the list would hide one that comes later."""
    there = {where.split(" ")[0] for where in _compared(lab, lab.victoria, {})}
    assert [place for place in DIFFERS if not any(where.startswith(place) for where in there)] == []


def test_most_questions_have_an_answer(lab: Lab) -> None:
    """Else equal answers would say little."""
    answered = [
        where
        for where in QUESTIONS
        if any(_rows(lab.two, _asked(where, campaign), lab.at) for campaign in _campaigns(where))
    ]
    assert len(answered) > 0.7 * len(QUESTIONS)
