"""The demo's people: when they are there, when they are on a break, and who is free to take a call."""

from __future__ import annotations

from datetime import UTC, datetime, time

import pytest

from exporter.demo.dialler.behaviour import Behaviour
from exporter.demo.dialler.conditions import Conditions
from exporter.demo.dialler.crews import Crews
from exporter.demo.dialler.gates import capacity_gate
from exporter.demo.platform.model import LIVE, Account, Campaign, Crew
from exporter.demo.platform.state import State
from exporter.demo.platform.traits import Break, Traits

COFFEE = Break(time(10, 30), 15, "coffee")


class Desk:
    """Three people from nine to five, with a coffee break, by a clock that the test sets: Wednesday, UTC."""

    def __init__(self) -> None:
        self.state, self.conditions = State(), Conditions()
        self.campaign = Campaign(1, 1, "Desk", LIVE, "UTC")
        self.crew = Crew(1, 3, 1.5, ["wed"], time(9), time(17))
        self.state.accounts[1] = Account(1, "Tenant", "UTC")
        self.state.campaigns[1], self.state.crews[1] = self.campaign, self.crew
        self.crews = Crews(self.state, Behaviour({1: Traits(breaks=(COFFEE,))}, self.conditions))

    def at(self, hour: int, minute: int = 0) -> tuple[int, int, str | None]:
        """Who is logged in and on a break, and why, at that time."""
        self.crews.tick(datetime(2026, 3, 4, hour, minute, tzinfo=UTC))
        return self.crew.logged_in, self.crew.paused, self.crew.break_reason

    def gate(self) -> str | None:
        return capacity_gate(self.state, self.campaign, datetime(2026, 3, 4, 12, tzinfo=UTC))


@pytest.fixture
def desk() -> Desk:
    return Desk()


def test_people_come_one_after_the_other_and_go_when_the_shift_ends(desk: Desk) -> None:
    assert [desk.at(8, 59)[0], desk.at(9, 1)[0], desk.at(9, 5)[0], desk.at(17)[0]] == [0, 1, 3, 0]


def test_all_go_on_a_break_that_is_planned_and_come_back(desk: Desk) -> None:
    assert desk.at(10, 30) == (3, 3, "coffee")
    assert desk.crew.break_until == datetime(2026, 3, 4, 10, 45, tzinfo=UTC)
    assert desk.at(10, 45) == (3, 0, None)
    assert desk.crew.break_until is None


def test_whoever_talks_stays_until_the_call_is_over(desk: Desk) -> None:
    desk.at(16, 59)
    assert desk.crews.take(desk.campaign)
    assert desk.at(17)[0] == 1
    desk.crews.leave(desk.campaign)
    assert desk.at(17, 1)[0] == 0


def test_nobody_takes_a_call_while_all_talk(desk: Desk) -> None:
    desk.at(12)
    assert [desk.crews.take(desk.campaign) for _ in range(4)] == [True, True, True, False]


def test_as_many_calls_ring_as_the_dial_ratio_allows_for_those_who_are_free(desk: Desk) -> None:
    desk.at(12)
    desk.campaign.on_air = 3
    assert desk.gate() is None
    desk.campaign.on_air = 4
    assert desk.gate() == "no_agent_available", "three times 1.5 is not five"


def test_for_the_last_who_is_free_one_call_rings(desk: Desk) -> None:
    desk.at(12)
    assert all(desk.crews.take(desk.campaign) for _ in range(2))
    desk.campaign.on_air = 2
    assert desk.gate() is None
    desk.campaign.on_air = 3
    assert desk.gate() == "no_agent_available"


def test_a_break_of_which_nobody_tells_the_end_and_a_shift_that_nobody_comes_to(desk: Desk) -> None:
    desk.conditions.breaks[1] = "training"
    assert desk.at(12) == (3, 3, "training")
    assert desk.crew.break_until is None
    desk.conditions.clear()
    desk.conditions.no_show.add(1)
    assert desk.at(12, 1) == (0, 0, None)
    assert desk.gate() == "no_agent_available"
