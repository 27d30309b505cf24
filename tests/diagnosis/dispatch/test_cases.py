"""The diagnosis as a table: what is unusual about a campaign, and what is said of it.

Each case names the verdict, the gate that binds, in how many seconds that clears, and how the first hint begins.
"""

from __future__ import annotations

from typing import NamedTuple

import pytest

from exporter.contract.codes import BLOCKERS
from exporter.diagnosis.dispatch.gates import GATES
from exporter.diagnosis.dispatch.hints import hints
from exporter.diagnosis.dispatch.situation import Situation, Tasks, Usual
from exporter.diagnosis.dispatch.verdict import NOTHING, VERDICTS, diagnose
from tests.diagnosis.dispatch.situations import (
    DAY,
    HOUR,
    MINUTE,
    NOW,
    calls,
    campaign,
    carrier,
    carriers,
    held,
    lately,
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
    upload,
    window,
)


class Case(NamedTuple):
    """A situation and what is said of it; `hint` is how the first one begins."""

    name: str
    given: Situation
    verdict: str
    binding: str
    clears: float | None
    hint: str


def idle(**parts: object) -> Situation:
    """Nothing was started for ten minutes, and no call goes on."""
    return situation(**{"calls": silence(), "tasks": tasks(in_progress=0), "tenant_in_progress": 0, **parts})


NO_CALLS_YET = silence(None, settled=0)
BEFORE_DAWN = schedule(window("02:00", "06:00"))
OFFICE = schedule(window("14:00", "18:00"))
OVERNIGHT = schedule(window("22:00", "06:00"))
SYDNEY = schedule(window("09:00", "17:00", ["mon", "tue", "wed", "thu", "fri"]), name="Australia/Sydney")
FULL = {"campaign": campaign(concurrency_limit=3)}


def errors(**by_code: int) -> dict[tuple[str, str], int]:
    return {("tellus", code): count for code, count in by_code.items()}


DIALING = [
    Case("healthy", situation(), "dialing", "none", None, "Nothing: it is dialling."),
    Case(
        "its last calls go on and nothing is pending",
        situation(tasks=tasks(0), calls=calls(200)),
        "dialing", "none", None, "Nothing: it is dialling.",
    ),
    Case(
        "its last call is over and its task is about to be",
        situation(tasks=tasks(0, in_progress=1), calls=silence()),
        "dialing", "none", None, "Wait: no call goes on, and the last tasks are being finished.",
    ),
    Case(
        "tasks became ready just now, after an hour of nothing to do",
        idle(tasks=tasks(in_progress=0, ready_for=20), calls=silence(HOUR)),
        "dialing", "none", None, "Wait: tasks are about to be dialled.",
    ),
    Case(
        "it was just started and no call is remembered",
        idle(calls=NO_CALLS_YET, campaign=campaign(started_at=NOW - 20)),
        "dialing", "none", None, "Wait: tasks are about to be dialled.",
    ),
    Case(
        "long ready and silent, but seen for the first time",
        idle(tasks=tasks(in_progress=0, ready_for=HOUR)),
        "dialing", "none", None, "Wait a few minutes: tasks are ready and nothing is started. If it stays so,",
    ),
    Case(
        "the clock of the dialler is ahead, so that its last call lies in the future",
        situation(calls=calls(-HOUR)),
        "dialing", "none", None, "Nothing: it is dialling.",
    ),
    Case(
        "a huge limit",
        situation(campaign=campaign(concurrency_limit=2**62, calls_per_minute=1e300)),
        "dialing", "none", None, "Nothing: it is dialling.",
    ),
    Case(
        "nothing but campaigns, tasks and calls is told",
        situation(tenant=None, pool=None, carriers={}, upload=None, tomorrow=None,
                  campaign=campaign(concurrency_limit=None, priority=None)),
        "dialing", "none", None, "Nothing: it is dialling.",
    ),
    Case(
        "much of the list is held while the rest is dialled",
        situation(tasks=tasks(50, blocked={"consent_missing": 50})),
        "dialing", "none", None, "50 % of the pending tasks are held, most by consent_missing (50). Never override it",
    ),
    Case(
        "slots leaked, and there is room left",
        situation(calls=calls(in_progress=5, leaked=2)),
        "dialing", "none", None, "2 slots of the campaign held for too long to be a real call.",
    ),
    Case(
        "calls left the window today, the window is open again",
        situation(outside_window=4),
        "dialing", "none", None, "4 calls started today while the campaign's windows were closed. Pause it",
    ),
]  # fmt: skip

LIFECYCLE = [
    Case(
        "paused, with a reason",
        idle(campaign=campaign(status="paused", paused_at=NOW - HOUR, pause_reason="Complaints")),
        "waiting", "lifecycle", None,
        "Read the reason of the pause and settle it before resuming: Complaints.",
    ),
    Case(
        "paused by a person who is named",
        idle(campaign=campaign(status="paused", paused_by="anna", pause_reason="Complaints")),
        "waiting", "lifecycle", None, "Read the reason of the pause and settle it before resuming: Complaints.",
    ),
    Case(
        "paused by the platform itself",
        idle(campaign=campaign(status="paused", paused_by="platform", pause_reason="Complaints")),
        "blocked", "lifecycle", None,
        "The platform paused it by itself. Read the reason of the pause and settle it before resuming: Complaints.",
    ),
    Case(
        "paused by the platform itself without a reason",
        idle(campaign=campaign(status="paused", paused_by="platform")),
        "blocked", "lifecycle", None,
        "The platform paused it by itself. Find out why before resuming: no reason is told.",
    ),
    Case(
        "paused by the platform itself, and its window is closed: nobody is woken for it",
        idle(campaign=campaign(status="paused", paused_by="platform"), schedule=OFFICE),
        "waiting", "window", 2 * HOUR, "Wait: it is 12:00 UTC",
    ),
    Case(
        "paused by the platform once, and running again",
        situation(campaign=campaign(paused_by="platform")),
        "dialing", "none", None, "",
    ),
    Case(
        "paused, with a reason that is a sentence",
        idle(campaign=campaign(status="paused", pause_reason="Too many complaints.")),
        "waiting", "lifecycle", None,
        "Read the reason of the pause and settle it before resuming: Too many complaints.",
    ),
    Case(
        "paused, without a reason",
        idle(campaign=campaign(status="paused")),
        "waiting", "lifecycle", None, "Find out who paused it and why before resuming",
    ),
    Case(
        "paused a moment ago: its calls are still going on",
        situation(campaign=campaign(status="paused", paused_at=NOW - 5)),
        "waiting", "lifecycle", None, "Find out who paused it",
    ),
    Case(
        "paused, and all its tasks say so",
        idle(campaign=campaign(status="paused"), tasks=held("campaign_paused", 300)),
        "waiting", "lifecycle", None, "Find out who paused it",
    ),
    Case(
        "paused, and the budget is spent as well",
        idle(campaign=campaign(status="paused", budget=10.0), spent=10.0),
        "waiting", "lifecycle", None, "Find out who paused it",
    ),
    Case(
        "scheduled for tomorrow",
        idle(campaign=campaign(status="scheduled", scheduled_at=NOW + DAY), tasks=held("not_started", 20)),
        "waiting", "lifecycle", DAY, "Wait: it starts at Thu 2026-03-05 12:00 UTC, in 1 d.",
    ),
    Case(
        "scheduled, without a time",
        idle(campaign=campaign(status="scheduled")),
        "waiting", "lifecycle", None, "See when it is to start, and give it a time if it has none: no time is told.",
    ),
    Case(
        "its time came two minutes ago",
        idle(campaign=campaign(status="scheduled", scheduled_at=NOW - 120)),
        "waiting", "lifecycle", None, "Wait: its time has come, and it is about to start.",
    ),
    Case(
        "its time came an hour ago and it does not run",
        idle(campaign=campaign(status="scheduled", scheduled_at=NOW - HOUR)),
        "blocked", "lifecycle", None, "Start it, or find out why the platform did not",
    ),
    Case(
        "its time came an hour ago, all its tasks say not_started",
        idle(campaign=campaign(status="scheduled", scheduled_at=NOW - HOUR), tasks=held("not_started", 20)),
        "blocked", "lifecycle", None, "Start it, or find out why",
    ),
    Case(
        "its time came at night, before its window opens",
        idle(campaign=campaign(status="scheduled", scheduled_at=NOW - HOUR), schedule=OFFICE),
        "waiting", "window", 2 * HOUR, "Wait: it is 12:00 UTC, and the window opens at 14:00 UTC, in 2 h.",
    ),
    Case(
        "it expired",
        idle(campaign=campaign(expires_at=NOW - 1)),
        "waiting", "lifecycle", None, "Extend the campaign if its contacts are still to be called: it expired.",
    ),
    Case(
        "it expires this instant",
        idle(campaign=campaign(expires_at=NOW)),
        "waiting", "lifecycle", None, "Extend the campaign",
    ),
    Case(
        "the circuit breaker opened",
        idle(tasks=tasks(20, blocked={"circuit_breaker_open": 60}, in_progress=0)),
        "blocked", "lifecycle", None, "Find what made the platform's circuit breaker open",
    ),
    Case(
        "the circuit breaker opened, and every task says so",
        idle(tasks=held("circuit_breaker_open", 60)),
        "blocked", "lifecycle", None, "Find what made the platform's circuit breaker open",
    ),
    Case(
        "a stamp of the circuit breaker that calls refute",
        situation(tasks=tasks(20, blocked={"circuit_breaker_open": 60})),
        "dialing", "none", None, "Nothing: it is dialling.",
    ),
    Case(
        "completed",
        idle(campaign=campaign(status="completed", ended_at=NOW - HOUR), tasks=tasks(0, in_progress=0)),
        "finished", "none", None, "Nothing: the campaign is completed.",
    ),
    Case(
        "cancelled with tasks left",
        idle(campaign=campaign(status="cancelled")),
        "finished", "none", None, "Nothing: the campaign is cancelled.",
    ),
    Case(
        "a status that nobody announced",
        idle(campaign=campaign(status="other", broken=frozenset({"status"}))),
        "unknown", "lifecycle", None, "Mend status in the platform's data",
    ),
    Case(
        "a status that nobody announced, and it dials",
        situation(campaign=campaign(status="other", broken=frozenset({"status"}))),
        "dialing", "none", None, "Nothing: it is dialling.",
    ),
    Case(
        "a status that nobody announced, outside its window",
        idle(campaign=campaign(status="other"), schedule=OFFICE),
        "waiting", "window", 2 * HOUR, "Wait: it is 12:00 UTC",
    ),
]  # fmt: skip

