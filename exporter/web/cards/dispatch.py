"""The part of a card that says why a campaign does or does not dial: verdict, gates, waterfall, who holds the slots."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from exporter.contract.codes import BLOCKERS, ENDED_STATUSES, OTHER, RETRY_WAIT, Blocker, blocker_group
from exporter.diagnosis.advice import advice, in_full
from exporter.diagnosis.dispatch.evidence import evidence
from exporter.diagnosis.dispatch.gate import UNKNOWN, Gate
from exporter.diagnosis.dispatch.situation import Situation
from exporter.diagnosis.dispatch.verdict import NOTHING, Diagnosis
from exporter.diagnosis.dispatch.waterfall import ROOM
from exporter.diagnosis.view import Shown, View
from exporter.web.cards.values import Json, iso, whole

MEANINGS: Mapping[str, str] = MappingProxyType(
    {
        "stalled": "Every gate that is told is open and tasks are ready, yet nothing is started.",
        "blocked": "It cannot dial until a person acts.",
        "unknown": "Something that decides is not known, so whether it should be dialling is not known either.",
        "throttled": "It dials less than is ready, or waits for its turn.",
        "waiting": "It is idle as expected.",
        "dialing": "It dials.",
        "finished": "It is over.",
    }
)
"""The verdicts, the worst first, and what each means."""

QUESTIONS: Mapping[str, tuple[str, str | None]] = MappingProxyType(
    {
        "lifecycle": ("Is the campaign running?", None),
        "audience": ("Is the list imported?", None),
        "money": ("Is there budget, and are there credits?", "money spent"),
        "window": ("Is it within the call windows?", None),
        "agents": ("Is a person free to talk?", "calls at once"),
        "priority": ("Does no campaign that goes first take the slots?", None),
        "tenant": ("Does the tenant's limit leave room?", "calls at once"),
        "campaign": ("Does the campaign's limit leave room?", "calls at once"),
        "pacing": ("Do the calls a minute leave room?", "calls started in a minute"),
        "connection": ("Do the connections leave room?", "calls at once"),
        "numbers": ("Is there a number to call from?", "numbers that cannot be used"),
        "provider": ("Do calls get through?", "recent calls that failed"),
        "retry": ("Is a task due?", "pending tasks that wait for their time"),
        "tasks": ("Is a task left that nothing of its own holds?", "tasks that are held"),
    }
)
"""The gates: what each asks (yes: open) and what its `used` counts."""

_OWN_CODES: Mapping[str, Blocker] = MappingProxyType(
    {
        blocker.code: blocker
        for blocker in (
            Blocker("pacing", "capacity", "The campaign's calls a minute are used up.", "Wait a minute."),
            Blocker("expired", "lifecycle", "The campaign expired.", "Extend it if its contacts are to be called."),
            Blocker("completed", "lifecycle", "The campaign is completed.", "Nothing."),
            Blocker("cancelled", "lifecycle", "The campaign was cancelled.", "Nothing."),
            Blocker("no_contacts", "audience", "Every task is over.", "Import contacts, or complete the campaign."),
            Blocker("stale_in_progress", "capacity", "Tasks are in progress for too long.", "Have them closed."),
            Blocker("unknown", "unknown", "A gate that decides is not known.", "See what the gates say of it."),
            Blocker(OTHER, "unknown", "A value that is no code.", "Tell the platform's owners."),
        )
    }
)
"""Codes that are not the platform's but this program's."""

HOLDERS = 10
"""So many other campaigns of the tenant are named."""


def described(code: str) -> Json:
    """A code with its group, meaning and first move."""
    known = BLOCKERS.get(code) or _OWN_CODES.get(code)
    if known is None:
        known = Blocker(code, blocker_group(code), "Nobody announced this code.", "Tell the platform's owners.")
    return {"code": code, "group": known.group, "meaning": known.meaning, "first_move": known.first_move}


def judged(shown: Shown, view: View) -> Situation:
    """What the diagnosis judged by, in full."""
    number = shown.vocabulary.campaign.number(view.situation.campaign.campaign_id)
    return in_full(view.situation, shown.recent, number)


def spell(d: Diagnosis) -> Json:
    """Since when the verdict holds: told or seen to begin, else at least since it was first looked at."""
    return {"since": iso(d.since), "at_least_since": iso(d.seen_since) if d.since is None else None}


def verdict(s: Situation, view: View) -> Json:
    """The answer, and what to do."""
    d = view.diagnosis
    return {
        "name": d.verdict,
        "meaning": MEANINGS[d.verdict],
        **spell(d),
        "binding_gate": None if d.binding == NOTHING else d.binding,
        "clears_at": iso(d.clears_at),
        "judged_at": iso(d.at),
        "slots_available": whole(d.slots),
        "calling": s.calls.in_progress,
        "queued": queued(s),
        "credits": s.tenant.credits_remaining if s.tenant else None,
        "hints": advice(s, d, view.outlook.experiment),
    }


def queued(s: Situation) -> int | None:
    """Pending tasks whose time has come, whatever else holds them; not those that nobody will dial.

    `None` where it is not told when tasks are due, or who is to be called.
    """
    if s.campaign.status in ENDED_STATUSES:
        return 0
    if not s.campaign.listed or not s.tasks.due_told:
        return None
    return s.tasks.pending - s.tasks.waiting - s.tasks.exhausted


def gates(s: Situation, d: Diagnosis) -> list[Json]:
    """All gates in their order, from the outermost in."""
    return [_gate(gate, s, d) for gate in d.gates]


def _gate(gate: Gate, s: Situation, d: Diagnosis) -> Json:
    question, counts = QUESTIONS[gate.name]
    return {
        "name": gate.name,
        "question": question,
        "state": gate.state if gate.told else UNKNOWN,
        "binding": gate.name == d.binding,
        "expected": gate.closed and gate.expected,
        "passing": gate.closed and gate.passing,
        "limit": whole(gate.limit),
        "used": whole(gate.used),
        "left": whole(gate.left),
        "counts": counts,
        "code": gate.code or None,
        "clears_at": iso(gate.clears_at),
        "evidence": evidence(gate, s),
    }


_NO_ROOM = "The limit is not reached, but has no room for these beside the others."
"""Of a step that an open gate makes, as more is ready than fits at once."""

_FOLLOW = {
    "number_daily_cap": "Add numbers, or wait for the tenant's midnight.",
    "pacing": "Wait: they follow at the pace that is set.",
}


def waterfall(s: Situation, d: Diagnosis) -> Json:
    """From the pending tasks down to those that can be dialled now."""
    if not s.campaign.listed:
        return {"pending": None, "steps": [], "dialable": None}
    left, steps = s.tasks.pending, []
    for step in d.waterfall:
        left -= step.tasks
        stamped = s.tasks.blocked.get(step.code, 0) + (s.tasks.waiting if step.code == RETRY_WAIT else 0)
        steps.append({**described(step.code), "tasks": step.tasks, "stamped": stamped, "left": left})
        reached = any(gate.closed and gate.code == step.code for gate in d.gates)
        if step.code in ROOM and step.tasks > stamped and not reached:
            steps[-1] |= {"meaning": _NO_ROOM, "first_move": _FOLLOW.get(step.code, "Wait: they follow as calls end.")}
    # Of tasks that the platform may hold without saying so, none is known to be dialable.
    return {"pending": s.tasks.pending, "steps": steps, "dialable": d.dialable if s.tasks.told else None}


def holders(s: Situation, shown: Shown) -> Json:
    """Who else holds slots of the tenant: its other campaigns, and calls too old to be real."""
    first = {rival.campaign.campaign_id: rival for rival in s.rivals}
    found: list[tuple[int, int, str, Json]] = []
    for key, other in shown.views.items():
        campaign, calls = other.situation.campaign, other.situation.calls.in_progress
        mine = campaign.tenant_id == s.campaign.tenant_id and key != s.campaign.campaign_id
        if mine and (calls or key in first):
            about = {
                "id": key,
                "name": campaign.name,
                "priority": campaign.priority,
                "goes_first": key in first,
                "calling": calls,
                "ready": other.situation.tasks.ready if other.situation.tasks.told else None,
            }
            found.append((key not in first, -calls, key, about))
    leaked = max(s.calls.leaked, s.tasks.stale)
    return {
        "campaigns": [about for *_, about in sorted(found, key=lambda each: each[:3])[:HOLDERS]],
        "more_campaigns": max(0, len(found) - HOLDERS),
        "leaked": {
            "slots": leaked,
            "calls": s.calls.leaked,
            "tasks": s.tasks.stale,
            "oldest_since": iso(s.calls.oldest) if s.calls.leaked else None,
            "of_the_tenant": s.tenant_leaked,
        },
    }
