"""What is said: the evidence of each gate, and the signs in the calls with the samples that they need."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from exporter.diagnosis.abandonment import Period
from exporter.diagnosis.dispatch.answering import worst_number
from exporter.diagnosis.dispatch.evidence import evidence
from exporter.diagnosis.dispatch.gates import GATES
from exporter.diagnosis.dispatch.hints import hints
from exporter.diagnosis.dispatch.signs import MOVES, signs
from exporter.diagnosis.dispatch.situation import Lately
from exporter.diagnosis.dispatch.verdict import diagnose
from tests.diagnosis.dispatch.situations import (
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
    usual,
    window,
)


def says(gate: str, **parts: Any) -> str:
    """The evidence of a gate."""
    s = situation(**parts)
    return evidence(GATES[gate](s), s)


def unreadable(*columns: str) -> frozenset[str]:
    return frozenset(columns)


EVIDENCE = [
    ("lifecycle", "running", {}, "Running."),
    (
        "lifecycle",
        "paused with a reason",
        {"campaign": campaign(status="paused", paused_at=NOW - HOUR, pause_reason="Complaints")},
        "Paused since 11:00 UTC: Complaints.",
    ),
    ("lifecycle", "paused", {"campaign": campaign(status="paused")}, "Paused: no reason is told."),
    (
        "lifecycle",
        "paused by itself",
        {"campaign": campaign(status="paused", paused_by="platform", paused_at=NOW - HOUR, pause_reason="Complaints")},
        "Paused by the platform itself since 11:00 UTC: Complaints.",
    ),
    (
        "lifecycle",
        "scheduled",
        {"campaign": campaign(status="scheduled", scheduled_at=NOW + HOUR)},
        "Scheduled for 13:00 UTC.",
    ),
    (
        "lifecycle",
        "late",
        {"campaign": campaign(status="scheduled", scheduled_at=NOW - HOUR)},
        "Scheduled for 11:00 UTC, 1 h ago, and it does not run.",
    ),
    ("lifecycle", "no time", {"campaign": campaign(status="scheduled")}, "Scheduled; for when is not told."),
    (
        "lifecycle",
        "completed",
        {"campaign": campaign(status="completed", ended_at=NOW - HOUR)},
        "Completed at 11:00 UTC.",
    ),
    ("lifecycle", "cancelled", {"campaign": campaign(status="cancelled")}, "Cancelled."),
    (
        "lifecycle",
        "expired",
        {"campaign": campaign(expires_at=NOW - HOUR)},
        "It gave up at 11:00 UTC, when it expired.",
    ),
    (
        "lifecycle",
        "circuit breaker",
        {"calls": silence(), "tasks": held("circuit_breaker_open", 60)},
        "Running, but the platform stamps circuit_breaker_open on 60 tasks.",
    ),
    (
        "lifecycle",
        "unknown",
        {"campaign": campaign(status="other")},
        "Not known: the status cannot be read (see docs/contract.md).",
    ),
    ("audience", "imported", {}, "123 contacts imported."),
    (
        "audience",
        "failed",
        {"tasks": tasks(0, in_progress=0, over=0), "upload": upload("failed", MINUTE)},
        "The newest file, march.csv, is failed; it came at 11:59 UTC.",
    ),
    (
        "audience",
        "stamped",
        {"calls": silence(), "tasks": held("audience_not_ready", 1), "upload": None},
        "The platform stamps audience_not_ready on 1 task.",
    ),
    ("agents", "none", {}, "No people are told."),
    (
        "agents",
        "stamped",
        {"calls": silence(), "tasks": held("no_agent_available", 2)},
        "The platform stamps no_agent_available on 2 tasks.",
    ),
    (
        "agents",
        "some free",
        {"agents": people(6, paused=1)},
        "6 people are logged in: 2 free, 3 on a call, 1 on a break. "
        "3 of the 5 calls at once that they can take are used; the dial ratio is not told.",
    ),
    (
        "agents",
        "people dial",
        {"agents": people(1, 1, 0, dial_ratio=0.0), "calls": silence()},
        "1 person is logged in: 1 free, 0 on a call, 0 on a break. They start the calls themselves.",
    ),
    (
        "agents",
        "a break",
        {"agents": on_break(pause_reason="coffee", break_ends_at=NOW + MINUTE)},
        "All 5 people are on a break (coffee); they are to be back at 12:01 UTC, in 1 min.",
    ),
    (
        "agents",
        "a break of one",
        {"agents": on_break(1)},
        "The one person who is logged in is on a break; until when is not told.",
    ),
    (
        "agents",
        "a break that is over",
        {"agents": on_break(2, break_ends_at=NOW - HOUR), "schedule": schedule(window("08:00", "17:00"))},
        "All 2 people are on a break; they were to be back at 11:00 UTC, 1 h ago.",
    ),
    (
        "agents",
        "nobody in a window",
        {"agents": nobody(), "schedule": schedule(window("08:00", "17:00"))},
        "Nobody is logged in; the call window goes on; shifts are not told.",
    ),
    (
        "agents",
        "nobody at the edge of a shift",
        {"agents": nobody(), "shifts": schedule(window("11:58", "17:00"))},
        "Nobody is logged in; a shift begins or ends about now.",
    ),
    (
        "agents",
        "nobody before a shift",
        {"agents": nobody(), "shifts": schedule(window("14:00", "17:00"))},
        "Nobody is logged in; a shift begins at 14:00 UTC, in 2 h.",
    ),
    ("agents", "never", {"agents": nobody(), "shifts": schedule()}, "Nobody is logged in; a shift never begins."),
    (
        "agents",
        "nobody tells when",
        {"agents": nobody()},
        "Nobody is logged in; when somebody should be is not told.",
    ),
    (
        "agents",
        "free not told",
        {"agents": people(5, None, None)},
        "Not known: the platform does not tell how many of the people who are logged in are free (agents.free).",
    ),
    (
        "audience",
        "without contacts",
        {"tasks": tasks(0, in_progress=0, over=0), "upload": None},
        "The campaign has no contacts.",
    ),
    (
        "money",
        "told",
        {"campaign": campaign(budget=1000.0), "spent": 250.5},
        "250.50 EUR of 1,000.00 EUR spent. The tenant has 500.00 credits left.",
    ),
    ("money", "not told", {"tenant": None}, "No budget and no credits are told."),
    (
        "money",
        "credits used up",
        {"tenant": tenant(credits_remaining=0.0), "calls": silence(), "tasks": held("credits_exhausted", 3)},
        "The tenant has 0.00 credits left. The platform stamps credits_exhausted on 3 tasks.",
    ),
    (
        "money",
        "unknown",
        {"campaign": campaign(broken=unreadable("budget"))},
        "Not known: the campaign's budget cannot be read (see docs/contract.md).",
    ),
    (
        "money",
        "unknown credits",
        {"tenant": tenant(broken=unreadable("credits_remaining"))},
        "Not known: the tenant's credits cannot be read (see docs/contract.md).",
    ),
    ("window", "always", {}, "Always open: no call windows are told."),
    ("window", "never", {"schedule": schedule()}, "There is no window at all."),
    (
        "window",
        "open",
        {"schedule": schedule(window("09:00", "17:30"))},
        "Open: it is 12:00 UTC; closes at 17:30 UTC, in 5 h 30 min.",
    ),
    (
        "window",
        "closed",
        {"schedule": schedule(window("09:00", "11:00"))},
        "Closed: it is 12:00 UTC; opens at Thu 2026-03-05 09:00 UTC, in 21 h.",
    ),
    (
        "window",
        "closed elsewhere",
        {
            "schedule": schedule(window("09:00", "17:00"), name="Australia/Sydney"),
            "campaign": campaign(timezone="Australia/Sydney"),
        },
        "Closed: it is 23:00 Australia/Sydney; opens at Thu 2026-03-05 09:00 Australia/Sydney, in 10 h.",
    ),
    (
        "window",
        "unknown windows",
        {"schedule": None, "campaign": campaign(broken=unreadable("call_windows"))},
        "Not known: the campaign's call_windows cannot be read (see docs/contract.md).",
    ),
    (
        "window",
        "unknown zone",
        {"schedule": None},
        "Not known: the campaign's timezone cannot be read (see docs/contract.md).",
    ),
    ("priority", "nobody", {}, "No campaign of the tenant goes first."),
    (
        "priority",
        "one",
        {"rivals": (rival("Solar", 1, 2000),)},
        "Before this one (priority 5) go Solar (priority 9, 1 call, 2,000 ready).",
    ),
    (
        "priority",
        "many",
        {"rivals": tuple(rival(name, number, 0) for number, name in enumerate("ABCDE"))},
        "Before this one (priority 5) go E (priority 9, 4 calls, 0 ready), D (priority 9, 3 calls, 0 ready), "
        "C (priority 9, 2 calls, 0 ready) and 2 more.",
    ),
    (
        "priority",
        "stamped",
        {
            "calls": silence(),
            "campaign": campaign(priority=None),
            "tasks": held("higher_priority_campaign", 7),
        },
        "Stamped: higher_priority_campaign on 7 tasks.",
    ),
    ("tenant", "open", {}, "3 of 40 slots of the tenant in use."),
    ("tenant", "full", {"tenant_in_progress": 40}, "40 of 40 slots of the tenant in use."),
    ("tenant", "not told", {"tenant": None}, "3 in use; no limit is told."),
    (
        "tenant",
        "stamped",
        {"tenant": None, "calls": silence(), "tasks": held("tenant_concurrency", 9)},
        "3 in use; no limit is told. The platform stamps tenant_concurrency on 9 tasks.",
    ),
    (
        "tenant",
        "leaked by others",
        {"tenant_leaked": 2},
        "3 of 40 slots of the tenant in use. 2 slots held for too long to be a real call.",
    ),
    (
        "tenant",
        "unknown",
        {"tenant": tenant(broken=unreadable("concurrency_limit"))},
        "Not known: the limit of calls at once cannot be read (see docs/contract.md).",
    ),
    ("campaign", "open", {}, "3 of 10 slots of the campaign in use."),
    (
        "campaign",
        "leaked",
        {"calls": calls(leaked=1, oldest=NOW - 3 * HOUR)},
        "3 of 10 slots of the campaign in use. 1 slot held for too long to be a real call; the oldest goes on for 3 h.",
    ),
    (
        "campaign",
        "stale tasks",
        {"tasks": tasks(in_progress=3, stale=2)},
        "3 of 10 slots of the campaign in use. 2 slots held for too long to be a real call.",
    ),
    (
        "campaign",
        "full and stamped",
        {
            "campaign": campaign(concurrency_limit=3),
            "tasks": tasks(0, blocked={"campaign_concurrency": 4}),
        },
        "3 of 3 slots of the campaign in use. The platform stamps campaign_concurrency on 4 tasks.",
    ),
    (
        "campaign",
        "unknown",
        {"campaign": campaign(broken=unreadable("concurrency_limit"))},
        "Not known: the limit of calls at once cannot be read (see docs/contract.md).",
    ),
    ("pacing", "not limited", {}, "No limit of calls a minute is told."),
    (
        "pacing",
        "open",
        {"campaign": campaign(calls_per_minute=12.5)},
        "4 calls started in the last minute; 12.5 are allowed.",
    ),
    (
        "pacing",
        "full",
        {"campaign": campaign(calls_per_minute=4.0)},
        "4 calls started in the last minute; 4 are allowed.",
    ),
    (
        "pacing",
        "unknown",
        {"campaign": campaign(broken=unreadable("calls_per_minute"))},
        "Not known: the calls a minute cannot be read (see docs/contract.md).",
    ),
    ("connection", "open", {}, "3 of 30 channels of its connections in use."),
    (
        "connection",
        "full",
        {"carriers": carriers(carrier(in_progress=30))},
        "30 of 30 channels of its connections in use.",
    ),
    (
        "connection",
        "leaked on one that is not its own",
        {"carriers": carriers(carrier("c1"), carrier("c2", leaked=9, in_progress=9))},
        "3 of 30 channels of its connections in use.",
    ),
    (
        "connection",
        "leaked",
        {"carriers": carriers(carrier(leaked=2))},
        "3 of 30 channels of its connections in use. 2 slots held for too long to be a real call.",
    ),
    ("connection", "not told", {"carriers": {}}, "How many channels of its connections are in use is not told."),
    (
        "connection",
        "unknown",
        {"carriers": carriers(carrier(concurrency_limit=None, broken=unreadable("concurrency_limit")))},
        "Not known: the limit of calls at once cannot be read (see docs/contract.md).",
    ),
    ("numbers", "open", {}, "2 of 2 numbers can be used."),
    ("numbers", "empty", {"pool": (), "calls": silence(None)}, "No number is in the pool."),
    (
        "numbers",
        "empty, and calls were made",
        {"pool": ()},
        "Not known: calls were made, but no number is in the campaign's pool (campaign_numbers).",
    ),
    ("numbers", "not told", {"pool": None}, "The numbers are not told."),
    (
        "numbers",
        "not told and stamped",
        {"pool": None, "calls": silence(), "tasks": held("pool_exhausted", 5)},
        "The platform stamps pool_exhausted on 5 tasks.",
    ),
    (
        "numbers",
        "of all kinds",
        {
            "pool": (
                line("n1"),
                line("n2", status="flagged"),
                line("n3", status="flagged"),
                line("n4", status="released"),
                line("n5", status="resting"),
                line("n6", daily_cap=5),
                line("n7", status="other"),
            )
        },
        "1 of 7 numbers can be used; 2 flagged as spam, 1 released, 1 resting, 1 at the daily cap, "
        "1 in a state that is not known.",
    ),
    (
        "numbers",
        "usable and stamped",
        {"calls": silence(), "tasks": held("no_country_match", 90)},
        "2 of 2 numbers can be used. The platform stamps no_country_match on 90 tasks.",
    ),
    (
        "numbers",
        "unknown",
        {"pool": (line(status="other"),)},
        "Not known: the status cannot be read (see docs/contract.md).",
    ),
    ("provider", "open", {}, "No call of the last 50 failed."),
    ("provider", "no call", {"calls": silence(settled=0)}, "No call lately."),
    (
        "provider",
        "errors",
        {"calls": calls(errors={("tellus", "sip_503"): 40, ("", "sip_404"): 5})},
        "40 of the last 50 calls failed (80 %), 40 with sip_503 of tellus. 5 more for the number that was called, "
        "most with sip_404.",
    ),
    (
        "provider",
        "errors of nobody",
        {"calls": calls(errors={("", "sip_503"): 1})},
        "1 of the last 50 calls failed (2 %), 1 with sip_503.",
    ),
    (
        "provider",
        "errors of the list alone",
        {"calls": calls(errors={("", "sip_404"): 5})},
        "No call of the last 50 failed for the provider's fault. 5 for the number that was called, most with sip_404.",
    ),
    (
        "provider",
        "stamped without errors",
        {"calls": silence(), "tasks": held("provider_throttled", 6)},
        "No call of the last 50 failed. The platform stamps provider_throttled on 6 tasks.",
    ),
    ("retry", "open", {}, "0 of 20 pending tasks wait for the time of their next attempt."),
    (
        "retry",
        "closed",
        {"tasks": tasks(0, waiting=1, due_in=1800)},
        "1 of 1 pending task wait for the time of their next attempt, the next at 12:30 UTC, in 30 min.",
    ),
    ("tasks", "open", {}, "20 tasks ready, the oldest for 30 s; none is held."),
    ("tasks", "over", {"tasks": tasks(0, in_progress=0)}, "Every task of 100 is over."),
    ("tasks", "none", {"tasks": tasks(0, in_progress=0, over=0)}, "There is no task."),
    (
        "tasks",
        "stale",
        {"tasks": tasks(0, in_progress=2, stale=2)},
        "2 tasks in progress for too long, and nothing is pending.",
    ),
    (
        "tasks",
        "held",
        {"calls": silence(), "tasks": tasks(0, blocked={"dnc": 2000, "b": 1, "a": 1, "c": 1, "d": 1})},
        "0 tasks ready; held: 2,000 dnc, 1 a, 1 b, 1 c.",
    ),
]


@pytest.mark.parametrize(
    ("gate", "parts", "text"),
    [(gate, parts, text) for gate, _, parts, text in EVIDENCE],
    ids=[f"{gate}: {name}" for gate, name, _, _ in EVIDENCE],
)
def test_the_evidence_of_a_gate_is_what_was_measured(gate: str, parts: dict[str, Any], text: str) -> None:
    assert says(gate, **parts) == text


def test_every_gate_has_its_evidence_told() -> None:
    assert {gate for gate, *_ in EVIDENCE} == set(GATES)


# Signs, each at its threshold and just below it.


def names(**parts: Any) -> list[str]:
    """The signs that are seen."""
    return [sign.name for sign in signs(situation(**parts))]


def text(**parts: Any) -> str:
    """The text of the one sign that is seen."""
    (sign,) = signs(situation(**parts))
    return sign.text


def destination(failed: int, settled: int) -> dict[str, Any]:
    return {"calls": calls(settled=settled, errors={("tellus", "unallocated_number"): failed})}


def unplaced(count: int, settled: int) -> dict[str, Any]:
    return {"lately": lately(settled, 2 * settled // 5, unplaced=count)}


def silent(count: int, answered: int) -> dict[str, Any]:
    return {"lately": lately(200, answered, silent=count)}


def short(count: int, answered: int) -> dict[str, Any]:
    return {"lately": lately(200, answered, short=count)}


def slow(late: int, words: int, before: int = 0) -> dict[str, Any]:
    """Of 400 earlier first words `before` were late."""
    return {
        "lately": lately(200, 80, words=words, late=late),
        "usual": usual(words=400 + words, late=before + late),
    }


def period(answered: int, abandoned: int) -> dict[str, Any]:
    return {"abandonment": Period(NOW, answered, abandoned)}


def cut(count: int, unanswered: int) -> dict[str, Any]:
    return {"lately": lately(200, 80, unanswered=unanswered, cut=count)}


def mood(negative: int, scored: int) -> dict[str, Any]:
    return {"lately": lately(200, 80, scored=scored, negative=negative)}


def rejected(rows: int, total: int) -> dict[str, Any]:
    return {"upload": upload(rows_total=total, rows_rejected=rows)}


def number(settled: int, answered: int, others: int = 60, of: int = 40) -> dict[str, Any]:
    return {"lately": lately(by_number={"n1": (settled, answered), "n2": (others, of)})}


def answers(settled: int, answered: int, before: int = 2000) -> dict[str, Any]:
    late = lately(settled, answered)
    return {"lately": late, "usual": usual(before + settled, before * 2 // 5 + answered)}


def cost(settled: int, factor: float, earlier: int = 2000) -> dict[str, Any]:
    late = lately(settled, settled * 2 // 5)
    return {
        "lately": type(late)(late.settled, late.answered, cost=0.1 * factor * settled),
        "usual": usual(earlier + settled, (earlier + settled) * 2 // 5, 0.1 * (earlier + factor * settled)),
    }


@pytest.mark.parametrize(
    ("name", "seen", "unseen"),
    [
        ("outside_window", {"outside_window": 1}, {"outside_window": 0}),
        (
            "held_tasks",
            {"tasks": tasks(20, blocked={"dnc": 20})},
            {"tasks": tasks(20, blocked={"dnc": 19})},
        ),
        (
            "held_tasks",
            {"tasks": tasks(20, blocked={"dnc": 25}, in_progress=0, over=455)},
            {"tasks": tasks(20, blocked={"dnc": 25}, in_progress=0, over=456)},
        ),
        (
            "held_tasks",
            {"tasks": tasks(0, blocked={"x": 3}, in_progress=0, over=2)},
            {"tasks": tasks(0, blocked={"x": 2}, in_progress=0, over=2)},
        ),
        ("rows_rejected", rejected(20, 100), rejected(19, 100)),
        ("rows_rejected", rejected(20, 100), rejected(20, 101)),
        ("dead_numbers", destination(6, 20), destination(6, 19)),
        ("dead_numbers", destination(15, 50), destination(14, 50)),
        ("outcomes_unknown", unplaced(4, 20), unplaced(4, 19)),
        ("outcomes_unknown", unplaced(20, 100), unplaced(19, 100)),
        ("silent_agent", silent(2, 20), silent(2, 19)),
        ("silent_agent", silent(10, 100), silent(9, 100)),
        ("slow_agent", slow(6, 20), slow(6, 19)),
        ("slow_agent", slow(6, 20), slow(5, 20)),
        ("slow_agent", slow(60, 100, before=120), slow(59, 100, before=120)),
        ("abandoned", period(1000, 31), period(1000, 30)),
        ("cut_short", cut(2, 30), cut(2, 29)),
        ("cut_short", cut(6, 100), cut(5, 100)),
        ("short_calls", short(20, 20), short(19, 19)),
        ("short_calls", short(16, 100), short(15, 100)),
        ("bad_mood", mood(10, 20), mood(10, 19)),
        ("bad_mood", mood(15, 30), mood(14, 30)),
        ("number_bad", number(30, 4), number(29, 4)),
        ("number_bad", number(30, 4, 30, 20), number(30, 4, 29, 20)),
        ("number_bad", number(30, 4), number(30, 13)),
        ("answer_drop", answers(30, 2), answers(29, 2)),
        ("answer_drop", answers(100, 20), answers(100, 25)),
        ("answer_drop", answers(30, 2, 60), answers(30, 2, 59)),
        ("cost_runaway", cost(30, 3.01), cost(29, 3.01)),
        ("cost_runaway", cost(100, 3.01), cost(100, 2.99)),
        ("cost_runaway", cost(100, 8.0, 30), cost(100, 8.0, 29)),
        ("leaked_slots", {"calls": calls(leaked=1)}, {"calls": calls(leaked=0)}),
        ("leaked_slots", {"tasks": tasks(stale=1)}, {"tasks": tasks(stale=0)}),
    ],
)
def test_a_sign_is_seen_from_its_threshold_on(name: str, seen: dict[str, Any], unseen: dict[str, Any]) -> None:
    assert name in names(**seen)
    assert name not in names(**unseen)


def test_a_healthy_campaign_shows_no_sign() -> None:
    assert names(lately=lately(), usual=usual()) == []


def test_a_drop_that_may_be_chance_is_no_sign() -> None:
    # 40 % is usual; 7 of 30 is below six tenths of it, and within what chance lets expect.
    assert names(**answers(30, 7)) == []


def test_calls_that_fail_are_no_drop_of_answers() -> None:
    # 40 % of what gets through is usual, and is still answered: it is the connection that fails.
    failing = {"lately": lately(200, 40, failed=100), "usual": usual(2200, 840)}
    assert names(**failing) == []
    failing["lately"] = lately(200, 40)
    assert names(**failing) == ["answer_drop"]


def test_one_bad_number_is_named_instead_of_the_drop_that_it_causes() -> None:
    late = lately(120, 24, by_number={"n1": (60, 0), "n2": (60, 24)})
    assert names(lately=late, usual=usual()) == ["number_bad"]


def test_the_worst_of_two_bad_numbers_is_named() -> None:
    late = lately(by_number={"n1": (50, 5), "n2": (50, 0), "n3": (200, 120)})
    worst = worst_number(late.by_number)
    assert worst is not None
    assert worst[:3] == ("n2", 0, 50)


def test_silence_explains_short_calls() -> None:
    assert names(lately=lately(100, 40, silent=30, short=30)) == ["silent_agent"]


def test_a_failed_file_has_no_rejected_rows_to_speak_of() -> None:
    assert names(upload=upload("failed", rows_total=100, rows_rejected=100)) == ["upload_failed"]


def test_a_call_started_after_a_pause_is_a_sign_but_for_those_on_their_way() -> None:
    paused = campaign(status="paused", paused_at=NOW - 300)
    assert names(campaign=paused, calls=calls(239.0)) == ["calls_while_paused"]
    assert names(campaign=paused, calls=calls(240.0)) == []


def test_a_provider_that_fails_part_of_the_calls_is_a_sign() -> None:
    assert names(calls=calls(errors={("tellus", "sip_503"): 15})) == ["provider_impaired"]
    assert names(calls=calls(errors={("tellus", "sip_503"): 14})) == []
    assert names(calls=calls(settled=9, errors={("tellus", "sip_503"): 9})) == []


def test_the_gravest_sign_comes_first() -> None:
    found = names(
        outside_window=1,
        lately=lately(100, 40, silent=30),
        calls=calls(leaked=1),
        upload=upload(rows_total=100, rows_rejected=50),
    )
    assert found == ["outside_window", "rows_rejected", "silent_agent", "leaked_slots"]


@pytest.mark.parametrize(
    ("parts", "beginning"),
    [
        ({"outside_window": 1}, "1 call started today while the campaign's windows were closed. Pause it, keep"),
        ({"tasks": tasks(20, blocked={"dnc": 60})}, "75 % of the pending tasks are held, most by dnc (60). Never"),
        (
            {"tasks": tasks(20, blocked={"quota": 60})},
            "75 % of the pending tasks are held, most by quota (60). Nobody announced this code: ask",
        ),
        (rejected(45, 100), "45 % of the rows of march.csv were rejected. Look at the file"),
        (
            {"upload": upload(rows_total=None, rows_accepted=60, rows_rejected=40)},
            "40 % of the rows of march.csv were rejected.",
        ),
        (destination(25, 50), "50 % of the last 50 calls failed for the number that was called, most with unallocated"),
        (
            slow(30, 40, 40),
            "In 75 % of the last 40 answered calls the agent's first word came after more than 2 seconds; 10 % is "
            "usual here. Reduce concurrency",
        ),
        (silent(30, 40), "In 75 % of the last 40 answered calls the agent never spoke. Reduce concurrency now"),
        (short(30, 40), "75 % of the last 40 answered calls ended within six seconds"),
        (mood(30, 40), "75 % of the last 40 scored calls were negative. Reduce concurrency, then compare"),
        (number(40, 4), "Number n1 was answered in 10 % of its last 40 calls that got through, the rest of the "),
        (answers(100, 10), "10 % of the last 100 calls that got through were answered; 40 % is usual here. Take"),
        (cost(100, 8.0), "A call costs 0.80 EUR lately; 0.10 EUR is usual here. Reduce concurrency"),
        ({"calls": calls(leaked=1)}, "1 slot of the campaign held for too long to be a real call. Ask"),
    ],
)
def test_a_sign_says_what_was_measured_and_what_to_do_first(parts: dict[str, Any], beginning: str) -> None:
    assert text(**parts).startswith(beginning)


# Hints.


def hinted(**parts: Any) -> list[str]:
    s = situation(**parts)
    return hints(s, diagnose(s))


def test_that_all_is_well_is_not_said_where_a_sign_is_seen() -> None:
    assert hinted(outside_window=1) == [
        "1 call started today while the campaign's windows were closed. Pause it, keep the evidence and tell the "
        "platform's owners: its dispatcher does not obey the schedule."
    ]


@pytest.mark.parametrize(
    "limit",
    [
        {"campaign": campaign(concurrency_limit=3)},
        {"campaign": campaign(calls_per_minute=4.0)},
        {"pool": (line(cooldown_until=NOW + 20),)},
    ],
)
def test_a_sign_is_said_before_a_limit_that_somebody_set(limit: dict[str, Any]) -> None:
    found = hinted(outside_window=1, tasks=tasks(ready_for=HOUR), **limit)
    assert found[0].startswith("1 call started today while")
    assert len(found) == 2


def test_what_blocks_is_said_before_the_signs() -> None:
    found = hinted(calls=silence(), campaign=campaign(budget=1.0), spent=1.0, outside_window=1)
    assert found[0].startswith("Ask who owns the budget")
    assert found[1].startswith("1 call started today while")


def test_calls_outside_the_window_are_said_before_the_window() -> None:
    found = hinted(outside_window=1, schedule=schedule(window("14:00", "15:00")))
    assert found[0].startswith("1 call started today while")
    assert found[1].startswith("Wait: it is 12:00 UTC")


def test_what_others_found_is_said_after_the_signs() -> None:
    s = situation(outside_window=1)
    found = hints(s, diagnose(s), ("The arms of the A/B test are skewed.",))
    assert found[1:] == ["The arms of the A/B test are skewed."]


def test_what_others_found_is_said_once() -> None:
    s = situation()
    assert hints(s, diagnose(s), ("Same.", "Same.", "")) == ["Same."]


def test_one_task_in_two_calls_is_a_sign() -> None:
    (sign,) = signs(situation(calls=calls(doubled=2)))
    assert sign.name == "doubled_calls"
    assert sign.text.startswith("2 tasks have more than one call in progress at once. If contacts are called twice")


OLD = tasks(0, blocked={"budget_exhausted": 20}, in_progress=0)


def test_old_stamps_say_how_old_they_are_and_claim_nothing_of_now() -> None:
    s = situation(tasks=replace(OLD, stamped={"budget_exhausted": NOW - 5 * HOUR}), calls=silence(6 * HOUR))
    assert evidence(GATES["money"](s), s).endswith("stamps budget_exhausted on 20 tasks, the last time 5 h ago.")
    assert hints(s, diagnose(s))[1] == (
        "Check that the platform's dispatcher runs: budget_exhausted was stamped 5 h ago for the last time, and no "
        "call was started since, so whether it still holds is not known."
    )


@pytest.mark.parametrize(
    "parts",
    [
        {"tasks": replace(OLD, stamped={"budget_exhausted": NOW - MINUTE})},
        {"tasks": replace(OLD, stamped={"budget_exhausted": NOW - 5 * HOUR}), "calls": silence(HOUR)},
        {
            "tasks": replace(OLD, stamped={"budget_exhausted": NOW - 5 * HOUR}),
            "campaign": campaign(budget=5),
            "spent": 9,
        },
    ],
    ids=["fresh stamps", "calls were started since", "we see it ourselves"],
)
def test_stamps_that_are_no_riddle_are_not_doubted(parts: dict[str, Any]) -> None:
    s = situation(**{"calls": silence(6 * HOUR), **parts})
    assert not [hint for hint in hints(s, diagnose(s)) if "dispatcher runs" in hint]


def test_a_rest_that_is_over_says_since_when() -> None:
    resting = line(status="resting", cooldown_until=NOW - 5 * HOUR)
    s = situation(pool=(resting,), calls=silence(6 * HOUR))
    assert says("numbers", pool=(resting,)).endswith("1 resting. The last of their rests ended 5 h ago.")
    assert hints(s, diagnose(s))[0].startswith("Put numbers back to work or add some: their rest ended 5 h ago")


def test_of_a_campaign_that_is_over_nothing_is_ready() -> None:
    s = situation(campaign=campaign(status="completed", ended_at=NOW - HOUR))
    assert says("tasks", campaign=s.campaign) == "It is over; 20 tasks stayed pending."
    assert hints(s, diagnose(s)) == ["Nothing: the campaign is completed."]


UNTOLD = [
    ("answers of which nobody tells whether the agent spoke", lately(100, 40, silent=None, heard=0)),
    ("answers of which nobody tells how long they were", lately(100, 40, short=None)),
    ("calls of which nobody tells what they cost", lately(100, 40, cost=None)),
]


@pytest.mark.parametrize("late", [late for _, late in UNTOLD], ids=[name for name, _ in UNTOLD])
def test_what_nobody_tells_is_no_sign(late: Lately) -> None:
    assert signs(situation(lately=late, usual=usual(cost=200.0 if late.cost is not None else 2.0))) == []


def test_failed_calls_without_a_code_are_failures_of_which_nobody_knows_why() -> None:
    s = situation(calls=calls(settled=30, errors={("", ""): 28}, failed_in_a_row=28))
    assert says("provider", calls=s.calls) == (
        "28 of the last 30 calls failed (93 %), 28 without an error code, so why is not known."
    )
    assert diagnose(s).binding == "provider"
    assert hints(s, diagnose(s))[0].startswith("Reduce concurrency and ask the provider why calls fail")


def test_a_budget_of_which_nobody_tells_what_is_spent_decides_nothing() -> None:
    s = situation(
        campaign=campaign(budget=100), spent=None, calls=silence(), tasks=tasks(in_progress=0, ready_for=HOUR)
    )
    assert (diagnose(s).verdict, diagnose(s).binding) == ("unknown", "money")
    assert hints(s, diagnose(s))[0].startswith("Have the platform tell what calls cost")


def test_ready_tasks_that_may_be_held_are_not_known_to_be_ready() -> None:
    unheld = replace(tasks(in_progress=0, ready_for=HOUR), holds_told=False)
    s = situation(calls=silence(), tasks=unheld)
    assert (diagnose(s).verdict, diagnose(s).binding) == ("unknown", "tasks")
    assert hints(s, diagnose(s))[0].startswith("Have the platform tell what holds tasks")


def test_gates_further_in_that_need_a_person_are_announced() -> None:
    found = hinted(
        calls=silence(),
        campaign=campaign(status="paused", budget=1.0),
        spent=1.0,
        schedule=schedule(),
    )
    assert found == [
        "Find out who paused it and why before resuming: no reason is told.",
        "Before it dials again: ask who owns the budget: it is spent. Raise it, or pause the campaign.",
        "Before it dials again: enable a call window: the schedule has none, so it will never dial.",
    ]


def test_gates_further_in_that_open_by_themselves_are_not_announced() -> None:
    found = hinted(
        calls=silence(),
        schedule=schedule(window("14:00", "15:00")),
        tenant_in_progress=40,
        pool=(line(daily_cap=5),),
    )
    assert len(found) == 1


def test_the_blocker_of_tasks_has_a_first_move_where_somebody_must_act() -> None:
    assert set(MOVES) >= {"dnc", "consent_missing", "contact_frequency_cap", "invalid_number", "timezone_missing"}


def test_a_reason_and_a_name_are_said_as_they_are() -> None:
    name = "<b>Fire</b> \u05d7\u05d2 {0} %s"
    assert name in hinted(campaign=campaign(status="paused", pause_reason=name))[0]
    taken: dict[str, Any] = {"calls": silence(), "tenant_in_progress": 40, "rivals": (rival(name, 40),)}
    assert hinted(**taken)[0].startswith(name)