NO_TASKS = tasks(0, in_progress=0, over=0)
AUDIENCE = [
    Case(
        "the file came a minute ago and is staged",
        idle(tasks=NO_TASKS, upload=upload("staged", MINUTE)),
        "waiting", "audience", None, "Wait: the list is on its way.",
    ),
    Case(
        "the file is being imported",
        idle(tasks=NO_TASKS, upload=upload("processing", 14 * MINUTE)),
        "waiting", "audience", None, "Wait: the list is on its way.",
    ),
    Case(
        "the import does not end",
        idle(tasks=NO_TASKS, upload=upload("processing", 16 * MINUTE)),
        "blocked", "audience", None, "Find out why the import of march.csv does not end.",
    ),
    Case(
        "the import failed",
        idle(tasks=NO_TASKS, upload=upload("failed", MINUTE)),
        "blocked", "audience", None, "Fix the file march.csv and import it again",
    ),
    Case(
        "the import failed, and the platform says so on the tasks that wait",
        idle(tasks=held("audience_not_ready", 40), upload=upload("failed", MINUTE)),
        "blocked", "audience", None, "Fix the file march.csv and import it again",
    ),
    Case(
        "the platform holds the tasks while the list is imported",
        idle(tasks=held("audience_not_ready", 10, ready=30), upload=upload("processing", MINUTE)),
        "waiting", "audience", None, "Wait: the list is on its way.",
    ),
    Case(
        "the platform says that the list is not ready, no file is told",
        idle(tasks=held("audience_not_ready", 10, ready=30), upload=None),
        "blocked", "audience", None, "Fix the list of contacts.",
    ),
    Case(
        "the second file failed after the first was dialled",
        idle(tasks=tasks(0, in_progress=0), upload=upload("failed", MINUTE)),
        "blocked", "audience", None, "Fix the file march.csv and import it again",
    ),
    Case(
        "the second file failed while the first is dialled",
        situation(upload=upload("failed", MINUTE)),
        "dialing", "none", None, "",
    ),
    Case(
        "started a minute ago, without contacts",
        idle(tasks=NO_TASKS, upload=None, calls=NO_CALLS_YET, campaign=campaign(started_at=NOW - MINUTE)),
        "waiting", "audience", None, "Wait: the list is on its way.",
    ),
    Case(
        "started an hour ago, without contacts",
        idle(tasks=NO_TASKS, upload=None, calls=NO_CALLS_YET, campaign=campaign(started_at=NOW - HOUR)),
        "blocked", "audience", None, "Import a list: the campaign has no contacts to call.",
    ),
    Case(
        "scheduled, without contacts yet",
        idle(tasks=NO_TASKS, upload=None, campaign=campaign(status="scheduled", scheduled_at=NOW + HOUR)),
        "waiting", "lifecycle", HOUR, "Wait: it starts at 13:00 UTC, in 1 h.",
    ),
    Case(
        "its time came an hour ago, and it has no contacts",
        idle(tasks=NO_TASKS, upload=None, campaign=campaign(status="scheduled", scheduled_at=NOW - HOUR)),
        "blocked", "lifecycle", None, "Start it, or find out why",
    ),
    Case(
        "a third of the rows were rejected",
        situation(upload=upload(rows_total=120, rows_rejected=40)),
        "dialing", "none", None, "33 % of the rows of march.csv were rejected.",
    ),
]  # fmt: skip

MONEY = [
    Case(
        "the budget is spent",
        idle(campaign=campaign(budget=100.0), spent=100.0),
        "blocked", "money", None, "Ask who owns the budget: it is spent.",
    ),
    Case(
        "the budget is spent, and every task says so",
        idle(campaign=campaign(budget=100.0), spent=101.0, tasks=held("budget_exhausted", 50)),
        "blocked", "money", None, "Ask who owns the budget: it is spent.",
    ),
    Case(
        "the budget is spent to within a cent",
        situation(campaign=campaign(budget=100.0), spent=99.99),
        "dialing", "none", None, "Nothing: it is dialling.",
    ),
    Case(
        "a budget of zero",
        idle(campaign=campaign(budget=0.0)),
        "blocked", "money", None, "Ask who owns the budget",
    ),
    Case(
        "the budget is spent, and the window is closed",
        idle(campaign=campaign(budget=100.0), spent=100.0, schedule=OFFICE),
        "waiting", "window", 2 * HOUR,
        "Wait: it is 12:00 UTC, and the window opens at 14:00 UTC, in 2 h. Before it dials again: ask who owns",
    ),
    Case(
        "the budget is spent, and nobody is left to call",
        idle(campaign=campaign(budget=100.0), spent=100.0, tasks=tasks(0, in_progress=0)),
        "waiting", "tasks", None, "Import more contacts or complete the campaign",
    ),
    Case(
        "the credits are used up",
        idle(tenant=tenant(credits_remaining=0.0), tasks=held("credits_exhausted", 50)),
        "blocked", "money", None, "Add credits, or pause: the tenant's credits are spent, for all its campaigns.",
    ),
    Case(
        "the credits are used up, no task says so yet",
        idle(tenant=tenant(credits_remaining=0.0)),
        "blocked", "money", None, "Add credits, or pause",
    ),
    Case(
        "the credits are overdrawn",
        idle(tenant=tenant(credits_remaining=-3.5)),
        "blocked", "money", None, "Add credits, or pause",
    ),
    Case(
        "only the platform says that the budget is spent",
        idle(tasks=held("budget_exhausted", 10, ready=30)),
        "blocked", "money", None, "Ask who owns the budget",
    ),
    Case(
        "only the platform says that the credits are spent",
        idle(tenant=None, tasks=held("credits_exhausted", 40)),
        "blocked", "money", None, "Add credits, or pause",
    ),
    Case(
        "the budget cannot be read and nothing is dialled",
        idle(campaign=campaign(broken=frozenset({"budget"}))),
        "unknown", "money", None, "Mend budget in the platform's data",
    ),
    Case(
        "the credits cannot be read and nothing is dialled",
        idle(tenant=tenant(credits_remaining=None, broken=frozenset({"credits_remaining"}))),
        "unknown", "money", None, "Mend credits_remaining in the platform's data",
    ),
    Case(
        "the budget cannot be read, and it dials",
        situation(campaign=campaign(broken=frozenset({"budget"}))),
        "dialing", "none", None, "Nothing: it is dialling.",
    ),
]  # fmt: skip

