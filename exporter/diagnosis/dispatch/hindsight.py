"""What who had watched a campaign all the time would know of it, as far as its rows tell at the first look."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from exporter.calendar.call_windows import Schedule
from exporter.diagnosis.dispatch.gate import QUIET_SECONDS
from exporter.diagnosis.dispatch.situation import Situation
from exporter.diagnosis.dispatch.verdict import Diagnosis, Policy, diagnose

WATCHED_SECONDS = 60.0
"""So long at least must be watched before `stalled` is said: rows do not tell all that opens a gate (a limit that was
raised, credits, somebody who resumed it), and diallers look at their queue every few seconds."""

_LOOK_BACK = 8 * 86_400.0


def in_hindsight(s: Situation, first: Diagnosis, moments: Iterable[float | None], policy: Policy) -> Diagnosis:
    """The diagnosis of one look, with how long it has been so worked out instead of watched.

    Silence becomes `stalled` or `blocked` only when it lasts. Here it counts from the last call, from when the oldest
    ready task could be dialled, and from the last thing that opened a gate: the window, the start, an import, the
    end of a rest or a break, whatever `moments` (of the campaign's events) name. What others held of the tenant's
    slots until a moment ago is not known.
    """
    begun = _begun(s, moments)
    if begun is None or first.verdict == "finished":
        return first
    quiet = max(begun, min(s.now, begun + QUIET_SECONDS))  # as one who watched would have noticed it
    memory = first.memory._replace(
        open_since=None if first.memory.open_since is None else begun,
        bound_since=None if first.memory.bound_since is None else quiet,
    )
    # The same verdict as before: nothing has to settle.
    again = diagnose(s, replace(first, memory=memory), policy)
    return replace(again, since=_since(s, again, first, begun))


def watched_from(s: Situation, first: Diagnosis, moments: Iterable[float | None], policy: Policy) -> Diagnosis:
    """The diagnosis of the first look of one who goes on watching: of what has stood still, less must be watched.

    Not where a call goes on: what its end will open is not told.
    """
    begun = _begun(s, moments)
    if begun is None or first.memory.open_since is None or s.calls.in_progress > s.calls.leaked:
        return first
    since = max(begun, s.now - max(0.0, policy.stalled_after - WATCHED_SECONDS))
    return replace(first, memory=first.memory._replace(open_since=since))


def _begun(s: Situation, moments: Iterable[float | None]) -> float | None:
    """Since when it may have been as it is: the last of what is known to have changed it."""
    known = [*moments, s.campaign.started_at, s.campaign.scheduled_at, s.upload_time, opened_at(s.schedule, s.now)]
    known += [line.number.cooldown_until for line in s.pool or ()]
    known += [s.calls.last_start, s.tasks.oldest_ready, opened_at(s.shifts, s.now)]
    known += [s.agents.break_ends_at if s.agents is not None else None]
    return max((moment for moment in known if moment is not None and moment <= s.now), default=None)


def _since(s: Situation, again: Diagnosis, first: Diagnosis, begun: float) -> float | None:
    if again.verdict != first.verdict:
        return begun
    if again.since is None and again.binding == "window":
        return closed_at(s.schedule, s.now)
    return again.since


def opened_at(schedule: Schedule | None, now: float) -> float | None:
    """When the windows that are open now opened; `None` when they are closed, or nobody knows."""
    closed = () if schedule is None else schedule.closed_between(now - _LOOK_BACK, now + 1)
    return closed[-1][1] if closed and closed[-1][1] <= now else None


def closed_at(schedule: Schedule | None, now: float) -> float | None:
    """When the windows that are closed now closed; `None` when they are open, or it was long ago."""
    closed = () if schedule is None else schedule.closed_between(now - _LOOK_BACK, now + 1)
    return closed[-1][0] if closed and closed[-1][1] > now and closed[-1][0] > now - _LOOK_BACK else None
