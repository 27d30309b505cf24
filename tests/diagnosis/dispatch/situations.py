"""Situations for the diagnosis: a healthy campaign that dials, but for what a case says otherwise.

Wednesday 2026-03-04, 12:00 UTC. Ten calls at once are allowed and three go on, the last one since ten seconds;
twenty contacts are ready, and two numbers of one connection are there to call them from.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from exporter.calendar.call_windows import Schedule
from exporter.calendar.days import zone
from exporter.calendar.window_forms import parse_ranges
from exporter.diagnosis.dispatch.situation import (
    Calls,
    Carrier,
    Lately,
    Line,
    Rival,
    Situation,
    Tasks,
    Usual,
)
from exporter.source.entities import Agents, Campaign, Number, Tenant, Trunk, Upload
from exporter.source.told import TOLD, Told

EVERYTHING = Told(frozenset((relation, column) for relation, columns in TOLD.items() for column in columns))
"""A platform that tells all that is optional."""

NOW = 1_772_625_600.0
MINUTE, HOUR, DAY = 60.0, 3600.0, 86_400.0
MIDNIGHT = NOW + 12 * HOUR
WEEK = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"]

_CAMPAIGN = Campaign(
    campaign_id="7",
    tenant_id="1",
    name="Renewals",
    status="running",
    agent="ava",
    priority=5,
    scheduled_at=None,
    started_at=NOW - DAY,
    paused_at=None,
    pause_reason=None,
    paused_by=None,
    ended_at=None,
    timezone="UTC",
    call_windows=None,
    expires_at=None,
    concurrency_limit=10,
    calls_per_minute=None,
    max_attempts=3,
    country_match=None,
    currency="EUR",
    budget=None,
)
_TENANT = Tenant("1", "Northwind", "UTC", concurrency_limit=40, credits_remaining=500.0)
_TRUNK = Trunk("c1", "1", "tellus", concurrency_limit=30, calls_per_second=5.0)
_NUMBER = Number("n1", "1", "c1", "+49 30 1", None, "DE", "active", daily_cap=None, cooldown_until=None)
_UPLOAD = Upload("u1", "7", "march.csv", 2000, 120, 120, 0, "imported", NOW - DAY)


def campaign(**changes: Any) -> Campaign:
    """A running campaign of ten calls at once, without windows, budget or pacing."""
    return replace(_CAMPAIGN, **changes)


def tenant(**changes: Any) -> Tenant:
    """Forty calls at once, credits enough."""
    return replace(_TENANT, **changes)


def line(number_id: str = "n1", *, today: int = 5, in_progress: int = 0, **changes: Any) -> Line:
    """A number that may call."""
    return Line(replace(_NUMBER, number_id=number_id, **changes), today, in_progress)


def carrier(connection_id: str = "c1", *, in_progress: int = 3, leaked: int = 0, **changes: Any) -> Carrier:
    """A connection of thirty channels."""
    return Carrier(replace(_TRUNK, connection_id=connection_id, **changes), in_progress, leaked)


def carriers(*of: Carrier) -> Mapping[str, Carrier]:
    """Connections by id."""
    return {each.trunk.connection_id: each for each in of}


def people(logged_in: int | None = 5, free: int | None = 2, on_call: int | None = 3, **changes: Any) -> Agents:
    """People who take the calls: of five that are logged in two are free."""
    told: dict[str, Any] = dict.fromkeys(("pause_reason", "break_ends_at", "shifts", "dial_ratio"))
    return Agents("7", logged_in, free, on_call, **{**told, "paused": 0, **changes})


def on_break(logged_in: int = 5, **changes: Any) -> Agents:
    """All of them are on a break."""
    return people(logged_in, 0, 0, paused=logged_in, **changes)


def nobody(**changes: Any) -> Agents:
    """Nobody is logged in."""
    return people(0, 0, 0, **changes)


def rival(name: str = "Solar", in_progress: int = 0, ready: int = 100, priority: int | None = 9) -> Rival:
    """A campaign that goes first."""
    return Rival(campaign(campaign_id=name.lower(), name=name, priority=priority), in_progress, ready)


def upload(status: str = "imported", age: float = DAY, **changes: Any) -> Upload:
    """The newest audience file, so many seconds old."""
    return replace(_UPLOAD, status=status, uploaded_at=NOW - age, **changes)


def window(start: str, end: str, days: list[str] | None = None) -> dict[str, Any]:
    """A range of call windows; every day unless said."""
    return {"days": WEEK if days is None else days, "start": start, "end": end}


def schedule(*windows: dict[str, Any], name: str = "UTC") -> Schedule:
    """A schedule of these windows in a zone; none at all means never."""
    where = zone(name)
    assert where is not None
    return Schedule(parse_ranges(list(windows)), where)


ALWAYS = Schedule(None, schedule().where)


def tasks(
    ready: int = 20,
    waiting: int = 0,
    blocked: Mapping[str, int] | None = None,
    in_progress: int = 3,
    over: int = 100,
    *,
    ready_for: float = 30.0,
    due_in: float | None = None,
    stale: int = 0,
) -> Tasks:
    """Tasks whose parts sum to pending; the oldest that is ready is so for `ready_for` seconds."""
    held = dict(blocked or {})
    return Tasks(
        pending=ready + waiting + sum(held.values()),
        in_progress=in_progress,
        over=over,
        blocked=held,
        waiting=waiting,
        ready=ready,
        next_due=NOW + due_in if due_in is not None else (NOW + HOUR if waiting else None),
        oldest_ready=NOW - ready_for if ready else None,
        stale=stale,
    )


def held(code: str, count: int, ready: int = 0, **changes: Any) -> Tasks:
    """Tasks that carry a code, none ready and none in progress unless said."""
    return tasks(ready, blocked={code: count}, **{"in_progress": 0, **changes})


def calls(started_ago: float | None = 10.0, in_progress: int = 3, **changes: Any) -> Calls:
    """Calls of which the last began so many seconds ago (`None`: none is remembered), fifty of them over."""
    last = None if started_ago is None else NOW - started_ago
    values = {"oldest": NOW - 90.0 if in_progress else None, "settled": 50, "started_last_minute": 0, **changes}
    if started_ago is not None and started_ago < MINUTE and "started_last_minute" not in changes:
        values["started_last_minute"] = 4
    return Calls(in_progress=in_progress, last_start=last, **values)


def silence(seconds: float | None = 600.0, **changes: Any) -> Calls:
    """No call going on, and none started for so long."""
    return calls(seconds, in_progress=0, **changes)


def lately(settled: int = 100, answered: int = 40, **changes: Any) -> Lately:
    """Recent calls, of which nothing is unusual."""
    told: dict[str, Any] = {"silent": 0, "heard": answered, "short": 0, "late": 0, "cost": 0.1 * settled, **changes}
    return Lately(settled, answered, **told)


def usual(settled: int = 2000, answered: int = 800, cost: float = 200.0, words: int = 0, late: int = 0) -> Usual:
    """All calls of the campaign."""
    return Usual(settled, answered, cost, words=words, late=late)


def situation(**parts: Any) -> Situation:
    """The healthy campaign with these parts instead; a `campaign` of values, or one that was built."""
    defaults: dict[str, Any] = {
        "now": NOW,
        "campaign": campaign(),
        "schedule": ALWAYS,
        "tasks": tasks(),
        "calls": calls(),
        "tenant": tenant(),
        "tenant_in_progress": 3,
        "tomorrow": MIDNIGHT,
        "pool": (line("n1"), line("n2")),
        "carriers": carriers(carrier()),
        "upload": upload(),
        "told": EVERYTHING,
    }
    return Situation(**{**defaults, **parts})


def later(s: Situation, seconds: float) -> Situation:
    """The same, later: nothing happened in between."""
    return replace(s, now=s.now + seconds)
