"""Every panel's query on a real Prometheus with the demo's history: no error, and data where the demo has some."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import timedelta

import pytest

from exporter.demo.activation import activate
from exporter.demo.server import EmbeddedServer
from tests.dashboards.asking import Series, interpolated, remembering
from tests.dashboards.boards import expressions
from tests.dashboards.shown import SHOWN
from tests.support.prometheus import Prometheus
from tests.support.simulation import ORIGIN, prepare, trial

HOURS = 1.0
PAUSED = "operator_pause"
CAMPAIGNS = [str(number) for number in range(1, 15)]
EVERYTHING = {"tenant": ".*", "campaign": ".*", "number": ".*", "currency": ".*"}
QUESTIONS = dict(expressions())
_NO_RULES = "no rules run here, so no alert fires"
_YOUNG = "the history is an hour long: there is no week before"
_HEALTHY = "nothing is wrong"
NOTHING: dict[str, str] = {
    "overview-402-A": _NO_RULES,
    "overview-402-B": _NO_RULES,
    "campaign-1-B": "the pause has a reason",
    "campaign-1-F": "no campaign was cancelled",
    "campaign-1-G": "there is every campaign",
    "campaign-205-D": "all windows open at some time",
    "campaign-602-A": "no arm is ahead",
    "campaign-603-A": "no arm is ahead",
    "numbers-130-A": _YOUNG,
    "numbers-130-B": _YOUNG,
    "cost-102-A": _YOUNG,
    "cost-shared-1-102-A": _YOUNG,
    "cost-120-A": "a day that is not over yet",
    "cost-shared-1-120-A": "a day that is not over yet",
    "exporter-health-204-A": _HEALTHY,
    "exporter-health-301-A": _HEALTHY,
    "exporter-health-302-A": _HEALTHY,
    "exporter-health-602-A": _HEALTHY,
    "exporter-health-605-A": "nobody scraped",
}
"""Where the demo, an hour long and healthy but for a pause, has nothing to show, and why."""


@dataclass(frozen=True)
class Lab:
    """One exporter was scraped, and two of the same database."""

    one: Prometheus
    two: Prometheus
    at: float


@pytest.fixture(scope="module")
def lab(server: EmbeddedServer, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    world = prepare(server, "boards")
    with trial(world, activate(PAUSED, ORIGIN + timedelta(minutes=40))) as run:
        run.until(ORIGIN + timedelta(hours=HOURS), 30)
        scrapes = run.scrapes
    server.drop_database(world.template)
    with ExitStack() as stack:
        running = [
            stack.enter_context(remembering(tmp_path_factory.mktemp("prometheus"), scrapes, instances))
            for instances in (["one:1"], ["one:1", "two:1"])
        ]
        one, two = running
        yield Lab(one, two, scrapes[-1][0])


def asked(server: Prometheus, where: str, at: float) -> Series:
    """What is shown of all campaigns, or, on a board of one, of whichever has something."""
    if where.split("-")[0] not in ("campaign", "task"):
        return server.query(interpolated(QUESTIONS[where], EVERYTHING, "1h"), at)
    found: Series = {}
    for campaign in CAMPAIGNS:
        values = {**EVERYTHING, "campaign": campaign, "task": "1"}
        found |= server.query(interpolated(QUESTIONS[where], values, "1h"), at)
        if found or "$campaign" not in QUESTIONS[where].replace("${campaign}", "$campaign"):
            break
    return found


@pytest.mark.parametrize("where", QUESTIONS)
def test_a_question_is_answered(lab: Lab, where: str) -> None:
    found = asked(lab.one, where, lab.at)
    if where not in NOTHING:
        assert found, f"nothing is shown: {QUESTIONS[where]}"
    else:
        assert not found, "there is something by now: take it off the list"


@pytest.mark.parametrize("where", [where for where in QUESTIONS if not where.startswith("exporter-health")])
def test_a_second_exporter_changes_no_number(lab: Lab, where: str) -> None:
    assert asked(lab.two, where, lab.at) == pytest.approx(asked(lab.one, where, lab.at), nan_ok=True)


@pytest.mark.parametrize("name", [name for name in SHOWN if name != PAUSED])
def test_what_shows_a_scenario_shows_nothing_of_the_kind_on_a_good_day(lab: Lab, name: str) -> None:
    for each in SHOWN[name]:
        assert not each.holds(lab.one, "2", lab.at), each.where