WINDOW = [
    Case(
        "closed until this afternoon",
        idle(schedule=OFFICE),
        "waiting", "window", 2 * HOUR,
        "Wait: it is 12:00 UTC, and the window opens at 14:00 UTC, in 2 h. If that is odd, check zone and schedule.",
    ),
    Case(
        "closed until this afternoon, and every task says so",
        idle(schedule=OFFICE, tasks=held("outside_call_window", 300)),
        "waiting", "window", 2 * HOUR, "Wait: it is 12:00 UTC",
    ),
    Case(
        "closed until tomorrow",
        idle(schedule=BEFORE_DAWN),
        "waiting", "window", 14 * HOUR, "Wait: it is 12:00 UTC, and the window opens at Thu 2026-03-05 02:00 UTC",
    ),
    Case(
        "closed over the day, open over night",
        idle(schedule=OVERNIGHT),
        "waiting", "window", 10 * HOUR, "Wait: it is 12:00 UTC, and the window opens at 22:00 UTC",
    ),
    Case(
        "open over night, at two in the morning",
        situation(schedule=schedule(window("22:00", "13:00"))),
        "dialing", "none", None, "Nothing: it is dialling.",
    ),
    Case(
        "closed where the contacts live",
        idle(schedule=SYDNEY, campaign=campaign(timezone="Australia/Sydney")),
        "waiting", "window", 10 * HOUR,
        "Wait: it is 23:00 Australia/Sydney, and the window opens at Thu 2026-03-05 09:00 Australia/Sydney, in 10 h.",
    ),
    Case(
        "it closed a minute ago and its last calls go on",
        situation(schedule=schedule(window("09:00", "11:59")), calls=calls(61)),
        "waiting", "window", 21 * HOUR, "Wait: it is 12:00 UTC",
    ),
    Case(
        "no window is enabled",
        idle(schedule=schedule()),
        "blocked", "window", None, "Enable a call window: the schedule has none, so it will never dial.",
    ),
    Case(
        "no window is enabled, and every task says so",
        idle(schedule=schedule(), tasks=held("no_window_enabled", 30)),
        "blocked", "window", None, "Enable a call window",
    ),
    Case(
        "no window is enabled, and the tasks say that it is closed",
        idle(schedule=schedule(), tasks=held("outside_call_window", 30)),
        "blocked", "window", None, "Enable a call window",
    ),
    Case(
        "windows without days",
        idle(schedule=schedule(window("09:00", "17:00", []))),
        "blocked", "window", None, "Enable a call window",
    ),
    Case(
        "no window is enabled, but it is paused",
        idle(schedule=schedule(), campaign=campaign(status="paused")),
        "waiting", "lifecycle", None, "Find out who paused it",
    ),
    Case(
        "it expires before the window opens",
        idle(schedule=OFFICE, campaign=campaign(expires_at=NOW + HOUR)),
        "blocked", "window", None, "Fix the schedule: it is 12:00 UTC, and no window opens before the campaign ends.",
    ),
    Case(
        "it dialled, its last window has passed, and it expires before the next: it ends as planned",
        idle(schedule=OFFICE, campaign=campaign(expires_at=NOW + HOUR), usual=Usual(settled=1)),
        "waiting", "window", None, "Nothing, unless it should go on",
    ),
    Case(
        "it expires before the window opens, and every task says that it is closed",
        idle(schedule=OFFICE, campaign=campaign(expires_at=NOW + HOUR), tasks=held("outside_call_window", 30)),
        "blocked", "window", None, "Fix the schedule",
    ),
    Case(
        "it expires after the window opens",
        idle(schedule=OFFICE, campaign=campaign(expires_at=NOW + 3 * HOUR)),
        "waiting", "window", 2 * HOUR, "Wait: it is 12:00 UTC",
    ),
    Case(
        "the windows cannot be read",
        idle(schedule=None, campaign=campaign(broken=frozenset({"call_windows"}))),
        "unknown", "window", None, "Mend call_windows in the platform's data",
    ),
    Case(
        "the zone cannot be read",
        idle(schedule=None, campaign=campaign(timezone=None, broken=frozenset({"timezone"}))),
        "unknown", "window", None, "Mend timezone in the platform's data",
    ),
    Case(
        "the windows cannot be read, and the budget is spent",
        idle(schedule=None, campaign=campaign(budget=1.0, broken=frozenset({"call_windows"})), spent=1.0),
        "blocked", "money", None, "Ask who owns the budget",
    ),
    Case(
        "open, but closed where these contacts live",
        idle(tasks=held("outside_call_window", 40)),
        "waiting", "tasks", None,
        "40 tasks left, held by outside_call_window. Wait, or fix the schedule; mind the contact's zone.",
    ),
]  # fmt: skip

SOLAR = (rival("Solar", 38),)
DAY_SHIFT = schedule(window("08:00", "17:00"))
LATE_SHIFT = schedule(window("14:00", "22:00"))
AGENTS = [
    Case(
        "people take the calls, and some are free",
        situation(agents=people()), "dialing", "none", None, "Nothing: it is dialling.",
    ),
    Case(
        "everybody is on a call",
        idle(agents=people(5, 0, 5)), "throttled", "agents", None,
        "Wait for a person to be free: nobody is. Log in more people if it must go faster.",
    ),
    Case(
        "calls ring for all who are free",
        situation(agents=people(5, 2, 3, dial_ratio=1.5), calls=calls(in_progress=6),
                  tasks=tasks(in_progress=6, ready_for=HOUR)),
        "throttled", "agents", None, "Wait for a person to be free: nobody is.",
    ),
    Case(
        "it dials, and people are what it waits for",
        situation(agents=people(5, 1, 4), calls=calls(in_progress=4), tasks=tasks(ready_for=HOUR)),
        "throttled", "agents", None, "People are the bottleneck (4 of 5 calls at once); log in more if",
    ),
    Case(
        "everybody is on a break, until when is not told",
        idle(agents=on_break(pause_reason="coffee"), schedule=DAY_SHIFT),
        "waiting", "agents", None, "Wait: everybody is on a break, and until when is not told.",
    ),
    Case(
        "everybody is on a break that is planned",
        idle(agents=on_break(break_ends_at=NOW + 20 * MINUTE), schedule=DAY_SHIFT),
        "waiting", "agents", 20 * MINUTE, "Wait: people are to be there at 12:20 UTC, in 20 min. If that is odd, check",
    ),
    Case(
        "people log out for a break that is planned",
        idle(agents=nobody(break_ends_at=NOW + 20 * MINUTE), schedule=DAY_SHIFT),
        "waiting", "agents", 20 * MINUTE, "Wait: people are to be there at 12:20 UTC, in 20 min.",
    ),
    Case(
        "a break that was to end half an hour ago",
        idle(agents=on_break(break_ends_at=NOW - 30 * MINUTE), schedule=DAY_SHIFT),
        "blocked", "agents", None, "Get people back from their break, or tell until when it is planned",
    ),
    Case(
        "a break that is over since a moment",
        idle(agents=on_break(break_ends_at=NOW - MINUTE), schedule=DAY_SHIFT),
        "waiting", "agents", None, "Wait: everybody is on a break.",
    ),
    Case(
        "nobody is logged in while the window is open",
        idle(agents=nobody(), schedule=DAY_SHIFT),
        "blocked", "agents", None, "Get people to log in, or pause the campaign: nobody is logged in, and somebody",
    ),
    Case(
        "nobody is logged in during a shift",
        idle(agents=nobody(), shifts=DAY_SHIFT),
        "blocked", "agents", None, "Get people to log in, or pause the campaign",
    ),
    Case(
        "nobody is logged in, and the shift begins later",
        idle(agents=nobody(), schedule=DAY_SHIFT, shifts=LATE_SHIFT),
        "waiting", "agents", 2 * HOUR, "Wait: people are to be there at 14:00 UTC, in 2 h. If that is odd, check the",
    ),
    Case(
        "nobody is logged in yet, as the shift begins just now",
        idle(agents=nobody(), shifts=schedule(window("11:55", "17:00"))),
        "waiting", "agents", None, "Nothing, unless somebody should be there: nobody is logged in.",
    ),
    Case(
        "people left some minutes before the end of their shift",
        idle(agents=nobody(), shifts=schedule(window("08:00", "12:05"))),
        "waiting", "agents", None, "Nothing, unless somebody should be there: nobody is logged in.",
    ),
    Case(
        "nobody is logged in, and nobody tells when somebody should be",
        idle(agents=nobody()),
        "waiting", "agents", None, "Nothing, unless somebody should be there: nobody is logged in, and when",
    ),
    Case(
        "the shifts cannot be read",
        idle(agents=nobody(broken=frozenset({"shifts"})), schedule=DAY_SHIFT),
        "waiting", "agents", None, "Nothing, unless somebody should be there: nobody is logged in, and when",
    ),
    Case(
        "how many are logged in cannot be read",
        idle(agents=people(None, None, None, broken=frozenset({"logged_in"}))),
        "unknown", "agents", None, "Mend logged_in in the platform's data",
    ),
    Case(
        "who is free is not told",
        idle(agents=people(5, None, None)),
        "unknown", "agents", None, "Have the platform tell how many people are free (agents.free)",
    ),
    Case(
        "people start the calls, and have not for a while",
        idle(agents=people(5, 5, 0, dial_ratio=0.0)),
        "waiting", "agents", None, "Nothing, unless people should be calling: they start this campaign's calls",
    ),
    Case(
        "the platform says that nobody is free, and tells of no people",
        idle(tasks=held("no_agent_available", 30)),
        "throttled", "agents", None, "Wait for a person to be free: nobody is.",
    ),
    Case(
        "many calls are abandoned",
        situation(agents=people(), lately=lately(100, 30, abandoned=10)),
        "dialing", "none", None,
        "In 25 % of the last 40 calls that somebody picked up nobody was free to talk. Lower the dial ratio now",
    ),
]  # fmt: skip

