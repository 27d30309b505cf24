"""What a seed means: the same each time, every kind in turn, and only what can be known."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime

import pytest

from benchmarks.alerts.drawing import QUIET, Plan, draw, kinds_of
from benchmarks.alerts.kinds import HARNESS, KINDS, Strikes
from exporter.demo.scenarios.activation import activate, check_names
from exporter.demo.scenarios.table import SCENARIOS

SEEDS = range(1, 21)


@pytest.fixture(scope="module")
def plans() -> list[Plan]:
    return [draw(seed) for seed in SEEDS]


def test_each_kind_is_a_scenario_or_made_by_the_harness() -> None:
    assert KINDS.keys() - HARNESS <= SCENARIOS.keys()
    for kind in KINDS.values():
        if kind.name not in HARNESS:
            assert kind.sizes.keys() <= SCENARIOS[kind.name].parameters.keys()


def test_a_seed_means_the_same_each_time_and_another_one_something_else(plans: list[Plan]) -> None:
    assert draw(7) == plans[6]
    assert draw(8) != plans[6]


def test_twenty_seeds_hold_each_kind_four_times(plans: list[Plan]) -> None:
    drawn = Counter(kind.name for seed in range(101, 121) for kind in kinds_of(seed))
    assert drawn == dict.fromkeys(KINDS, 4)
    placed = Counter(each.kind for plan in plans for each in plan.incidents)
    assert sum(placed.values()) + sum(len(plan.skipped) for plan in plans) == 4 * len(KINDS)
    assert sum(len(plan.skipped) for plan in plans) <= 2


def test_incidents_are_of_every_size_and_hour_and_some_overlap(plans: list[Plan]) -> None:
    incidents = [each for plan in plans for each in plan.incidents]
    sizes = {each.size for each in incidents}
    assert min(size for size in sizes if size) <= 6
    assert max(sizes) == 50_000
    assert len({datetime.fromtimestamp(each.start, UTC).hour for each in incidents}) == 24
    assert 0.1 < sum(each.overlaps for each in incidents) / len(incidents) < 0.4


def test_what_is_struck_was_left_alone_for_a_while_and_the_exporter_fails_alone(plans: list[Plan]) -> None:
    for plan in plans:
        for one in plan.incidents:
            assert plan.dense.timestamp() < one.start < one.end < plan.end.timestamp()
            for other in plan.incidents:
                if other is one or other.start < one.start:
                    continue
                if set(one.campaigns) & set(other.campaigns):
                    assert other.start >= one.end + QUIET.total_seconds()
                if Strikes.EXPORTER in (one.what.strikes, other.what.strikes):
                    assert other.start > one.end


def test_every_incident_can_be_played(plans: list[Plan]) -> None:
    for plan in plans:
        for each in plan.incidents:
            if each.kind not in HARNESS:
                check_names(activate(each.kind, None, None, **each.parameters), plan.spec)
