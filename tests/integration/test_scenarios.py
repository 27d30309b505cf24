"""Each scenario of the demo shows the verdict, the binding gate and the first hint of its row, and nobody else does."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from itertools import pairwise
from pathlib import Path

import pytest

from exporter.demo.dialler.creation import campaign_ids
from exporter.demo.runtime.server import EmbeddedServer
from exporter.demo.scenarios.activation import activate
from exporter.demo.scenarios.table import SCENARIOS, Scenario
from exporter.diagnosis.advice import AGAIN_SECONDS, words
from tests.dashboards.asking import remembering
from tests.dashboards.shown import panels_of
from tests.support.effort import PROVING
from tests.support.simulation import ORIGIN, WORLD, Look, Prepared, Trial, prepare, trial

START = ORIGIN + timedelta(seconds=60)
HOLD = timedelta(minutes=10)
"""What is seen lasts while nothing changes."""

CALM = timedelta(minutes=4)
"""When it is over, nothing comes back: a minute more than a stall takes to be seen."""

ONE_OF_EACH = tuple({(s.verdict, s.gate): s.name for s in SCENARIOS.values()}.values())
"""One for each verdict and gate that one leads to."""

PLAYED = tuple(SCENARIOS) if PROVING else ONE_OF_EACH[::5]
"""All scenarios when there is time. The unit tests of the diagnosis have a case for every verdict and gate."""

PACE = 60.0
"""Seconds from one look to the next where nothing new is expected."""

STEADY = 0.8
"""In so many of the looks at least: a sign is a rate, and some rates are near their threshold."""

STEPS = 30
"""Looks within the time in which it must be seen."""

TURNS = 4
"""A verdict changes so often at most: on the way, as the row says, while what queued up is dialled, as before."""

DIALS = ("dialing", "throttled")
PAGES = ("blocked", "stalled", "unknown")
"""Verdicts for which somebody is called."""

ON_THE_WAY = {
    "slot_leak": ("throttled", "campaign"),
    "starvation": ("throttled", "priority"),
}
"""What is seen before: the limit is reached, and whether that ends by itself only time can tell."""


@pytest.fixture(scope="module")
def world(server: EmbeddedServer) -> Iterator[Prepared]:
    """A world that has dialled for an hour and a half."""
    made = prepare(server, "scenarios")
    yield made
    server.drop_database(made.template)


def watched(scenario: Scenario) -> str:
    """The campaign to look at: the first one that the scenario names, or the one that always dials."""
    name = str(scenario.parameters.get("campaign", "outage"))
    return "outage" if name == "*" else name.split("+")[0]


def meant(scenario: Scenario) -> set[str]:
    """The campaigns that the scenario acts on."""
    every = {campaign.key for campaign in WORLD.campaigns}
    if "campaign" in scenario.parameters:
        name = str(scenario.parameters["campaign"])
        return every if name == "*" else set(name.split("+"))
    if "number" in scenario.parameters:
        number = scenario.parameters["number"]
        return {campaign.key for campaign in WORLD.campaigns if number in dict(campaign.pool)}
    return {campaign.key for campaign in WORLD.campaigns if campaign.account == "northwind"}


def shows(scenario: Scenario, look: Look) -> bool:
    """Whether a look shows what the scenario's row says."""
    verdict = look.verdict in DIALS if scenario.verdict is None else look.said == (scenario.verdict, scenario.gate)
    return verdict and scenario.hint in look.hint


def since(looks: list[Look], at: datetime) -> list[Look]:
    return [look for look in looks if look.at > at]


def turns(looks: list[Look]) -> int:
    return sum(before.verdict != after.verdict for before, after in pairwise(looks))


def pages(looks: list[Look]) -> int:
    """How often somebody is called."""
    return sum(before.verdict not in PAGES and after.verdict in PAGES for before, after in pairwise(looks))


@pytest.mark.parametrize("name", PLAYED)
def test_a_scenario_is_seen_as_its_row_says_and_ends(world: Prepared, name: str, tmp_path: Path) -> None:
    scenario = SCENARIOS[name]
    key = watched(scenario)
    with trial(world, activate(name, START)) as run:
        run.until(START, 20)
        before = run.looks[key][-1]
        assert not any(shows(scenario, look) for look in run.looks[key])

        seen = run.wait(key, lambda look: shows(scenario, look), scenario.within, max(10.0, scenario.within / STEPS))
        assert seen is not None, f"still {run.looks[key][-1]}"
        assert name not in ON_THE_WAY or ON_THE_WAY[name] in {look.said for look in run.looks[key]}

        run.until(seen.at + HOLD, PACE)
        steady = [shows(scenario, look) for look in since(run.looks[key], seen.at)]
        assert sum(steady) >= STEADY * len(steady)

        scrapes = list(run.scrapes)
        run.stop()
        ended = run.dialler.time
        over = run.wait(
            key, lambda look: look.said == before.said and scenario.hint not in look.hint, scenario.over or 120.0, PACE
        )
        print(
            f"{name}: before {before.said}, {before.hint!r}; {seen.said}, {seen.hint!r} "
            f"after {(seen.at - START).total_seconds():.0f} s, "
            f"over after {'-' if over is None else f'{(over.at - ended).total_seconds():.0f} s'}"
        )
        last = run.looks[key][-1]
        assert over is not None or scenario.over is None, f"still {last}"
        assert last.said == before.said or (scenario.over is None and last.verdict in DIALS)
        run.until(last.at + CALM, PACE)
        check_the_rest(run, scenario)
        check_the_board(run)
    check_the_panels(scenario, str(campaign_ids(WORLD)[key]), scrapes, tmp_path)


def check_the_board(run: Trial) -> None:
    """The first sentence of a campaign's board is the card's, at most as old as it may be."""
    for key, looks in run.looks.items():
        for number, look in enumerate(looks):
            lately = [each for each in looks[: number + 1] if (look.at - each.at).total_seconds() <= AGAIN_SECONDS]
            assert words(look.board) in {words(each.hint) for each in lately}, f"{key}: {look}, of late {lately}"


def check_the_panels(scenario: Scenario, campaign: str, scrapes: list[tuple[float, bytes]], directory: Path) -> None:
    """The boards show it by value, and did not before."""
    with remembering(directory, scrapes) as server:
        for each in panels_of(scenario):
            assert not each.holds(server, campaign, START.timestamp()), f"{each.where} shows it before it began"
            assert any(each.holds(server, campaign, at) for at, _ in scrapes[-6:]), f"{each.where} does not show it"


def check_the_rest(run: Trial, scenario: Scenario) -> None:
    """Nobody is called for a campaign that nothing was done to, none flaps, and no audit had to mend anything."""
    for key, looks in run.looks.items():
        before, after = looks[: len(looks) - len(since(looks, START))], since(looks, START)
        called = {look.said for look in after if look.verdict in PAGES} - {look.said for look in before}
        if key not in meant(scenario):
            assert not called, f"{key} has nothing to do with it"
        assert scenario.verdict == "stalled" or "stalled" not in {verdict for verdict, _ in called}, key
        assert pages(looks) <= 1, f"{key} comes and goes"
    assert turns(run.looks[watched(scenario)]) <= TURNS
    assert run.corrections() == 0