PRIORITY = [
    Case(
        "a campaign that goes first took all the tenant's slots",
        idle(tenant_in_progress=40, rivals=SOLAR),
        "throttled", "priority", None, "Solar (priority 9) goes first and holds 38 slots.",
    ),
    Case(
        "a campaign that goes first took them, and every task says so",
        idle(tenant_in_progress=40, rivals=SOLAR, tasks=held("higher_priority_campaign", 60)),
        "throttled", "priority", None, "Solar (priority 9) goes first and holds 38 slots.",
    ),
    Case(
        "it gets a slot now and then beside one that goes first",
        situation(tenant_in_progress=40, rivals=SOLAR, tasks=tasks(ready_for=HOUR)),
        "throttled", "priority", None, "Solar (priority 9) goes first",
    ),
    Case(
        "two that go first hold half of the slots together",
        idle(tenant_in_progress=40, rivals=(rival("Solar", 8), rival("Banking", 12))),
        "throttled", "priority", None, "Banking (priority 9) goes first and holds 12 slots.",
    ),
    Case(
        "those that go first hold less than half: the cap is what binds",
        idle(tenant_in_progress=40, rivals=(rival("Solar", 19),)),
        "throttled", "tenant", None, "See which campaigns of the tenant hold its slots",
    ),
    Case(
        "one that goes first dials, the tenant has room",
        situation(tenant_in_progress=25, rivals=(rival("Solar", 20),)),
        "dialing", "none", None, "Nothing: it is dialling.",
    ),
    Case(
        "campaigns of the same priority hold the slots: nobody goes first",
        idle(tenant_in_progress=40),
        "throttled", "tenant", None, "See which campaigns of the tenant hold its slots",
    ),
    Case(
        "the platform says so while one that goes first dials, no cap is told",
        idle(tenant=tenant(concurrency_limit=None), tenant_in_progress=5, rivals=(rival("Solar", 5),),
             tasks=held("higher_priority_campaign", 60)),
        "throttled", "priority", None, "Solar (priority 9) goes first and holds 5 slots.",
    ),
    Case(
        "the platform says so, priorities are not told",
        idle(campaign=campaign(priority=None), tasks=held("higher_priority_campaign", 60)),
        "throttled", "priority", None, "Find the campaign of higher priority that takes the slots",
    ),
    Case(
        "the platform says so, and nobody goes first: an old stamp",
        idle(tasks=held("higher_priority_campaign", 60)),
        "dialing", "none", None, "Wait: tasks are about to be dialled.",
    ),
]  # fmt: skip

TENANT = [
    Case(
        "the tenant's cap is reached by its other campaigns",
        idle(tenant_in_progress=40, tasks=held("tenant_concurrency", 60)),
        "throttled", "tenant", None, "See which campaigns of the tenant hold its slots before you raise the cap.",
    ),
    Case(
        "the tenant's cap is nearly reached and tasks wait",
        situation(tenant_in_progress=38, tasks=tasks(ready_for=HOUR)),
        "throttled", "tenant", None, "The tenant's slots are in use (38 of 40)",
    ),
    Case(
        "the tenant's cap was lowered below what is in use",
        idle(tenant=tenant(concurrency_limit=5), tenant_in_progress=12),
        "throttled", "tenant", None, "See which campaigns of the tenant hold its slots",
    ),
    Case(
        "the tenant's cap is zero",
        idle(tenant=tenant(concurrency_limit=0), tasks=held("tenant_concurrency", 60)),
        "blocked", "tenant", None, "The tenant's limit of calls at once is 0, so no call can start.",
    ),
    Case(
        "leaked calls hold all of the tenant's slots",
        idle(tenant_in_progress=40, tenant_leaked=40),
        "blocked", "tenant", None, "Have the leaked slots given back",
    ),
    Case(
        "the cap is not told, the platform says that it is reached",
        idle(tenant=None, tenant_in_progress=12, tasks=held("tenant_concurrency", 60)),
        "throttled", "tenant", None, "See which campaigns of the tenant hold its slots",
    ),
    Case(
        "the cap cannot be read and nothing is dialled",
        idle(tenant=tenant(concurrency_limit=None, broken=frozenset({"concurrency_limit"}))),
        "unknown", "tenant", None, "Mend concurrency_limit in the platform's data",
    ),
    Case(
        "the cap has room, an old stamp says otherwise",
        idle(tasks=held("tenant_concurrency", 60)),
        "dialing", "none", None, "Wait: tasks are about to be dialled.",
    ),
]  # fmt: skip

