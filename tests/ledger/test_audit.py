"""Which campaign is audited next, and how much database time audits may take."""

from __future__ import annotations

import pytest

from exporter.config import AuditConfig
from exporter.ledger.audit import BURST_SECONDS, AuditSchedule

PERIOD = 1000.0
CAMPAIGNS = [f"c{number}" for number in range(50)]


@pytest.fixture
def schedule() -> AuditSchedule:
    return AuditSchedule(AuditConfig(period=PERIOD, max_share=0.01))


def audited(schedule: AuditSchedule, start: float, end: float, cost: float = 0.0) -> list[tuple[float, str]]:
    """What is audited when somebody asks every second."""
    done = []
    for now in range(int(start), int(end)):
        schedule.pass_time(1.0)
        while (campaign := schedule.due(CAMPAIGNS, float(now))) is not None:
            schedule.done(campaign, float(now), cost)
            done.append((float(now), campaign))
    return done


def test_each_campaign_has_its_turn_once_a_period(schedule: AuditSchedule) -> None:
    schedule.due(CAMPAIGNS, 0.0)
    first = audited(schedule, 1, int(PERIOD) + 1)
    assert sorted(campaign for _, campaign in first) == sorted(CAMPAIGNS)


def test_the_turns_are_spread_over_the_period(schedule: AuditSchedule) -> None:
    schedule.due(CAMPAIGNS, 0.0)
    times = [at for at, _ in audited(schedule, 1, int(PERIOD) + 1)]
    halves = sum(at < PERIOD / 2 for at in times)
    assert 15 <= halves <= 35


def test_audits_take_no_more_than_their_share_of_time(schedule: AuditSchedule) -> None:
    schedule.suspect(CAMPAIGNS)
    done = audited(schedule, 0, 2000, cost=1.0)
    assert len(done) <= BURST_SECONDS + 2000 * 0.01 + 1
    assert len(done) >= 2000 * 0.01


def test_suspects_come_first_the_most_active_ones_before_the_others(schedule: AuditSchedule) -> None:
    schedule.due(CAMPAIGNS, 0.0)
    schedule.note_activity({"tasks": ["c7", "c9"]})
    schedule.note_activity({"tasks": ["c9"]})
    schedule.suspect(["c3", "c7", "c9"])
    order = []
    for _ in range(3):
        campaign = schedule.due(CAMPAIGNS, 0.0)
        assert campaign is not None
        schedule.done(campaign, 0.0, 0.0)
        order.append(campaign)
    assert order == ["c9", "c7", "c3"]


def test_a_campaign_that_left_is_not_due(schedule: AuditSchedule) -> None:
    schedule.suspect(["gone"])
    schedule.note_activity({"tasks": ["gone"]})
    assert schedule.due(["here"], 0.0) != "gone"


def test_without_campaigns_nothing_is_due(schedule: AuditSchedule) -> None:
    assert schedule.due([], 0.0) is None
