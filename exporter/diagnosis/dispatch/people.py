"""The gate of people who take the calls: is somebody there, should somebody be, and is anybody free?

A campaign of which no people are told is served by a voice agent: nothing is asked of it, and nothing is said.
"""

from __future__ import annotations

from exporter.calendar.call_windows import Schedule
from exporter.contract.codes import NO_AGENT
from exporter.diagnosis.dispatch.gate import CLOSED, OPEN, QUIET_SECONDS, UNKNOWN, Gate, ahead, reported
from exporter.diagnosis.dispatch.situation import Situation
from exporter.source.entities import Agents

LATE_SECONDS = 600.0
"""People come some minutes after a shift begins, and go some before it ends: nobody is missed so close to its edge."""

BREAK_SECONDS = 5400.0
"""A break of which nobody says when it ends: longer than lunch, and nobody remembers it."""

UNTOLD_FREE = "free_not_told"
"""Our own name for what the platform does not tell: whether any of those logged in would take a call."""

UNTOLD_PEOPLE = "agents_not_told"
"""Our own name for a campaign that people took the calls of, and of which no row tells of any now."""


def agents(s: Situation) -> Gate:
    """Is a person free to talk? Counts calls at once: those that people can take, and those that go on."""
    people = s.agents
    if people is None or people.gone:
        if reported(s, NO_AGENT) is not None:
            return Gate("agents", CLOSED, NO_AGENT, passing=True)
        return Gate("agents", told=False) if people is None else Gate("agents", UNKNOWN, UNTOLD_PEOPLE)
    if people.logged_in is None:
        return Gate("agents", UNKNOWN, "logged_in")
    if not people.logged_in or people.away:
        return _nobody(s, people)
    if people.dial_ratio == 0 and s.quiet_for >= QUIET_SECONDS:
        return Gate("agents", CLOSED, NO_AGENT, expected=True)
    going = max(0, s.calls.in_progress - s.calls.leaked)
    free, busy = _free(people), _busy(people)
    if free is None:
        full = going >= people.logged_in - (people.paused or 0)
        return Gate("agents", CLOSED, NO_AGENT, passing=True) if full else Gate("agents", UNKNOWN, UNTOLD_FREE)
    # Those who talk for another campaign hold none of this one's calls, so calls and people are not simply compared.
    limit, used = busy + free * _ratio(people), max(going, busy)
    full = not free or used >= limit
    return Gate("agents", CLOSED if full else OPEN, NO_AGENT if full else "", False, full, limit, used)


def wanted(s: Situation) -> bool | None:
    """Whether somebody is to be there now to take calls; `None`: no people are told, or not when."""
    if s.agents is None:
        return None
    if s.campaign.status != "running" or ahead(s, s.agents.break_ends_at) is not None:
        return False
    return expected(s)


def expected(s: Situation) -> bool | None:
    """Whether somebody is to be there now, by the shifts, else by the campaign's windows; `None`: nobody tells."""
    hours = hours_of(s)
    if hours is None:
        return None
    return all(hours.open_at(s.now + shift) for shift in (-LATE_SECONDS, 0.0, LATE_SECONDS))


def hours_of(s: Situation) -> Schedule | None:
    """When people are to be there; `None` where that is not told, or cannot be read."""
    if s.agents is not None and (s.agents.gone or "shifts" in s.agents.broken):
        return None
    if s.shifts is not None:
        return s.shifts
    told = s.schedule is not None and not s.schedule.always
    return s.schedule if told else None


def _nobody(s: Situation, people: Agents) -> Gate:
    """Nobody is there to talk: as planned on a break and outside shifts, else for want of a person."""
    back = ahead(s, people.break_ends_at)
    if back is not None:
        return Gate("agents", CLOSED, NO_AGENT, True, False, 0, 0, back)
    due = expected(s)
    if people.away and people.break_ends_at is None:
        fresh = s.away_since is None or s.now - s.away_since < BREAK_SECONDS
        return Gate("agents", CLOSED, NO_AGENT, fresh or due is False, False, 0, 0)
    late = people.break_ends_at is not None and s.now - people.break_ends_at < LATE_SECONDS
    hours = hours_of(s)
    opens = None if hours is None or hours.open_at(s.now) else hours.next_change(s.now)
    return Gate("agents", CLOSED, NO_AGENT, late or not due, False, 0, 0, opens)


def _free(people: Agents) -> int | None:
    """Those who would take a call; `None`: it is not told."""
    if people.free is not None:
        return people.free
    if people.on_call is None or people.paused is None:
        return None
    return max(0, (people.logged_in or 0) - people.on_call - people.paused)


def _busy(people: Agents) -> int:
    """Those who are there and take no further call."""
    if people.on_call is not None:
        return people.on_call
    return max(0, (people.logged_in or 0) - (people.free or 0) - (people.paused or 0))


def _ratio(people: Agents) -> float:
    """Calls that are dialled for each free person: one at least, where nobody tells or people dial."""
    return people.dial_ratio or 1.0