CAMPAIGN = [
    Case(
        "its limit is reached and tasks wait",
        situation(**FULL, tasks=tasks(ready_for=HOUR)),
        "throttled", "campaign", None, "Wait for calls to end; raise the campaign's limit only if answers are good.",
    ),
    Case(
        "its limit is reached, and the tasks that wait say so",
        situation(**FULL, tasks=tasks(0, blocked={"campaign_concurrency": 20})),
        "throttled", "campaign", None, "Wait for calls to end",
    ),
    Case(
        "its limit is reached and nothing waits",
        situation(**FULL, tasks=tasks(0)),
        "dialing", "none", None, "Nothing: it is dialling.",
    ),
    Case(
        "tasks whose calls are over hold the slots that calls do not",
        situation(**FULL, calls=calls(in_progress=1), tasks=tasks(in_progress=3, ready_for=HOUR)),
        "throttled", "campaign", None, "Wait for calls to end",
    ),
    Case(
        "all but one of its slots are in use and tasks wait",
        situation(campaign=campaign(concurrency_limit=4), tasks=tasks(ready_for=HOUR)),
        "throttled", "campaign", None, "The campaign's limit is the bottleneck (3 of 4 at once)",
    ),
    Case(
        "long calls hold all of its slots",
        situation(**FULL, calls=calls(HOUR / 4), tasks=tasks(ready_for=HOUR)),
        "throttled", "campaign", None, "Wait for calls to end",
    ),
    Case(
        "a call goes on for longer than most do, and holds a slot of those that are all in use",
        situation(**FULL, calls=calls(oldest=NOW - 12 * MINUTE), tasks=tasks(ready_for=HOUR)),
        "throttled", "campaign", None,
        "Wait for calls to end. The oldest goes on for 12 min: if none ends, look for leaked slots.",
    ),
    Case(
        "its limit is zero",
        idle(campaign=campaign(concurrency_limit=0), tasks=held("campaign_concurrency", 20)),
        "blocked", "campaign", None, "The campaign's limit of calls at once is 0, so no call can start.",
    ),
    Case(
        "leaked calls hold all of its slots",
        situation(**FULL, calls=calls(HOUR, leaked=3), tasks=held("campaign_concurrency", 20, in_progress=3)),
        "blocked", "campaign", None,
        "Have the leaked slots given back: calls that are too old to be real hold all of the campaign's limit",
    ),
    Case(
        "stale tasks hold all of its slots, their calls are over",
        situation(**FULL, calls=silence(HOUR), tasks=tasks(20, in_progress=3, stale=3)),
        "blocked", "campaign", None, "Have the leaked slots given back",
    ),
    Case(
        "leaked calls hold all of its slots, outside the window",
        situation(**FULL, calls=calls(HOUR, leaked=3), schedule=OFFICE),
        "waiting", "window", 2 * HOUR, "Wait: it is 12:00 UTC",
    ),
    Case(
        "its limit cannot be read and nothing is dialled",
        idle(campaign=campaign(concurrency_limit=None, broken=frozenset({"concurrency_limit"}))),
        "unknown", "campaign", None, "Mend concurrency_limit in the platform's data",
    ),
    Case(
        "no limit is told, the platform says that it is reached",
        idle(campaign=campaign(concurrency_limit=None), tasks=held("campaign_concurrency", 20)),
        "throttled", "campaign", None, "Wait for calls to end",
    ),
    Case(
        "its limit has room, an old stamp says otherwise",
        idle(tasks=held("campaign_concurrency", 20)),
        "dialing", "none", None, "Wait: tasks are about to be dialled.",
    ),
]  # fmt: skip

PACING = [
    Case(
        "its calls a minute are used up and tasks wait",
        situation(campaign=campaign(calls_per_minute=4.0), tasks=tasks(ready_for=HOUR)),
        "throttled", "pacing", None, "Wait: the calls a minute are used up; raise them only if answers are good.",
    ),
    Case(
        "its calls a minute are nearly used up and tasks wait",
        situation(campaign=campaign(calls_per_minute=5.0), tasks=tasks(ready_for=HOUR)),
        "throttled", "pacing", None, "The calls a minute are the bottleneck (4 of 5)",
    ),
    Case(
        "its calls a minute are used up and nothing waits for long",
        situation(campaign=campaign(calls_per_minute=4.0)),
        "dialing", "none", None, "Nothing: it is dialling.",
    ),
    Case(
        "one call in five minutes, the last one since four",
        idle(campaign=campaign(calls_per_minute=0.2), calls=silence(240)),
        "throttled", "pacing", MINUTE, "Wait: the calls a minute are used up",
    ),
    Case(
        "one call in five minutes, the last one since one",
        situation(campaign=campaign(calls_per_minute=0.2), calls=silence(MINUTE), tasks=tasks(ready_for=HOUR)),
        "throttled", "pacing", 240, "Wait: the calls a minute are used up",
    ),
    Case(
        "one call in five minutes, the last one since six",
        idle(campaign=campaign(calls_per_minute=0.2), calls=silence(360)),
        "dialing", "none", None, "Wait: tasks are about to be dialled.",
    ),
    Case(
        "no calls a minute are allowed",
        idle(campaign=campaign(calls_per_minute=0.0)),
        "blocked", "pacing", None, "The limit of calls a minute is 0, so no call can start.",
    ),
    Case(
        "its calls a minute cannot be read and nothing is dialled",
        idle(campaign=campaign(broken=frozenset({"calls_per_minute"}))),
        "unknown", "pacing", None, "Mend calls_per_minute in the platform's data",
    ),
]  # fmt: skip

CONNECTION = [
    Case(
        "all channels are in use",
        idle(carriers=carriers(carrier(in_progress=30)), tasks=held("connection_limit", 20)),
        "throttled", "connection", None, "Add numbers of another connection",
    ),
    Case(
        "nearly all channels are in use and tasks wait",
        situation(carriers=carriers(carrier(in_progress=28)), tasks=tasks(ready_for=HOUR)),
        "throttled", "connection", None, "The connections are the bottleneck (28 of 30 channels)",
    ),
    Case(
        "the other connection has channels left",
        situation(
            pool=(line("n1"), line("n2", connection_id="c2")),
            carriers=carriers(carrier("c1", in_progress=30), carrier("c2", in_progress=0)),
        ),
        "dialing", "none", None, "Nothing: it is dialling.",
    ),
    Case(
        "the other connection has channels left, and its numbers are flagged",
        idle(
            pool=(line("n1"), line("n2", connection_id="c2", status="flagged")),
            carriers=carriers(carrier("c1", in_progress=30), carrier("c2", in_progress=0)),
        ),
        "throttled", "connection", None, "Add numbers of another connection",
    ),
    Case(
        "many numbers of one connection share its channels",
        idle(pool=tuple(line(f"n{n}") for n in range(20)), carriers=carriers(carrier(in_progress=30))),
        "throttled", "connection", None, "Add numbers of another connection",
    ),
    Case(
        "connections of no channels",
        idle(carriers=carriers(carrier(in_progress=0, concurrency_limit=0)), tasks=held("connection_limit", 20)),
        "blocked", "connection", None, "The connections' limit of calls at once is 0, so no call can start.",
    ),
    Case(
        "leaked calls hold all channels",
        idle(carriers=carriers(carrier(in_progress=30, leaked=30))),
        "blocked", "connection", None, "Have the leaked slots given back",
    ),
    Case(
        "more leaked than one connection allows, and the other one is free",
        situation(
            pool=(line("n1"), line("n2", connection_id="c2")),
            carriers=carriers(
                carrier("c1", in_progress=12, leaked=12, concurrency_limit=2),
                carrier("c2", in_progress=0, concurrency_limit=10),
            ),
        ),
        "dialing", "none", None, "Nothing: it is dialling.",
    ),
    Case(
        "one connection's limit cannot be read, the other one has none",
        idle(
            pool=(line("n1"), line("n2", connection_id="c2")),
            carriers=carriers(
                carrier("c1", concurrency_limit=None, broken=frozenset({"concurrency_limit"})),
                carrier("c2", concurrency_limit=None),
            ),
        ),
        "dialing", "none", None, "Wait: tasks are about to be dialled.",
    ),
    Case(
        "the connections' limit cannot be read and nothing is dialled",
        idle(carriers=carriers(carrier(concurrency_limit=None, broken=frozenset({"concurrency_limit"})))),
        "unknown", "connection", None, "Mend concurrency_limit in the platform's data",
    ),
    Case(
        "no limit is told, the platform says that it is reached",
        idle(carriers={}, tasks=held("connection_limit", 20)),
        "throttled", "connection", None, "Add numbers of another connection",
    ),
]  # fmt: skip

