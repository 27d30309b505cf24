"""What only time can tell: stalled, starved, verdicts that must hold for a while, clocks that are set back."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import replace
from typing import Any

import pytest

from exporter.diagnosis.dispatch.hints import hints
from exporter.diagnosis.dispatch.situation import Situation
from exporter.diagnosis.dispatch.verdict import Diagnosis, Policy, diagnose, next_turn
from tests.diagnosis.dispatch.situations import (
    HOUR,
    MINUTE,
    NOW,
    calls,
    campaign,
    held,
    line,
    nobody,
    on_break,
    people,
    rival,
    schedule,
    silence,
    situation,
    tasks,
    tenant,
    window,
)


class Watch:
    """Looks at a campaign again and again, by a clock that the test sets: seconds after noon."""

    def __init__(self, policy: Policy | None = None) -> None:
        self.last: Diagnosis | None = None
        self.policy = policy or Policy()

    def at(self, second: float, s: Situation) -> tuple[str, str]:
        """Verdict and binding gate of this situation at that second."""
        self.last = diagnose(replace(s, now=NOW + second), self.last, self.policy)
        return self.last.verdict, self.last.binding

    def verdicts(self, seconds: Iterable[float], of: Callable[[float], Situation]) -> dict[float, str]:
        """The verdicts that are new, by the second of the look at which they were seen."""
        found: dict[float, str] = {}
        for second in seconds:
            before = self.last.verdict if self.last else None
            verdict, _ = self.at(second, of(second))
            if verdict != before:
                found[second] = verdict
        return found


def dialling(second: float, waits: float = 30.0, **parts: object) -> Situation:
    """A campaign that started a call five seconds ago; its oldest ready task waits for so long."""
    recent = replace(calls(), last_start=NOW + second - 5)
    ready = replace(tasks(), oldest_ready=NOW + second - waits)
    return situation(**{"calls": recent, "tasks": ready, **parts})


def silent(**parts: object) -> Situation:
    """Nothing is started since ten minutes before noon, with tasks ready for long."""
    return situation(**{"calls": silence(600), "tasks": tasks(in_progress=0, ready_for=HOUR), **parts})


# Stalled.


def test_open_gates_ready_tasks_and_silence_for_three_minutes_are_stalled() -> None:
    watch = Watch()
    assert watch.verdicts(range(0, 600, 5), lambda _: silent()) == {0: "dialing", 180: "stalled"}


def test_a_dispatcher_that_dies_while_it_dials_is_stalled_three_minutes_after_its_last_call() -> None:
    watch = Watch()
    watch.at(-60, dialling(-60))
    dead = dialling(0, calls=replace(calls(), last_start=NOW - 5, in_progress=0))
    assert watch.verdicts(range(5, 600, 5), lambda _: dead) == {175: "stalled"}


def test_a_call_that_goes_on_for_long_does_not_hide_that_nothing_is_started() -> None:
    watch = Watch()
    watch.verdicts(range(0, 180, 5), lambda _: silent(calls=calls(600, in_progress=1)))
    assert watch.at(180, silent(calls=calls(600, in_progress=1))) == ("stalled", "none")


def test_the_first_hint_of_a_stall_tells_how_long_and_where_to_look_first() -> None:
    watch = Watch()
    watch.at(0, silent())
    watch.at(300, silent())
    assert watch.last is not None
    assert hints(replace(silent(), now=NOW + 300), watch.last) == [
        "20 tasks could be dialled, every gate that is told is open and nothing was started for 15 min. "
        "Check that the platform's dispatcher runs before you touch any setting."
    ]


def test_a_stall_in_which_no_call_is_remembered_tells_how_long_it_was_seen_at_least() -> None:
    watch, mute = Watch(), silent(calls=silence(None))
    watch.at(0, mute)
    assert watch.at(300, mute) == ("stalled", "none")
    assert watch.last is not None
    assert "nothing was started for 5 min at least." in hints(replace(mute, now=NOW + 300), watch.last)[0]


def test_a_stall_counts_only_the_tasks_that_could_be_dialled() -> None:
    of = silent(tasks=tasks(20, blocked={"dnc": 5, "campaign_concurrency": 7}, in_progress=0, ready_for=HOUR))
    watch = Watch()
    watch.at(0, of)
    watch.at(300, of)
    assert watch.last is not None
    assert hints(replace(of, now=NOW + 300), watch.last)[0].startswith("27 tasks could be dialled")


def test_a_stall_ends_with_the_first_call() -> None:
    watch = Watch()
    watch.verdicts(range(0, 400, 5), lambda _: silent())
    assert watch.at(400, dialling(400)) == ("dialing", "none")


@pytest.mark.parametrize(
    "code",
    [
        "campaign_paused",
        "not_started",
        "no_window_enabled",
        "campaign_concurrency",
        "tenant_concurrency",
        "connection_limit",
        "higher_priority_campaign",
    ],
)
def test_stamps_that_our_figures_refute_do_not_hide_a_stall(code: str) -> None:
    watch = Watch()
    of = silent(tasks=held(code, 40))
    assert watch.verdicts(range(0, 300, 5), lambda _: of) == {0: "dialing", 180: "stalled"}


def test_a_stamp_on_a_task_of_an_idle_campaign_is_given_the_time_in_which_platforms_look_again() -> None:
    watch = Watch()
    watch.verdicts(range(0, 3600, 60), lambda _: silent(tasks=tasks(0, waiting=5, in_progress=0, due_in=2 * HOUR)))
    assert watch.at(3600, silent(tasks=held("tenant_concurrency", 1, waiting=4))) == ("dialing", "none")
    assert watch.at(3700, silent(tasks=held("tenant_concurrency", 1, waiting=4))) == ("dialing", "none")
    assert watch.at(4490, silent(tasks=held("tenant_concurrency", 1, waiting=4))) == ("dialing", "none")
    assert watch.at(4500, silent(tasks=held("tenant_concurrency", 1, waiting=4))) == ("stalled", "none")


def test_tasks_that_become_ready_after_hours_of_nothing_are_given_three_minutes() -> None:
    watch = Watch()
    watch.verdicts(range(0, 3600, 60), lambda _: silent(tasks=tasks(0, waiting=5, in_progress=0, due_in=HOUR)))
    due = replace(tasks(5, in_progress=0), oldest_ready=NOW + 3600)
    assert watch.verdicts(range(3600, 4000, 5), lambda _: silent(tasks=due)) == {3600: "dialing", 3780: "stalled"}


def test_tasks_that_nobody_may_call_are_not_stalled() -> None:
    watch = Watch()
    of = silent(tasks=held("dnc", 3))
    assert watch.verdicts(range(0, 3600, 60), lambda _: of) == {0: "waiting"}


def test_a_window_that_opens_gives_the_dispatcher_three_minutes() -> None:
    watch = Watch()
    of = silent(calls=silence(14 * HOUR), schedule=schedule(window("12:02", "18:00")))
    assert watch.verdicts(range(0, 600, 5), lambda _: of) == {0: "waiting", 120: "dialing", 300: "stalled"}


def test_a_campaign_that_is_resumed_gives_the_dispatcher_three_minutes() -> None:
    watch = Watch()
    watch.at(0, silent(campaign=campaign(status="paused")))
    resumed = silent(tasks=held("campaign_paused", 300))
    assert watch.verdicts(range(5, 600, 5), lambda _: resumed) == {5: "dialing", 185: "stalled"}


def test_a_window_of_a_few_minutes_never_stalls() -> None:
    watch = Watch()
    of = silent(schedule=schedule(window("12:00", "12:02")))
    assert watch.verdicts(range(0, 600, 5), lambda _: of) == {0: "dialing", 120: "waiting"}


def test_what_cannot_be_read_is_not_called_stalled() -> None:
    watch = Watch()
    of = silent(campaign=campaign(concurrency_limit=None, broken=frozenset({"concurrency_limit"})))
    assert watch.verdicts(range(0, 600, 5), lambda _: of) == {0: "unknown"}


def test_how_long_until_stalled_is_the_operators_choice() -> None:
    watch = Watch(Policy(stalled_after=600.0))
    assert watch.verdicts(range(0, 900, 5), lambda _: silent()) == {0: "dialing", 600: "stalled"}


def test_one_call_in_five_minutes_is_late_only_three_minutes_after_its_time() -> None:
    watch = Watch()
    slow = silent(campaign=campaign(calls_per_minute=0.2), calls=silence(70))
    seen = watch.verdicts(range(0, 700, 5), lambda _: slow)
    assert seen == {0: "throttled", 290: "dialing", 410: "stalled"}


# Starved.

STARVED = {"tenant_in_progress": 40, "rivals": (rival("Solar", 38),)}


def test_a_campaign_that_gets_no_slot_for_fifteen_minutes_is_blocked() -> None:
    watch = Watch()
    assert watch.verdicts(range(0, 1200, 5), lambda _: silent(**STARVED)) == {0: "throttled", 900: "blocked"}
    assert watch.last is not None
    assert watch.last.binding == "priority"


@pytest.mark.parametrize(
    ("parts", "binding"),
    [
        ({"tenant_in_progress": 40}, "tenant"),
        ({"carriers": {}, "tasks": held("connection_limit", 20)}, "connection"),
        ({**STARVED, "tasks": held("higher_priority_campaign", 20)}, "priority"),
    ],
)
def test_what_others_take_for_fifteen_minutes_blocks(parts: dict[str, object], binding: str) -> None:
    watch = Watch()
    watch.verdicts(range(0, 900, 5), lambda _: silent(**parts))
    assert watch.at(900, silent(**parts)) == ("blocked", binding)


def test_its_own_long_calls_never_block_a_campaign() -> None:
    watch = Watch()
    full = silent(campaign=campaign(concurrency_limit=2), calls=calls(600, in_progress=2))
    assert watch.verdicts(range(0, 1750, 10), lambda _: full) == {0: "throttled"}


def test_a_slot_now_and_then_is_no_starvation() -> None:
    def now_and_then(second: float) -> Situation:
        last = second - second % 600
        return silent(**STARVED, calls=replace(silence(), last_start=NOW + last))

    assert set(Watch().verdicts(range(0, 7200, 10), now_and_then).values()) == {"throttled"}


def test_a_starved_campaign_whose_tasks_became_ready_a_minute_ago_is_not_blocked() -> None:
    watch = Watch()
    watch.verdicts(range(0, 1800, 10), lambda _: silent(**STARVED, tasks=tasks(0, waiting=9, in_progress=0)))
    fresh = replace(tasks(9, in_progress=0), oldest_ready=NOW + 1740)
    assert watch.at(1800, silent(**STARVED, tasks=fresh)) == ("throttled", "priority")


def test_how_long_until_starved_is_the_operators_choice() -> None:
    watch = Watch(Policy(starved_after=60.0))
    assert watch.verdicts(range(0, 300, 5), lambda _: silent(**STARVED)) == {0: "throttled", 60: "blocked"}


def test_a_campaign_that_gets_its_first_slot_is_blocked_no_more_after_a_minute() -> None:
    watch = Watch()
    watch.verdicts(range(0, 905, 5), lambda _: silent(**STARVED))
    seen = watch.verdicts(range(905, 1100, 5), lambda t: dialling(t, waits=HOUR, **STARVED))
    assert seen == {965: "throttled"}


def test_while_a_verdict_is_held_the_hint_says_that_its_gate_is_open_again() -> None:
    watch = Watch()
    watch.verdicts(range(0, 905, 5), lambda _: silent(**STARVED))
    free = dialling(905, waits=HOUR, tenant_in_progress=37)
    assert watch.at(905, free) == ("blocked", "priority")
    assert watch.last is not None
    assert hints(replace(free, now=NOW + 905), watch.last)[0] == (
        "Watch it for a minute: the priority gate that held it up is open again."
    )


# Verdicts that must hold before they are shown.


def test_a_backlog_is_shown_when_it_lasts_for_a_minute() -> None:
    watch = Watch()
    watch.at(0, dialling(0))
    assert watch.verdicts(range(5, 300, 5), lambda t: dialling(t, waits=150)) == {65: "throttled"}


def test_a_backlog_that_is_gone_is_shown_after_a_minute() -> None:
    watch = Watch()
    watch.at(0, dialling(0, waits=HOUR))
    assert watch.verdicts(range(5, 300, 5), lambda t: dialling(t)) == {65: "dialing"}


def test_a_backlog_that_comes_and_goes_changes_nothing() -> None:
    watch = Watch()
    seen = watch.verdicts(range(0, 600, 5), lambda t: dialling(t, waits=150 if t // 30 % 2 else 30))
    assert seen == {0: "dialing"}


@pytest.mark.parametrize(
    ("change", "verdict"),
    [
        ({"campaign": campaign(status="paused")}, ("waiting", "lifecycle")),
        ({"campaign": campaign(budget=1.0), "spent": 1.0}, ("blocked", "money")),
        ({"schedule": schedule(window("14:00", "15:00"))}, ("waiting", "window")),
        ({"schedule": schedule()}, ("blocked", "window")),
        ({"tenant": tenant(concurrency_limit=0)}, ("blocked", "tenant")),
        ({"pool": (line(status="flagged"),)}, ("blocked", "numbers")),
    ],
)
def test_what_is_certain_is_shown_at_once(change: dict[str, Any], verdict: tuple[str, str]) -> None:
    watch = Watch()
    watch.at(0, dialling(0))
    assert watch.at(5, dialling(5, **change)) == verdict


@pytest.mark.parametrize("status", ["completed", "cancelled"])
def test_the_end_of_a_campaign_is_shown_at_once(status: str) -> None:
    watch = Watch()
    watch.at(0, dialling(0, waits=HOUR))
    assert watch.at(5, dialling(5, waits=HOUR, campaign=campaign(status=status))) == ("finished", "none")


def failing(second: float, share: float, code: str = "sip_503") -> Situation:
    s = dialling(second)
    return replace(s, calls=replace(s.calls, errors={("tellus", code): round(share * 50)}))


def test_a_provider_that_fails_is_blocked_after_fifteen_seconds() -> None:
    watch = Watch()
    watch.at(0, dialling(0))
    assert watch.verdicts(range(5, 120, 5), lambda t: failing(t, 0.9)) == {20: "blocked"}


def test_a_provider_that_recovered_is_dialling_after_a_minute() -> None:
    watch = Watch()
    watch.at(0, failing(0, 0.9))
    assert watch.verdicts(range(5, 200, 5), lambda t: failing(t, 0.1)) == {65: "dialing"}


def test_a_provider_on_the_brink_stays_what_it_was() -> None:
    watch = Watch()
    seen = watch.verdicts(range(0, 600, 5), lambda t: failing(t, 0.82 if t // 5 % 2 else 0.78))
    assert seen == {0: "dialing"}


def test_a_provider_that_throttles_is_shown_after_a_minute() -> None:
    watch = Watch()
    watch.at(0, dialling(0))
    seen = watch.verdicts(range(5, 200, 5), lambda t: failing(t, 0.4, "sip_429"))
    assert seen == {65: "throttled"}


@pytest.mark.parametrize("status", ["completed", "cancelled"])
def test_the_end_of_a_campaign_that_a_provider_blocked_is_shown_at_once(status: str) -> None:
    watch = Watch()
    watch.at(0, failing(0, 0.9))
    assert watch.at(5, replace(failing(5, 0.9), campaign=campaign(status=status))) == ("finished", "none")


def test_numbers_that_reach_their_caps_while_a_provider_throttles_are_shown_at_once() -> None:
    watch = Watch()
    watch.at(0, failing(0, 0.4, "sip_429"))
    capped = replace(failing(5, 0.4, "sip_429"), pool=(line(daily_cap=5),))
    assert watch.at(5, capped) == ("waiting", "numbers")


# Since when.


def test_since_is_when_the_verdict_was_seen_to_begin() -> None:
    watch = Watch()
    watch.verdicts(range(0, 300, 5), lambda _: silent())
    assert watch.last is not None
    assert (watch.last.since, watch.last.seen_since) == (NOW + 180, NOW + 180)


def test_what_was_so_at_the_first_look_is_so_since_nobody_knows_when() -> None:
    watch = Watch()
    watch.verdicts(range(0, 60, 5), dialling)
    assert watch.last is not None
    assert (watch.last.since, watch.last.seen_since) == (None, NOW)


def test_a_pause_is_since_the_time_that_the_platform_tells() -> None:
    assert diagnose(silent(campaign=campaign(status="paused", paused_at=NOW - HOUR))).since == NOW - HOUR


def test_an_end_is_since_the_time_that_the_platform_tells() -> None:
    assert diagnose(silent(campaign=campaign(status="completed", ended_at=NOW - HOUR))).since == NOW - HOUR


def test_a_pause_that_lies_in_the_future_is_taken_for_a_mistake() -> None:
    seen = diagnose(silent(campaign=campaign(status="paused", paused_at=NOW + HOUR)))
    assert (seen.since, seen.seen_since) == (None, NOW)


def test_which_limit_is_the_tightest_does_not_restart_a_spell_of_throttling() -> None:
    watch = Watch()
    watch.at(0, dialling(0, waits=HOUR, tenant_in_progress=40))
    for second in range(5, 70, 5):
        binding = watch.at(second, dialling(second, waits=HOUR, campaign=campaign(concurrency_limit=3)))[1]
        assert binding == ("tenant" if second < 65 else "campaign")
    assert watch.last is not None
    assert watch.last.seen_since == NOW


# Clocks.


def test_a_clock_that_was_set_back_voids_what_was_remembered() -> None:
    watch = Watch()
    watch.verdicts(range(0, 300, 5), lambda _: silent())
    assert watch.at(-HOUR, silent(calls=silence(2 * HOUR), tasks=tasks(in_progress=0, ready_for=2 * HOUR))) == (
        "dialing",
        "none",
    )
    assert watch.last is not None
    assert watch.last.seen_since == NOW - HOUR


def test_after_a_clock_was_set_back_a_stall_is_seen_in_three_minutes_again() -> None:
    watch = Watch()
    watch.verdicts(range(0, 300, 5), lambda _: silent())
    back = silent(calls=silence(2 * HOUR), tasks=tasks(in_progress=0, ready_for=2 * HOUR))
    seen = watch.verdicts(range(-3600, -3000, 5), lambda _: back)
    assert seen == {-3600: "dialing", -3420: "stalled"}


def test_after_a_clock_was_set_back_nothing_waits_to_be_shown() -> None:
    watch = Watch()
    watch.at(0, dialling(0, waits=HOUR))
    assert watch.at(-HOUR, dialling(-HOUR)) == ("dialing", "none")


def test_a_clock_that_jumped_ahead_is_no_stall_while_calls_start() -> None:
    watch = Watch()
    watch.at(0, dialling(0))
    assert watch.at(HOUR, dialling(HOUR)) == ("dialing", "none")


# When to look again.


def test_a_live_campaign_is_looked_at_again_within_a_minute() -> None:
    assert diagnose(situation()).next_look <= NOW + MINUTE


def test_a_window_that_opens_is_looked_at_in_its_second() -> None:
    shut = silent(schedule=schedule(window("12:01", "12:30")))
    assert diagnose(replace(shut, now=NOW + 55)).next_look == NOW + MINUTE
    assert NOW + 30 < diagnose(replace(shut, now=NOW + 30)).next_look <= NOW + 40


def test_what_grows_by_itself_is_looked_at_every_ten_seconds() -> None:
    assert NOW < diagnose(silent()).next_look <= NOW + 10


def test_an_ended_campaign_is_never_looked_at_again() -> None:
    assert diagnose(situation(campaign=campaign(status="completed"))).next_look == float("inf")


def test_campaigns_are_looked_at_again_each_in_its_own_turn() -> None:
    """Within ten seconds; of thousands that were judged together, few come up in the same second."""
    looks = [next_turn(f"c{number}", 1_000.25) for number in range(3000)]
    assert all(1_005.25 < look <= 1_010.25 for look in looks)
    by_second = Counter(int(look) for look in looks)
    assert max(by_second.values()) < 800
    assert all(next_turn(f"c{number}", look + 0.01) == pytest.approx(look + 10) for number, look in enumerate(looks))


# People who take the calls.


def staffed(**parts: Any) -> Situation:
    """Nothing is started, though somebody is to be there from eight to five."""
    return silent(**{"schedule": schedule(window("08:00", "17:00")), "tenant_in_progress": 0, **parts})


def test_a_break_of_which_nobody_says_when_it_ends_needs_somebody_after_ninety_minutes() -> None:
    watch = Watch()
    on_one = staffed(agents=on_break())
    assert watch.at(0, on_one) == ("waiting", "agents")
    assert watch.at(89 * MINUTE, on_one) == ("waiting", "agents")
    assert watch.at(91 * MINUTE, on_one) == ("blocked", "agents")


def test_a_break_counts_from_when_the_last_one_went() -> None:
    watch = Watch()
    assert watch.at(0, staffed(agents=on_break())) == ("waiting", "agents")
    watch.at(60 * MINUTE, staffed(agents=people(5, 1, 0, paused=4), calls=silence(10)))
    assert watch.at(61 * MINUTE, staffed(agents=on_break())) == ("waiting", "agents")
    assert watch.at(150 * MINUTE, staffed(agents=on_break())) == ("waiting", "agents")


def test_people_who_are_free_and_get_no_call_are_no_explanation() -> None:
    watch = Watch()
    free = staffed(agents=people(5, 5, 0))
    watch.at(0, free)
    assert watch.at(200, free) == ("stalled", "none")


def test_everybody_talking_for_an_hour_wakes_nobody() -> None:
    watch = Watch()
    busy = staffed(agents=people(2, 0, 2), calls=calls(HOUR, in_progress=2), tasks=tasks(in_progress=2, ready_for=HOUR))
    watch.at(0, busy)
    assert watch.at(HOUR, busy) == ("throttled", "agents")


def test_a_shift_that_nobody_comes_to_is_found_ten_minutes_after_it_began() -> None:
    watch = Watch()
    before = staffed(agents=nobody(), shifts=schedule(window("12:30", "17:00")))
    assert watch.at(0, before) == ("waiting", "agents")
    assert watch.at(39 * MINUTE, before) == ("waiting", "agents")
    assert watch.at(41 * MINUTE, before) == ("blocked", "agents")
