"""What the simulated dialler promises: limits, windows, numbers, retries, and the same rows from the same seed."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable
from dataclasses import replace
from datetime import datetime, timedelta
from itertools import pairwise

import pytest

from exporter.demo.dialler.dialler import Dialler
from exporter.demo.dialler.gates import window_open
from exporter.demo.platform.model import Attempt, Campaign, JournalEntry, Lead
from exporter.demo.platform.tables import TABLES
from exporter.demo.platform.world import DEMO
from exporter.demo.platform.zones import zone_of
from tests.demo.conftest import ORIGIN, SMALL

Work = Callable[..., Dialler]


@pytest.fixture(scope="module")
def day(dialled: Work) -> Dialler:
    """Thirty hours of the demo."""
    return dialled(hours=30)


def most_at_once(calls: Iterable[Attempt]) -> int:
    """The largest number of calls that were on air at the same moment; an end frees its slot at once."""
    changes: list[tuple[datetime, int]] = []
    for call in calls:
        changes.append((call.dialled_at, 1))
        if call.hung_up_at is not None:
            changes.append((call.hung_up_at, -1))
    now = most = 0
    for _, change in sorted(changes, key=lambda each: (each[0], each[1])):
        now += change
        most = max(most, now)
    return most


def test_the_same_seed_makes_the_same_rows(dialled: Work) -> None:

    def work() -> Dialler:
        return dialled(hours=3.1, seed="9")  # long enough to be dialled anew each time

    first, second = work(), work()
    for table in TABLES:
        row = table.row()
        if not table.has_json:
            assert list(map(row, first.state.new[table.kind])) == list(map(row, second.state.new[table.kind]))


def test_another_seed_makes_other_calls(dialled: Work) -> None:
    ids = [{call.attempt_id for call in dialled(hours=1, seed=seed).state.new[Attempt]} for seed in ("1", "2")]
    assert not ids[0] & ids[1]


def test_campaigns_stay_within_their_concurrency(day: Dialler) -> None:
    for campaign in day.state.campaigns.values():
        calls = [call for call in day.state.new[Attempt] if call.campaign_id == campaign.campaign_id]
        # The largest limit that the campaign ever had: operators change it.
        limits = [campaign.max_channels or 0] + [
            entry.detail[side]
            for entry in day.state.new[JournalEntry]
            if entry.campaign_id == campaign.campaign_id and entry.detail
            and entry.detail.get("setting") == "max_channels"
            for side in ("old", "new")
        ]  # fmt: skip
        assert most_at_once(calls) <= max(limits), campaign.title


def test_connections_stay_within_their_channels(day: Dialler) -> None:
    for trunk in day.state.trunks.values():
        calls = [call for call in day.state.new[Attempt] if call.trunk_id == trunk.trunk_id]
        assert calls
        assert most_at_once(calls) <= (trunk.max_channels or 0)


def test_tenants_stay_within_their_cap(dialled: Work) -> None:
    spec = replace(DEMO, accounts=tuple(replace(account, channels=7) for account in DEMO.accounts))
    dialler = dialled(hours=6, spec=spec)
    for account in dialler.state.accounts.values():
        own = {c.campaign_id for c in dialler.state.campaigns.values() if c.account_id == account.account_id}
        calls = [call for call in dialler.state.new[Attempt] if call.campaign_id in own]
        assert 4 <= most_at_once(calls) <= 7


def test_connections_stay_within_their_calls_per_second(day: Dialler) -> None:
    starts = Counter((call.trunk_id, call.dialled_at) for call in day.state.new[Attempt])
    for (trunk_id, _), count in starts.items():
        assert count <= (day.state.trunks[trunk_id or 0].max_cps or 0)


def test_pacing_limits_calls_a_minute(day: Dialler) -> None:
    paced = next(c for c in day.state.campaigns.values() if c.title == "Large re-engagement")
    starts = sorted(call.dialled_at for call in day.state.new[Attempt] if call.campaign_id == paced.campaign_id)
    limit = paced.max_per_minute or 0
    assert len(starts) > 100
    assert all(later - earlier >= timedelta(minutes=1) for earlier, later in zip(starts, starts[limit:], strict=False))


def test_no_call_starts_outside_its_campaigns_window(day: Dialler) -> None:
    for call in day.state.new[Attempt]:
        campaign = day.state.campaigns[call.campaign_id]
        assert campaign.always_open or window_open(campaign, call.dialled_at)


def test_a_night_window_is_dialled_over_midnight(day: Dialler) -> None:
    night = next(c for c in day.state.campaigns.values() if c.title == "Night shift recruiting")
    zone = zone_of(night.tz)
    hours = {
        call.dialled_at.astimezone(zone).hour for call in day.state.new[Attempt]
        if call.campaign_id == night.campaign_id
    }  # fmt: skip
    assert {23, 0, 1} <= hours <= {22, 23, 0, 1, 2, 3}


def test_numbers_stay_within_their_daily_cap_of_their_tenants_day(dialled: Work) -> None:
    spec = replace(DEMO, dids=tuple(replace(did, cap=25) for did in DEMO.dids))
    dialler = dialled(hours=30, spec=spec)
    used: Counter[tuple[int | None, object]] = Counter()
    for call in dialler.state.new[Attempt]:
        account = dialler.state.accounts[dialler.state.dids[call.did_id or 0].account_id]
        used[call.did_id, call.dialled_at.astimezone(zone_of(account.tz)).date()] += 1
    assert max(used.values()) == 25
    assert {"number_daily_cap"} & {lead.hold_code for lead in dialler.state.leads.values()}


def test_a_number_rests_between_two_calls(day: Dialler) -> None:
    starts = defaultdict(list)
    for call in day.state.new[Attempt]:
        starts[call.did_id].append(call.dialled_at)
    for number, moments in starts.items():
        spacing = timedelta(seconds=day.state.dids[number or 0].spacing_seconds)
        moments.sort()
        assert all(later - earlier >= spacing for earlier, later in pairwise(moments))


def test_a_contact_that_was_reached_is_called_from_the_same_number(day: Dialler) -> None:
    by_lead = defaultdict(list)
    for call in day.state.new[Attempt]:
        by_lead[call.lead_id].append(call)
    after = 0
    for calls in by_lead.values():
        reached = next((place for place, call in enumerate(calls) if call.result_code == "ANS"), None)
        if reached is not None:
            assert {call.did_id for call in calls[reached:]} == {calls[reached].did_id}
            after += len(calls) - reached - 1
    assert after > 20


def test_country_match_is_kept(day: Dialler) -> None:
    matching = [c for c in day.state.campaigns.values() if c.match_country]
    leads = {lead.lead_id: lead for lead in day.state.new[Lead]}
    for call in day.state.new[Attempt]:
        if day.state.campaigns[call.campaign_id] in matching:
            assert day.state.dids[call.did_id or 0].country == leads[call.lead_id].country


def test_a_system_retry_is_not_an_attempt(day: Dialler) -> None:
    retried = [lead for lead in day.state.new[Lead] if lead.fault_retries and lead.state_code in "CF"]
    calls = Counter(call.lead_id for call in day.state.new[Attempt])
    assert retried
    for lead in retried:
        assert calls[lead.lead_id] == lead.tries + lead.fault_retries


def test_nobody_is_tried_more_often_than_allowed(day: Dialler) -> None:
    assert all(lead.tries <= lead.max_tries for lead in day.state.new[Lead])


def test_calls_know_when_their_task_had_become_due(day: Dialler) -> None:
    assert all(call.due_at and call.due_at <= call.dialled_at for call in day.state.new[Attempt])


def test_costs_and_analysis_come_after_the_end(dialled: Work) -> None:
    dialler = dialled(hours=6)
    fresh = [call for call in dialler.state.new[Attempt] if call.hung_up_at and call.ai_cost is None]
    assert fresh
    for call in dialler.state.new[Attempt]:
        if call.ai_cost is not None and call.hung_up_at is not None:
            assert call.updated_at > call.hung_up_at


def test_totals_kept_equal_what_the_calls_cost(day: Dialler) -> None:
    spent: dict[int, float] = defaultdict(float)
    for call in day.state.new[Attempt]:
        spent[call.campaign_id] += (call.ai_cost or 0) + (call.carrier_cost or 0)
    for campaign in day.state.campaigns.values():
        assert campaign.spent == pytest.approx(spent[campaign.campaign_id], abs=1e-6)


def test_goals_achieved_equal_the_tasks_that_met_them(day: Dialler) -> None:
    met = Counter(lead.campaign_id for lead in day.state.new[Lead] if lead.goal_reached)
    reached = sum(goal.reached for c in day.state.campaigns.values() for goal in c.objectives)
    with_goal = {c.campaign_id for c in day.state.campaigns.values() if c.objectives}
    # A goal met in a call that asks for a callback is not closed yet; there is none of those.
    assert reached == sum(count for number, count in met.items() if number in with_goal)


@pytest.mark.parametrize("hour", range(0, 24, 3))
def test_something_dials_at_every_hour(dialled: Work, hour: int) -> None:
    until = ORIGIN.replace(hour=hour)
    dialler = dialled(hours=1, until=until, seconds=30, spec=SMALL)
    recent = [call for call in dialler.state.new[Attempt] if until - call.dialled_at < timedelta(minutes=10)]
    assert len(recent) > 15
    assert any(campaign.hold == "outside_call_window" for campaign in dialler.state.campaigns.values())


def test_a_paused_campaign_starts_nothing_and_says_so(dialled: Work) -> None:
    dialler = dialled(hours=3)
    campaign = busy(dialler)
    dialler.lifecycle.pause(campaign, dialler.time, "operator", "test")
    before = len(dialler.state.new[Attempt])
    dialler.step(ORIGIN + timedelta(hours=1))
    later = [call for call in dialler.state.new[Attempt][before:] if call.campaign_id == campaign.campaign_id]
    assert not later
    due = [lead for when, _, lead in campaign.queue if when <= dialler.time and lead.queued_for == when]
    assert {"campaign_paused"} <= {lead.hold_code for lead in due}


def test_stamps_go_away_when_the_campaign_dials_again(dialled: Work) -> None:
    dialler = dialled(hours=3)
    campaign = busy(dialler)
    dialler.lifecycle.pause(campaign, dialler.time, "operator", "test")
    dialler.step(ORIGIN + timedelta(hours=1))
    dialler.lifecycle.resume(campaign, dialler.time, "operator")
    dialler.step(ORIGIN + timedelta(hours=2))
    assert not any(lead.hold_code == "campaign_paused" for lead in dialler.state.leads.values()
                   if lead.campaign_id == campaign.campaign_id)  # fmt: skip


def busy(dialler: Dialler) -> Campaign:
    return next(c for c in dialler.state.campaigns.values() if c.title.startswith("Outage"))