CAPPED = (line("n1", today=80, daily_cap=80), line("n2", today=90, daily_cap=80))
NUMBERS = [
    Case(
        "all at their daily cap",
        idle(pool=CAPPED),
        "waiting", "numbers", 12 * HOUR,
        "Wait, or add numbers: all of the pool are at their daily cap; the first is free at Thu 2026-03-05 00:00 UTC",
    ),
    Case(
        "all at their daily cap, and every task says so",
        idle(pool=CAPPED, tasks=held("number_daily_cap", 300)),
        "waiting", "numbers", 12 * HOUR, "Wait, or add numbers: all of the pool are at their daily cap",
    ),
    Case(
        "daily caps of zero",
        idle(pool=(line(daily_cap=0, today=0),), tasks=held("number_daily_cap", 20)),
        "blocked", "numbers", None, "Raise the daily cap or add numbers: no number may call.",
    ),
    Case(
        "one call below the cap",
        situation(pool=(line(today=79, daily_cap=80),)),
        "dialing", "none", None, "Nothing: it is dialling.",
    ),
    Case(
        "all cool down for twenty minutes",
        idle(pool=(line("n1", cooldown_until=NOW + HOUR), line("n2", cooldown_until=NOW + 20 * MINUTE)),
             tasks=held("number_cooldown", 20)),
        "waiting", "numbers", 20 * MINUTE,
        "Wait, or add numbers: all of the pool rest; the first is free at 12:20 UTC, in 20 min.",
    ),
    Case(
        "all cool down for seconds, which is pacing",
        situation(pool=(line(cooldown_until=NOW + 20),), tasks=tasks(ready_for=HOUR)),
        "throttled", "numbers", 20, "Wait, or add numbers: all of the pool rest",
    ),
    Case(
        "all cool down for seconds, and nothing waits for long",
        situation(pool=(line(cooldown_until=NOW + 20),)),
        "dialing", "none", None, "Nothing: it is dialling.",
    ),
    Case(
        "one of two cools down",
        situation(pool=(line("n1", cooldown_until=NOW + HOUR), line("n2"))),
        "dialing", "none", None, "Nothing: it is dialling.",
    ),
    Case(
        "all are flagged",
        idle(pool=(line("n1", status="flagged"), line("n2", status="flagged"))),
        "blocked", "numbers", None, "Rest the flagged numbers and add others: no number of the pool is fit to call.",
    ),
    Case(
        "all are flagged, and every task says so",
        idle(pool=(line(status="flagged"),), tasks=held("number_flagged", 300)),
        "blocked", "numbers", None, "Rest the flagged numbers and add others",
    ),
    Case(
        "all are released, and every task says so",
        idle(pool=(line(status="released"),), tasks=held("pool_exhausted", 300)),
        "blocked", "numbers", None, "Add numbers to the pool: none of it can be used.",
    ),
    Case(
        "most are released, one is flagged, and the tasks say flagged",
        idle(pool=(line("n1", status="released"), line("n2", status="released"), line("n3", status="flagged")),
             tasks=held("number_flagged", 300)),
        "blocked", "numbers", None, "Add numbers to the pool",
    ),
    Case(
        "all rest until a time",
        idle(pool=(line(status="resting", cooldown_until=NOW + DAY),)),
        "waiting", "numbers", DAY, "Wait, or add numbers: all of the pool rest; the first is free at Thu",
    ),
    Case(
        "all rest, nobody said until when",
        idle(pool=(line(status="resting"),), tasks=held("number_cooldown", 20)),
        "blocked", "numbers", None, "Put numbers back to work or add some: all of the pool are resting",
    ),
    Case(
        "all rest, and the time is over",
        idle(pool=(line(status="resting", cooldown_until=NOW - MINUTE),)),
        "blocked", "numbers", None, "Put numbers back to work or add some",
    ),
    Case(
        "flagged, capped and resting: the capped one is free first",
        idle(pool=(line("n1", status="flagged"), *CAPPED, line("n3", cooldown_until=NOW + 13 * HOUR))),
        "waiting", "numbers", 12 * HOUR, "Wait, or add numbers: none of the pool can be used; the first is free at Thu",
    ),
    Case(
        "flagged and released",
        idle(pool=(line("n1", status="flagged"), line("n2", status="released"), line("n3", status="flagged"))),
        "blocked", "numbers", None, "Rest the flagged numbers and add others",
    ),
    Case(
        "flagged, and the window is closed",
        idle(pool=(line(status="flagged"),), schedule=OFFICE),
        "waiting", "window", 2 * HOUR, "Wait: it is 12:00 UTC",
    ),
    Case(
        "a status that nobody announced",
        idle(pool=(line("n1", status="other"), line("n2", status="flagged"))),
        "unknown", "numbers", None, "Mend status in the platform's data",
    ),
    Case(
        "no number is in the pool, and no call was made yet",
        idle(pool=(), calls=NO_CALLS_YET),
        "blocked", "numbers", None, "Add numbers to the pool: none of it can be used.",
    ),
    Case(
        "no number is in the pool, and calls were made all the same",
        idle(pool=()),
        "unknown", "numbers", None, "Mend campaign_numbers in the platform's data",
    ),
    Case(
        "no number is in the pool, and it dials all the same",
        situation(pool=()),
        "dialing", "none", None, "Nothing: it is dialling.",
    ),
    Case(
        "the pool was emptied after calls were made, and every task says so",
        idle(pool=(), tasks=held("pool_exhausted", 300)),
        "blocked", "numbers", None, "Add numbers to the pool: none of it can be used.",
    ),
    Case(
        "a usable number refutes a stamp that none can be used, until nothing is started for two minutes",
        idle(calls=silence(119), tasks=tasks(20, blocked={"pool_exhausted": 9}, in_progress=0)),
        "dialing", "none", None, "Nothing: it is dialling.",
    ),
    Case(
        "the pool is not told, the platform says that none can be used",
        idle(pool=None, tasks=held("pool_exhausted", 300)),
        "blocked", "numbers", None, "Add numbers to the pool",
    ),
    Case(
        "the pool has numbers, the platform says that none can be used",
        idle(tasks=held("pool_exhausted", 300)),
        "blocked", "numbers", None, "Add numbers to the pool",
    ),
    Case(
        "no number fits the contacts' country",
        idle(tasks=held("no_country_match", 90, over=10)),
        "blocked", "numbers", None, "Add numbers of the contacts' country, or lift the country match.",
    ),
    Case(
        "no number fits most contacts' country, and others are ready",
        idle(tasks=tasks(20, blocked={"no_country_match": 90}, in_progress=0, ready_for=HOUR)),
        "dialing", "none", None, "82 % of the pending tasks are held, most by no_country_match (90). Add numbers",
    ),
    Case(
        "no number fits some contacts' country, the rest is dialled",
        situation(tasks=tasks(20, blocked={"no_country_match": 5})),
        "dialing", "none", None, "Nothing: it is dialling.",
    ),
    Case(
        "the number that reached these contacts is flagged",
        idle(tasks=held("number_flagged", 8)),
        "waiting", "tasks", None, "8 tasks left, held by number_flagged. Rest, replace or add numbers.",
    ),
    Case(
        "the number that reached these contacts is at its cap",
        idle(tasks=held("number_daily_cap", 8), pool=(line("n1"), *CAPPED)),
        "waiting", "tasks", None, "8 tasks left, held by number_daily_cap. Rest, replace or add numbers.",
    ),
    Case(
        "the number that reached these contacts cools down",
        idle(tasks=held("number_cooldown", 8)),
        "waiting", "tasks", None, "8 tasks left, held by number_cooldown. Rest, replace or add numbers.",
    ),
]  # fmt: skip

