"""What to do, in plain English: the most useful first, in the operator's order of moves."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from types import MappingProxyType

from exporter.contract.codes import BLOCKERS, EXHAUSTED, NO_AGENT
from exporter.contract.error_codes import UNCODED, fault_of
from exporter.contract.wording import clock, count, duration
from exporter.diagnosis.dispatch.capacity import PACING, refusal, rest_over
from exporter.diagnosis.dispatch.gate import QUIET_SECONDS, UNKNOWN, Gate, stamp_age
from exporter.diagnosis.dispatch.gates import (
    GATES,
    INNERMOST,
    NO_CONTACTS,
    STALE,
    UNTOLD_COST,
    UNTOLD_HOLDS,
    UNTOLD_LIST,
    claimed,
)
from exporter.diagnosis.dispatch.people import UNTOLD_FREE, UNTOLD_PEOPLE, hours_of
from exporter.diagnosis.dispatch.signs import MOVES, signs, used_up
from exporter.diagnosis.dispatch.situation import Situation
from exporter.diagnosis.dispatch.verdict import BACKLOG_SECONDS, Diagnosis


def hints(s: Situation, d: Diagnosis, more: tuple[str, ...] = ()) -> list[str]:
    """The hints of a diagnosis. `more`: what others found, said after the signs in the calls."""
    if s.hidden & {"tasks", "calls"}:  # whatever else would be said rests on rows that are not all there are
        more = ()
    first, seen = _first(s, d), signs(s)
    wrong = [text for text in (*(sign.text for sign in seen), *more) if text]
    later = _later(s, d)
    if later and first.endswith(_IF_ODD):  # to wait is no move; to see to what will hold it then is one
        first = f"{first.removesuffix(_IF_ODD)} {later.pop(0)}"
    found = [first, _aged(s, d), *wrong, *later]
    if wrong and d.verdict == "dialing":  # that all is well is no news where something is wrong
        found = wrong
    elif wrong and (_as_set(d) or (d.binding == "window" and s.outside_window)):
        found = [*wrong, first]
    return list(dict.fromkeys(filter(None, found)))


def _aged(s: Situation, d: Diagnosis) -> str:
    """What rests on old stamps alone may be over: no call was started since."""
    gate = d.gate(d.binding) if d.binding != "none" else None
    age = stamp_age(s, gate.code) if gate is not None and gate.closed and gate.name not in INNERMOST else None
    if gate is None or age is None or s.quiet_for < age:
        return ""
    others = {code: n for code, n in s.tasks.blocked.items() if code != gate.code}
    if GATES[gate.name](replace(s, tasks=replace(s.tasks, blocked=others))).closed:
        return ""
    return (
        f"Check that the platform's dispatcher runs: {gate.code} was stamped {duration(age)} ago for the last time, "
        "and no call was started since, so whether it still holds is not known."
    )


def _as_set(d: Diagnosis) -> bool:
    """Whether it dials, and only a limit that somebody set for it keeps it from dialling more."""
    return d.verdict == "throttled" and d.binding in ("agents", "campaign", "pacing", "numbers")


def _first(s: Situation, d: Diagnosis) -> str:
    if d.verdict == "finished":
        return f"Nothing: the campaign is {s.campaign.status}."
    if d.verdict == "stalled":
        ready = s.tasks.ready + claimed(s)
        return (
            f"{count(ready, 'task')} could be dialled, every gate that is told is open and nothing was started "
            f"for {_silence(s, d)}. Check that the platform's dispatcher runs before you touch any setting."
        )
    if d.binding == "none":
        if d.verdict == "dialing":
            dials = s.quiet_for < QUIET_SECONDS or s.calls.in_progress > s.calls.leaked
            if not dials and not s.tasks.pending:
                return "Wait: no call goes on, and the last tasks are being finished."
            if not dials and s.backlog_for >= BACKLOG_SECONDS:  # just opened, or just begun to be watched
                return "Wait a few minutes: tasks are ready and nothing is started. If it stays so, it has stalled."
            return "Nothing: it is dialling." if dials else "Wait: tasks are about to be dialled."
        if d.gate("agents").state == UNKNOWN:
            return "Ask whether people are free: tasks wait, no known limit is reached, and who is free is not told."
        if d.verdict == "unknown":
            return (
                "Look at the platform itself, or connect to the primary: nothing was started, but as of when these "
                "rows are is not known."
            )
        return (
            "Tasks wait though no limit that is told is reached: the dispatcher is slow. Look at the connections' "
            "calls a second, then at the dispatcher."
        )
    gate = d.gate(d.binding)
    if gate.state == UNKNOWN and gate.code in s.hidden:
        return (
            f"Let the exporter's role see all rows of {gate.code}: row-level security hides some, so whether it dials "
            "is not known. campaign-exporter check has the remedy."
        )
    if gate.code in _UNTOLD:
        return _UNTOLD[gate.code]
    if gate.state == UNKNOWN:
        return f"Mend {gate.code} in the platform's data: it cannot be read, so whether it may dial is not known."
    if not gate.closed:
        return _tight(gate) if d.verdict == "throttled" else _opened(gate)
    if gate.name == "tasks" and gate.code in BLOCKERS and gate.code != EXHAUSTED:
        return _contacts(s, gate)
    move = _MOVES.get(gate.code)
    return move(s, gate) if move else f"Ask the platform's owners what {gate.code} means: nobody announced it."


_UNTOLD = {
    UNTOLD_COST: "Have the platform tell what calls cost (calls.ai_cost, calls.telephony_cost): without that nobody "
    "knows whether the budget is spent.",
    UNTOLD_HOLDS: "Have the platform tell what holds tasks and when they are due (tasks.blocker, "
    "tasks.next_eligible_at): no call is started, and without that nobody knows whether one should be.",
    UNTOLD_LIST: "Have the platform show who is still to be called (tasks): no call is started, and without that "
    "nobody knows whether one should be.",
    UNTOLD_FREE: "Have the platform tell how many people are free (agents.free): no call is started, and without that "
    "nobody knows whether one should be.",
    UNTOLD_PEOPLE: "Have the view of agents keep a row of each campaign that people take the calls of, also while "
    "nobody is logged in: without it nobody knows whether calls should be started.",
}


def _silence(s: Situation, d: Diagnosis) -> str:
    if s.calls.last_start is not None:
        return duration(s.now - s.calls.last_start)
    return duration(s.now - (d.memory.open_since or s.now)) + " at least"


def _tight(gate: Gate) -> str:
    used = f"{gate.used or 0:,.0f} of {gate.limit or 0:,.0f}"
    what = {
        "agents": f"People are the bottleneck ({used} calls at once); log in more if it must go faster.",
        "tenant": f"The tenant's slots are in use ({used}); see which campaigns hold them before you raise the cap.",
        "campaign": f"The campaign's limit is the bottleneck ({used} at once); raise it only if answers are good.",
        "pacing": f"The calls a minute are the bottleneck ({used}); raise them only if answers are good.",
        "connection": f"The connections are the bottleneck ({used} channels); add numbers of another connection.",
        "numbers": "Wait, or add numbers: their rest between two calls is the bottleneck.",
    }
    return what.get(gate.name, _opened(gate))


def _opened(gate: Gate) -> str:
    return f"Watch it for a minute: the {gate.name} gate that held it up is open again."


def _paused(s: Situation, gate: Gate) -> str:
    by = "" if gate.expected else "The platform paused it by itself. "
    if s.campaign.pause_reason:
        reason = s.campaign.pause_reason.rstrip(".")
        return f"{by}Read the reason of the pause and settle it before resuming: {reason}."
    who = "who paused it and why" if gate.expected else "why"
    return f"{by}Find out {who} before resuming: no reason is told."


def _not_started(s: Situation, gate: Gate) -> str:
    if gate.expected and gate.clears_at is not None:
        return f"Wait: it starts at {clock(gate.clears_at, s.now)}, in {duration(gate.clears_at - s.now)}."
    if gate.expected and s.campaign.scheduled_at is not None:
        return "Wait: its time has come, and it is about to start."
    if gate.expected:
        return "See when it is to start, and give it a time if it has none: no time is told."
    return "Start it, or find out why the platform did not: its time has passed."


def _not_ready(s: Situation, gate: Gate) -> str:
    if gate.expected:
        return "Wait: the list is on its way."
    if s.upload is not None and s.upload.status == "failed":
        return f"Fix the file {s.upload.filename} and import it again: its import failed."
    if s.upload is not None and s.upload.status != "imported":
        return f"Find out why the import of {s.upload.filename} does not end."
    return "Import a list: the campaign has no contacts to call." if not s.tasks.total else "Fix the list of contacts."


_IF_ODD = " If that is odd, check zone and schedule."


def _closed_window(s: Situation, gate: Gate) -> str:
    zone = s.campaign.timezone
    local = clock(s.now, s.now, zone)
    if gate.clears_at is None and gate.expected:
        return "Nothing, unless it should go on: its last window has passed, and it expires before the next."
    if gate.clears_at is None:
        return f"Fix the schedule: it is {local}, and no window opens before the campaign ends."
    opens, ahead = clock(gate.clears_at, s.now, zone), duration(gate.clears_at - s.now)
    return f"Wait: it is {local}, and the window opens at {opens}, in {ahead}.{_IF_ODD}"


def _people(s: Situation, gate: Gate) -> str:
    people = s.agents
    if people is None or gate.passing:
        return "Wait for a person to be free: nobody is. Log in more people if it must go faster."
    if people.logged_in and not people.away:
        return "Nothing, unless people should be calling: they start this campaign's calls themselves."
    if gate.expected and gate.clears_at is not None:
        back = f"{clock(gate.clears_at, s.now, s.campaign.timezone)}, in {duration(gate.clears_at - s.now)}"
        return f"Wait: people are to be there at {back}.{_IF_ODD_SHIFT}"
    if people.away:
        if gate.expected:
            told = "" if people.break_ends_at is not None else ", and until when is not told"
            return f"Wait: everybody is on a break{told}."
        return "Get people back from their break, or tell until when it is planned: it should be over."
    if gate.expected:
        unsaid = ", and when somebody should be is not told" if hours_of(s) is None else ""
        return f"Nothing, unless somebody should be there: nobody is logged in{unsaid}."
    return "Get people to log in, or pause the campaign: nobody is logged in, and somebody should be."


_IF_ODD_SHIFT = " If that is odd, check the shifts."


def _rivals(s: Situation, gate: Gate) -> str:
    rivals = sorted(s.rivals, key=lambda rival: (-rival.in_progress, rival.campaign.name))
    if not rivals:
        return "Find the campaign of higher priority that takes the slots, and reduce its concurrency."
    first = rivals[0]
    return (
        f"{first.campaign.name} (priority {first.campaign.priority}) goes first and holds "
        f"{count(first.in_progress, 'slot')}. Reduce its concurrency, or accept that this one waits."
    )


def _limit(what: str, advice: str) -> Callable[[Situation, Gate], str]:
    def move(s: Situation, gate: Gate) -> str:
        if gate.limit is not None and gate.limit <= 0:
            return f"{what} is 0, so no call can start. Raise it if that was not meant."
        if not gate.passing:
            return f"Have the leaked slots given back: calls that are too old to be real hold all of {what.lower()}."
        return advice

    return move


_LONG_SECONDS = 600.0
"""A call for longer than this is rare; whether it is one at all should be looked at."""


def _own_limit(s: Situation, gate: Gate) -> str:
    advice = "Wait for calls to end; raise the campaign's limit only if answers are good."
    oldest = 0.0 if s.calls.oldest is None else s.now - s.calls.oldest
    if oldest > _LONG_SECONDS:
        goes_on = f"The oldest goes on for {duration(oldest)}"
        advice = f"Wait for calls to end. {goes_on}: if none ends, look for leaked slots."
    return _limit("The campaign's limit of calls at once", advice)(s, gate)


def _waits_for_number(s: Situation, gate: Gate) -> str:
    if gate.clears_at is None:
        if gate.expected:
            return "Wait, or add numbers: all of the pool are at their daily cap, and nobody said when the day ends."
        over = rest_over(s)
        if over is not None:
            return (
                f"Put numbers back to work or add some: their rest ended {duration(s.now - over)} ago, and they are "
                "still marked as resting. Check that the platform's dispatcher runs."
            )
        if s.pool is not None and all(line.number.status == "resting" for line in s.pool):
            return "Put numbers back to work or add some: all of the pool are resting, and nobody said until when."
        return "Raise the daily cap or add numbers: no number may call."
    if gate.passing:
        return "Wait, or add numbers: all of the pool rest between two calls, which is the bottleneck."
    codes = {each[0] for each in (refusal(line, s) for line in s.pool or ()) if each is not None}
    what = "are at their daily cap" if gate.code == "number_daily_cap" else "rest"
    who = f"all of the pool {what}" if codes == {gate.code} else "none of the pool can be used"
    when = f"the first is free at {clock(gate.clears_at, s.now)}, in {duration(gate.clears_at - s.now)}"
    return f"Wait, or add numbers: {who}; {when}."


def _contacts(s: Situation, gate: Gate) -> str:
    move = MOVES.get(gate.code)
    if gate.name == "numbers":
        return move or "Rest the flagged numbers and add others: contacts are held for want of one that fits."
    held = f"{count(s.tasks.blocked.get(gate.code, 0), 'task')} left, held by {gate.code}."
    return f"{held} {move or BLOCKERS[gate.code].first_move}"


def _provider(advice: str) -> Callable[[Situation, Gate], str]:
    def move(s: Situation, gate: Gate) -> str:
        if s.calls.errors.get(("", UNCODED), 0) > sum(s.calls.errors.values()) / 2:
            return "Reduce concurrency and ask the provider why calls fail: most that failed have no error code."
        names = sorted({name for name, code in s.calls.errors if name and fault_of(code) == gate.code})
        who = " and ".join(names) if 0 < len(names) <= 2 else "the provider"
        return advice.format(who=who, s="" if len(names) == 2 else "s")

    return move


def _say(text: str) -> Callable[[Situation, Gate], str]:
    return lambda s, gate: text


_MOVES: Mapping[str, Callable[[Situation, Gate], str]] = MappingProxyType(
    {
        "campaign_paused": _paused,
        "not_started": _not_started,
        "circuit_breaker_open": _say(
            "Find what made the platform's circuit breaker open (errors, answer rate) and fix it before closing it."
        ),
        "expired": _say("Extend the campaign if its contacts are still to be called: it expired."),
        "audience_not_ready": _not_ready,
        "budget_exhausted": lambda s, gate: (
            f"Ask who owns the budget: it is {'0' if gate.limit == 0 else 'spent'}. Raise it, or pause the campaign."
        ),
        "credits_exhausted": _say("Add credits, or pause: the tenant's credits are spent, for all its campaigns."),
        "outside_call_window": _closed_window,
        "no_window_enabled": _say("Enable a call window: the schedule has none, so it will never dial."),
        NO_AGENT: _people,
        "higher_priority_campaign": _rivals,
        "tenant_concurrency": _limit(
            "The tenant's limit of calls at once",
            "See which campaigns of the tenant hold its slots before you raise the cap.",
        ),
        "campaign_concurrency": _own_limit,
        PACING: _limit(
            "The limit of calls a minute",
            "Wait: the calls a minute are used up; raise them only if answers are good.",
        ),
        "connection_limit": _limit(
            "The connections' limit of calls at once",
            "Add numbers of another connection, or have this one's channels raised.",
        ),
        "pool_exhausted": _say("Add numbers to the pool: none of it can be used."),
        "number_flagged": _say("Rest the flagged numbers and add others: no number of the pool is fit to call."),
        "number_daily_cap": _waits_for_number,
        "number_cooldown": _waits_for_number,
        "no_country_match": _contacts,
        "provider_throttled": _provider("Reduce concurrency: {who} ask{s} us to slow down; then add connections."),
        "provider_error": _provider("Reduce concurrency and fail over to another connection: {who} fail{s} our calls."),
        "provider_auth": _provider("Renew the credentials: {who} refuse{s} them; fail over meanwhile."),
        "network_blocked": _provider("Check the network to {who}: no call gets there; fail over meanwhile."),
        "retry_wait": lambda s, gate: (
            f"Wait: every {'other ' if s.tasks.blocked else ''}pending task waits for its next attempt"
            + (f", the first at {clock(gate.clears_at, s.now)}." if gate.clears_at is not None else ".")
        ),
        EXHAUSTED: lambda s, gate: used_up(s),
        NO_CONTACTS: _say("Import more contacts or complete the campaign: every task is over."),
        STALE: _say("Have the stuck tasks closed: they are in progress for too long, and nothing else is left."),
        **dict.fromkeys(
            ("dnc", "consent_missing", "contact_frequency_cap", "invalid_number", "timezone_missing"), _contacts
        ),
    }
)


def _later(s: Situation, d: Diagnosis) -> list[str]:
    """Gates further in that will hold the campaign once the binding one is open."""
    if d.verdict in ("finished", "dialing", "throttled"):
        return []
    others = [
        gate
        for gate in d.gates
        if gate.closed and gate.name != d.binding and not gate.passing and not gate.expected and gate.name != "tasks"
    ]
    return [f"Before it dials again: {_lower(_MOVES[gate.code](s, gate))}" for gate in others if gate.code in _MOVES]


def _lower(text: str) -> str:
    return text[0].lower() + text[1:]
