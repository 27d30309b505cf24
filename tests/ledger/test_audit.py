"""Which campaign is audited next, and how much database time audits may take."""

from __future__ import annotations

import pytest

from exporter.config import AuditConfig
from exporter.ledger.audit import BURST_SECONDS, AuditSchedule, Turn

PERIOD = 1000.0
CAMPAIGNS = [f"c{number}" for number in range(50)]


@pytest.fixture
def schedule() -> AuditSchedule:
    made = AuditSchedule(AuditConfig(period=PERIOD, max_share=0.01))
    made.keep(CAMPAIGNS, 0.0)
    return made


def audited(
    schedule: AuditSchedule, start: float, end: float, *, rows: float = 0.0, whole: float = 0.0
) -> list[tuple[float, Turn]]:
    """What is audited when somebody asks every second, and each takes so many seconds."""
    done = []
    for now in range(int(start), int(end)):
        schedule.pass_time(1.0)
        while (turn := schedule.due(CAMPAIGNS, float(now))) is not None:
            schedule.spend(turn, whole if turn.whole else rows)
            schedule.done(turn, float(now))
            done.append((float(now), turn))
    return done


def of(kind: bool, done: list[tuple[float, Turn]]) -> list[str]:
    return [turn.campaign for _, turn in done if turn.whole is kind]


def test_each_campaign_has_its_turn_of_each_kind_once_a_period(schedule: AuditSchedule) -> None:
    first = audited(schedule, 1, int(PERIOD) + 1)
    assert sorted(of(True, first)) == sorted(CAMPAIGNS)
    assert sorted(of(False, first)) == sorted(CAMPAIGNS)


def test_the_turns_are_spread_over_the_period(schedule: AuditSchedule) -> None:
    times = [at for at, turn in audited(schedule, 1, int(PERIOD) + 1) if turn.whole]
    halves = sum(at < PERIOD / 2 for at in times)
    assert 15 <= halves <= 35


def test_audits_take_no_more_than_their_share_of_time(schedule: AuditSchedule) -> None:
    schedule.suspect(CAMPAIGNS)
    done = audited(schedule, 0, 2000, rows=1.0, whole=1.0)
    assert len(done) <= BURST_SECONDS + 2000 * 0.01 + 1
    assert len(done) >= 2000 * 0.01


def test_all_rows_are_counted_once_a_period_though_there_is_no_time_to_count_everything(
    schedule: AuditSchedule,
) -> None:
    done = audited(schedule, 1, 2 * int(PERIOD) + 1, rows=0.01, whole=4.0)
    assert set(of(False, done)) == set(CAMPAIGNS)
    assert len(of(True, done)) < len(CAMPAIGNS)


def test_both_kinds_have_the_same_time_while_both_wait(schedule: AuditSchedule) -> None:
    schedule.suspect(CAMPAIGNS)
    done = audited(schedule, 0, 1000, rows=0.5, whole=1.0)
    assert abs(len(of(False, done)) * 0.5 - len(of(True, done))) <= 1.5


def test_nobody_saves_up_time_while_nobody_waits(schedule: AuditSchedule) -> None:
    audited(schedule, 1, int(PERIOD) + 1, rows=0.1)  # counting everything took no time
    schedule.suspect(CAMPAIGNS)
    done = audited(schedule, int(PERIOD) + 1, int(PERIOD) + 400, rows=0.5, whole=0.5)
    assert abs(len(of(False, done)) - len(of(True, done))) <= 12


@pytest.mark.parametrize("whole", [False, True])
def test_suspects_come_first_the_most_active_ones_before_the_others(schedule: AuditSchedule, whole: bool) -> None:
    schedule.note_activity({"tasks": ["c7", "c9"]})
    schedule.note_activity({"tasks": ["c9"]})
    schedule.suspect(["c3", "c7", "c9"])
    order = []
    for _ in range(6):
        turn = schedule.due(CAMPAIGNS, 0.0)
        assert turn is not None
        schedule.done(turn, 0.0)
        schedule.spend(turn, 0.5)
        order.append(turn)
    assert [turn.campaign for turn in order if turn.whole is whole] == ["c9", "c7", "c3"]


def test_of_a_campaign_that_was_loaded_nothing_is_suspected(schedule: AuditSchedule) -> None:
    schedule.suspect(["c3"])
    schedule.loaded("c3", 0.0)
    assert not schedule.suspects


def test_where_rows_may_have_gone_they_are_counted_early_and_nothing_else(schedule: AuditSchedule) -> None:
    schedule.suspect_rows(["c3"])
    assert schedule.due(CAMPAIGNS, 0.0) == Turn("c3", whole=False)
    schedule.done(Turn("c3", whole=False), 0.0)
    assert not schedule.suspects


def test_where_rows_cannot_be_counted_everything_is_counted_early(schedule: AuditSchedule) -> None:
    schedule.suspect_rows(["c3"])
    assert schedule.due(CAMPAIGNS, 0.0, whole_only=True) == Turn("c3", whole=True)
    schedule.done(Turn("c3", whole=True), 0.0)
    assert not schedule.suspects


def test_a_campaign_that_left_is_not_due(schedule: AuditSchedule) -> None:
    schedule.suspect(["c1", "c2"])
    schedule.keep(["c2", "c3"], 0.0)
    assert schedule.due(["c2", "c3"], 0.0) == Turn("c2", whole=False)


def test_without_campaigns_nothing_is_due(schedule: AuditSchedule) -> None:
    assert schedule.due([], 0.0) is None


def test_what_is_counted_beside_waits_for_nothing_that_is_counted_at_once(schedule: AuditSchedule) -> None:
    schedule.suspect(CAMPAIGNS)
    for _ in range(4):
        turn = schedule.due(["c1"], 0.0)
        assert turn is not None
        schedule.spend(turn, 1.0)
    first = schedule.due(["c2"], 0.0, beside=True)
    assert first == Turn("c2", whole=False, beside=True)
    schedule.spend(first, 0.1)
    assert schedule.due(["c2"], 0.0, beside=True) == Turn("c2", whole=True, beside=True)