PROVIDER = [
    Case(
        "the provider fails nearly every call",
        situation(calls=calls(errors=errors(sip_503=45))),
        "blocked", "provider", None,
        "Reduce concurrency and fail over to another connection: tellus fails our calls.",
    ),
    Case(
        "the provider fails, and every task says so",
        idle(calls=silence(40, errors=errors(sip_503=45)), tasks=held("provider_error", 300)),
        "blocked", "provider", None, "Reduce concurrency and fail over",
    ),
    Case(
        "the provider refuses the credentials",
        situation(calls=calls(errors=errors(sip_403=50))),
        "blocked", "provider", None, "Renew the credentials: tellus refuses them; fail over meanwhile.",
    ),
    Case(
        "the network is cut",
        situation(calls=calls(errors=errors(network_unreachable=50))),
        "blocked", "provider", None, "Check the network to tellus: no call gets there",
    ),
    Case(
        "the provider throttles a third of the calls",
        situation(calls=calls(errors=errors(sip_429=17))),
        "throttled", "provider", None, "Reduce concurrency: tellus asks us to slow down; then add connections.",
    ),
    Case(
        "the provider throttles nearly every call",
        situation(calls=calls(errors=errors(sip_429=45))),
        "blocked", "provider", None, "Reduce concurrency: tellus asks us to slow down",
    ),
    Case(
        "the provider throttles a fifth of the calls",
        situation(calls=calls(errors=errors(sip_429=10))),
        "dialing", "none", None, "Nothing: it is dialling.",
    ),
    Case(
        "nine of nine calls failed: too few to say",
        situation(calls=calls(settled=9, errors=errors(sip_503=9))),
        "dialing", "none", None, "Nothing: it is dialling.",
    ),
    Case(
        "eight of ten calls failed: enough",
        situation(calls=calls(settled=10, errors=errors(sip_503=8))),
        "blocked", "provider", None, "Reduce concurrency and fail over",
    ),
    Case(
        "the newest ten calls failed, those before them did not",
        situation(calls=calls(errors=errors(sip_503=10), failed_in_a_row=10)),
        "blocked", "provider", None, "Reduce concurrency and fail over",
    ),
    Case(
        "the newest nine calls failed, those before them did not: too few to say",
        situation(calls=calls(errors=errors(sip_503=9), failed_in_a_row=9)),
        "dialing", "none", None, "Nothing: it is dialling.",
    ),
    Case(
        "ten calls failed, and the newest did not",
        situation(calls=calls(errors=errors(sip_503=10), failed_in_a_row=0)),
        "dialing", "none", None, "Nothing: it is dialling.",
    ),
    Case(
        "the newest calls all reached dead numbers, ten before them failed",
        situation(calls=calls(errors=errors(sip_404=20, sip_503=10))),
        "dialing", "none", None, "40 % of the last 50 calls failed for the number that was called",
    ),
    Case(
        "the newest three calls failed, and the platform says that the provider does",
        idle(calls=silence(40, errors=errors(sip_503=3), failed_in_a_row=3), tasks=held("provider_error", 20, 20)),
        "blocked", "provider", None, "Reduce concurrency and fail over",
    ),
    Case(
        "three of three failed, and the platform says that the provider does",
        idle(calls=silence(40, settled=3, errors=errors(sip_503=3)), tasks=held("provider_error", 20, ready=20)),
        "blocked", "provider", None, "Reduce concurrency and fail over",
    ),
    Case(
        "only the platform says that the provider throttles, for minutes",
        idle(tasks=held("provider_throttled", 20)),
        "blocked", "provider", None, "Reduce concurrency: the provider asks us to slow down",
    ),
    Case(
        "only the platform says that the credentials are refused",
        idle(tasks=held("provider_auth", 20)),
        "blocked", "provider", None, "Renew the credentials: the provider refuses them",
    ),
    Case(
        "only the platform says that the network is cut",
        idle(tasks=held("network_blocked", 20)),
        "blocked", "provider", None, "Check the network to the provider",
    ),
    Case(
        "only the platform says that the provider fails, since seconds",
        situation(calls=silence(40), tasks=held("provider_error", 20)),
        "dialing", "none", None, "Nothing: it is dialling.",
    ),
    Case(
        "the provider recovered, stamps are left over",
        situation(tasks=tasks(20, blocked={"provider_error": 20})),
        "dialing", "none", None, "Nothing: it is dialling.",
    ),
    Case(
        "the numbers that were called are dead, not the provider",
        situation(calls=calls(errors=errors(unallocated_number=45))),
        "dialing", "none", None, "90 % of the last 50 calls failed for the number that was called",
    ),
    Case(
        "two providers fail",
        situation(calls=calls(errors={("tellus", "sip_503"): 20, ("carrierone", "sip_500"): 25})),
        "blocked", "provider", None,
        "Reduce concurrency and fail over to another connection: carrierone and tellus fail our calls.",
    ),
    Case(
        "one provider fails, the other one called a dead number",
        situation(calls=calls(errors={("tellus", "sip_503"): 42, ("carrierone", "sip_404"): 8})),
        "blocked", "provider", None, "Reduce concurrency and fail over to another connection: tellus fails our calls.",
    ),
    Case(
        "the provider fails, and the window is closed",
        idle(calls=silence(errors=errors(sip_503=45)), schedule=OFFICE),
        "waiting", "window", 2 * HOUR, "Wait: it is 12:00 UTC",
    ),
]  # fmt: skip

RETRY = [
    Case(
        "every pending task waits for its next attempt",
        idle(tasks=tasks(0, waiting=80, in_progress=0, due_in=1800)),
        "waiting", "retry", 1800, "Wait: every pending task waits for its next attempt, the first at 12:30 UTC.",
    ),
    Case(
        "every pending task waits, and it is not told until when",
        idle(tasks=Tasks(pending=5, waiting=5, over=20)),
        "waiting", "retry", None, "Wait: every pending task waits for its next attempt.",
    ),
    Case(
        "every pending task waits and the last calls go on",
        situation(tasks=tasks(0, waiting=80)),
        "dialing", "none", None, "Nothing: it is dialling.",
    ),
    Case(
        "every pending task waits, and the provider fails",
        idle(tasks=tasks(0, waiting=80, in_progress=0, due_in=1800), calls=silence(errors=errors(sip_503=45))),
        "waiting", "retry", 1800, "Wait: every pending task waits for its next attempt",
    ),
    Case(
        "every pending task waits and one long call goes on",
        situation(tasks=tasks(0, waiting=80, in_progress=1), calls=calls(1000, in_progress=1)),
        "dialing", "none", None, "Nothing: it is dialling.",
    ),
    Case(
        "every pending task waits and one leaked call goes on",
        situation(tasks=tasks(0, waiting=80, in_progress=1), calls=calls(HOUR, in_progress=1, leaked=1)),
        "waiting", "retry", HOUR, "Wait: every pending task waits for its next attempt",
    ),
    Case(
        "tasks carry retry_wait themselves",
        idle(tasks=held("retry_wait", 12)),
        "waiting", "tasks", None, "12 tasks left, held by retry_wait. Wait for the time of the next attempt.",
    ),
]  # fmt: skip

TASKS = [
    Case(
        "every task is over",
        idle(tasks=tasks(0, in_progress=0)),
        "waiting", "tasks", None, "Import more contacts or complete the campaign: every task is over.",
    ),
    Case(
        "every task is over, and the last call began two minutes ago",
        situation(tasks=tasks(0, in_progress=0), calls=silence(120)),
        "waiting", "tasks", None, "Import more contacts or complete the campaign",
    ),
    Case(
        "every task is over, and the last call began a second later",
        situation(tasks=tasks(0, in_progress=0), calls=silence(119)),
        "dialing", "none", None, "Nothing: it is dialling.",
    ),
    Case(
        "only tasks that are in progress for hours are left",
        idle(tasks=tasks(0, in_progress=2, stale=2)),
        "blocked", "tasks", None, "Have the stuck tasks closed: they are in progress for too long",
    ),
    Case(
        "the usual flaws at the tail of a long list",
        idle(tasks=tasks(0, blocked={"dnc": 150, "invalid_number": 200}, in_progress=0, over=49_650)),
        "waiting", "tasks", None, "200 tasks left, held by invalid_number. Fix the list",
    ),
    Case(
        "most of a list is on a do-not-call list",
        idle(tasks=held("dnc", 70, over=30)),
        "blocked", "tasks", None, "70 tasks left, held by dnc. Never override it; keep the evidence",
    ),
    Case(
        "consents are missing",
        idle(tasks=held("consent_missing", 70, over=30)),
        "blocked", "tasks", None, "70 tasks left, held by consent_missing. Never override it",
    ),
    Case(
        "contacts were called as often as is allowed",
        idle(tasks=held("contact_frequency_cap", 70, over=30)),
        "blocked", "tasks", None, "70 tasks left, held by contact_frequency_cap. Never override it; wait",
    ),
    Case(
        "contacts without a time zone",
        idle(tasks=held("timezone_missing", 70, over=30)),
        "blocked", "tasks", None, "70 tasks left, held by timezone_missing. Fix the list",
    ),
    Case(
        "invalid numbers",
        idle(tasks=held("invalid_number", 70, over=30)),
        "blocked", "tasks", None, "70 tasks left, held by invalid_number. Fix the list",
    ),
    Case(
        "a code that nobody announced",
        idle(tasks=held("quota_hold_v2", 70, over=30)),
        "blocked", "tasks", None, "Ask the platform's owners what quota_hold_v2 means: nobody announced it.",
    ),
    Case(
        "a code that nobody announced, on a few",
        idle(tasks=held("quota_hold_v2", 3)),
        "waiting", "tasks", None, "Ask the platform's owners what quota_hold_v2 means",
    ),
    Case(
        "tasks that used all their attempts and are still pending",
        idle(tasks=held("attempts_exhausted", 70)),
        "blocked", "tasks", None, "70 tasks have used their attempts: the platform leaves them pending",
    ),
    Case(
        "a single task that used its attempts is all that is left of a list",
        idle(tasks=held("attempts_exhausted", 1, over=5_000)),
        "blocked", "tasks", None, "1 task has used its attempts: the platform leaves it pending",
    ),
    Case(
        "tasks that used their attempts, and others that nobody may call",
        idle(tasks=tasks(0, blocked={"attempts_exhausted": 5, "dnc": 3}, in_progress=0, over=5_000)),
        "blocked", "tasks", None, "5 tasks have used their attempts",
    ),
    Case(
        "many tasks used their attempts, a few wait for their next one",
        idle(tasks=tasks(0, 3, {"attempts_exhausted": 70}, in_progress=0, due_in=HOUR)),
        "waiting", "retry", HOUR, "Wait: every other pending task waits for its next attempt, the first at",
    ),
    Case(
        "tasks that used their attempts while the last ones are dialled",
        situation(tasks=held("attempts_exhausted", 70, in_progress=2), calls=calls(20.0, in_progress=2)),
        "dialing", "none", None, "70 tasks have used their attempts",
    ),
    Case(
        "two of a pilot of five are held",
        idle(tasks=held("dnc", 2, over=3)),
        "waiting", "tasks", None, "2 tasks left, held by dnc. Never override it",
    ),
    Case(
        "three of a pilot of five are held",
        idle(tasks=held("dnc", 3, over=2)),
        "blocked", "tasks", None, "3 tasks left, held by dnc. Never override it",
    ),
    Case(
        "a pilot of five in which all goes well",
        situation(tasks=tasks(3, in_progress=1, over=1), calls=calls(in_progress=1, settled=1)),
        "dialing", "none", None, "Nothing: it is dialling.",
    ),
    Case(
        "nineteen of two hundred are held",
        idle(tasks=held("invalid_number", 19, over=181)),
        "waiting", "tasks", None, "19 tasks left",
    ),
    Case(
        "twenty of two hundred are held",
        idle(tasks=held("invalid_number", 20, over=180)),
        "blocked", "tasks", None, "20 tasks left",
    ),
    Case(
        "twenty of five hundred are held",
        idle(tasks=held("invalid_number", 20, over=480)),
        "waiting", "tasks", None, "20 tasks left",
    ),
    Case(
        "much is held, and others have long been ready",
        idle(tasks=tasks(20, blocked={"dnc": 60}, in_progress=0, ready_for=HOUR)),
        "dialing", "none", None, "75 % of the pending tasks are held, most by dnc (60).",
    ),
    Case(
        "much is held, and others carry an old stamp of a pause that is over",
        idle(tasks=tasks(0, blocked={"dnc": 60, "campaign_paused": 20}, in_progress=0)),
        "dialing", "none", None, "75 % of the pending tasks are held, most by dnc (60).",
    ),
    Case(
        "held by several codes: what somebody can mend is named",
        idle(tasks=tasks(0, blocked={"outside_call_window": 60, "dnc": 40}, in_progress=0)),
        "blocked", "tasks", None, "40 tasks left, held by dnc.",
    ),
]  # fmt: skip

