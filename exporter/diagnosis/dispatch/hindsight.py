"""What who had watched a campaign all the time would know of it, as far as its rows tell at the first look."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from exporter.calendar.call_windows import Schedule
from exporter.diagnosis.dispatch.situation import Situation
from exporter.diagnosis.dispatch.verdict import Diagnosis, Policy, diagnose

_LOOK_BACK = 8 * 86_400.0


def in_hindsight(
    s: Situation, first: Diagnosis, moments: Iterable[float | None], policy: Policy, calls_since: float | None = None
) -> Diagnosis:
    """The diagnosis of one look, with how long it has been so worked out instead of watched.

    Silence becomes `stalled` or `blocked` only when it lasts. Here it counts from the last call, from when the oldest
    ready task could be dialled, and from the last thing that opened a gate: the window, the start, an import, the
    end of a rest, whatever `moments` (of the campaign's events) name. What others held of the tenant's slots until a
    moment ago is not known. `calls_since`: no call was started since then, and of before that is not known; so it has
    been so at least since then.
    """
    known = [*moments, s.campaign.started_at, s.campaign.scheduled_at, s.upload_time, opened_at(s.schedule, s.now)]
    known += [line.number.cooldown_until for line in s.pool or ()]
    known += [s.calls.last_start, s.tasks.oldest_ready, calls_since]
    begun = max((moment for moment in known if moment is not None and moment <= s.now), default=None)
    if begun is None or first.verdict == "finished":
        return first
    memory = first.memory._replace(
        open_since=None if first.memory.open_since is None else begun,
        bound_since=None if first.memory.bound_since is None else begun,
    )
    # The same verdict as before: nothing has to settle.
    again = diagnose(s, replace(first, memory=memory), policy)
    since = _since(s, again, first, begun)
    if since is not None and since == calls_since:
        return replace(again, since=None, seen_since=since)
    return replace(again, since=since)


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