SILENT = [
    Case(
        "nothing is right: outermost and planned comes first",
        idle(
            campaign=campaign(status="paused", budget=0.0, concurrency_limit=0, calls_per_minute=0.0),
            schedule=schedule(), pool=(), tenant=tenant(concurrency_limit=0, credits_remaining=0.0),
            tasks=held("dnc", 70), calls=silence(errors=errors(sip_503=45)),
        ),
        "waiting", "lifecycle", None, "Find out who paused it",
    ),
    Case(
        "tasks wait for minutes though no limit is reached",
        situation(tasks=tasks(ready_for=5 * MINUTE)),
        "throttled", "none", None, "Tasks wait though no limit that is told is reached: the dispatcher is slow.",
    ),
    Case(
        "tasks wait for minutes and whether people are free is not told",
        situation(tasks=tasks(ready_for=5 * MINUTE), agents=people(None, None, None)),
        "throttled", "none", None, "Ask whether people are free",
    ),
]  # fmt: skip

CONTRADICTIONS = [
    Case(
        "an old stamp on one task of a campaign that starts a call every half a minute: it dials",
        situation(
            campaign=campaign(calls_per_minute=2.0),
            calls=calls(20, started_last_minute=1),
            tasks=tasks(200, blocked={"budget_exhausted": 1}),
        ),
        "dialing", "none", None, "Nothing: it is dialling.",
    ),
    Case(
        "thousands wait for their next attempt beside the usual flaws: the retries are what to wait for",
        idle(tasks=tasks(0, 49_000, {"dnc": 150, "invalid_number": 200}, in_progress=0)),
        "waiting", "retry", HOUR, "Wait: ",
    ),
    Case(
        "the provider fails half of the calls: that is worth a hint",
        situation(calls=calls(errors=errors(sip_503=25))),
        "dialing", "none", None, "50 % of the last 50 calls failed, most with sip_503 of tellus. Reduce concurrency",
    ),
    Case(
        "the newest twelve calls failed, one long before them was busy: the provider is at fault all the same",
        situation(calls=calls(errors=errors(sip_503=12, sip_486=1), failed_in_a_row=12)),
        "blocked", "provider", None, "Reduce concurrency and fail over",
    ),
    Case(
        "a list that came seconds ago, a quarter of it flagged: the rest is about to be dialled",
        idle(tasks=tasks(100, blocked={"dnc": 30}, in_progress=0, over=0, ready_for=10)),
        "dialing", "none", None, "",
    ),
    Case(
        "more leaked than the limit allows, and calls are started all the same: no slot is held",
        situation(calls=calls(in_progress=14, leaked=11)),
        "dialing", "none", None, "11 slots of the campaign held",
    ),
    Case(
        "a status that nobody announced, and the budget is spent: whether it should dial is not known",
        idle(campaign=campaign(status="other", budget=1.0), spent=1.0),
        "unknown", "lifecycle", None, "Mend status",
    ),
    Case(
        "a number whose connection is not told, beside one that is full: there may be room",
        idle(pool=(line("n1"), line("n2", connection_id=None)), carriers=carriers(carrier(in_progress=30))),
        "dialing", "none", None, "",
    ),
    Case(
        "the second file failed while the first is dialled: that is worth a hint",
        situation(upload=upload("failed", MINUTE)),
        "dialing", "none", None, "Fix the file march.csv",
    ),
    Case(
        "capped for the day, nobody knows when it ends: as planned all the same",
        idle(pool=CAPPED, tomorrow=None),
        "waiting", "numbers", None, "Wait, or add numbers",
    ),
    Case(
        "the time to start cannot be read",
        idle(campaign=campaign(status="scheduled", broken=frozenset({"scheduled_at"}))),
        "unknown", "lifecycle", None, "Mend scheduled_at",
    ),
]  # fmt: skip

TABLE = {
    "dialing": DIALING, "lifecycle": LIFECYCLE, "audience": AUDIENCE, "money": MONEY, "window": WINDOW,
    "agents": AGENTS,
    "priority": PRIORITY, "tenant": TENANT, "campaign": CAMPAIGN, "pacing": PACING, "connection": CONNECTION,
    "numbers": NUMBERS, "provider": PROVIDER, "retry": RETRY, "tasks": TASKS, "all": SILENT,
    "contradictions": CONTRADICTIONS,
}  # fmt: skip
CASES = [(f"{group}: {case.name}", case) for group, cases in TABLE.items() for case in cases]


@pytest.mark.parametrize("case", [case for _, case in CASES], ids=[name for name, _ in CASES])
def test_case(case: Case) -> None:
    diagnosis = diagnose(case.given)
    clears = None if diagnosis.clears_at is None else diagnosis.clears_at - NOW
    said = hints(case.given, diagnosis)
    assert (diagnosis.verdict, diagnosis.binding, clears) == (case.verdict, case.binding, case.clears)
    assert said[0].startswith(case.hint), said


def test_the_table_names_each_case_once() -> None:
    names = [name for name, _ in CASES]
    assert len(set(names)) == len(names) >= 80


def test_the_table_has_every_verdict_but_the_one_that_takes_time() -> None:
    assert {case.verdict for _, case in CASES} == set(VERDICTS) - {"stalled"}


def test_the_table_has_every_gate_binding() -> None:
    assert {case.binding for _, case in CASES} == {*GATES, NOTHING}


def test_the_table_has_every_blocker_code() -> None:
    assert {code for _, case in CASES for code in case.given.tasks.blocked} >= set(BLOCKERS)
