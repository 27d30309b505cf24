"""The evidence of each gate in words and numbers: what was measured, not what to do."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from types import MappingProxyType

from exporter.contract.codes import ENDED_STATUSES, OTHER
from exporter.contract.error_codes import DESTINATION, UNCODED, fault_of
from exporter.contract.wording import clock, count, duration, money, share
from exporter.diagnosis.dispatch.capacity import carriers_of, of_caps_unknown, refusal, rest_over
from exporter.diagnosis.dispatch.gate import UNKNOWN, Gate, stamp_age
from exporter.diagnosis.dispatch.gates import INNERMOST, NO_CONTACTS, STALE, UNTOLD_COST, UNTOLD_HOLDS, UNTOLD_LIST
from exporter.diagnosis.dispatch.people import UNTOLD_FREE, UNTOLD_PEOPLE, expected, hours_of
from exporter.diagnosis.dispatch.situation import Situation


def evidence(gate: Gate, s: Situation) -> str:
    """What the gate's state rests on, in one or two sentences."""
    if gate.state == UNKNOWN and gate.code in s.hidden:
        return f"Not known: row-level security hides rows of {gate.code} from the exporter."
    if gate.code == "campaign_numbers":
        return "Not known: calls were made, but no number is in the campaign's pool (campaign_numbers)."
    if gate.code in _UNTOLD:
        return f"Not known: {_UNTOLD[gate.code]}"
    if gate.state == UNKNOWN:
        return f"Not known: {_UNREADABLE.get(gate.code, gate.code)} cannot be read (see docs/contract.md)."
    if gate.name in INNERMOST and s.campaign.status in ENDED_STATUSES:
        return f"It is over; {count(s.tasks.pending, 'task')} stayed pending."
    return _SAYS[gate.name](gate, s)


_UNTOLD = {
    UNTOLD_COST: "the platform does not tell what calls cost, so how much of the budget is spent is not known.",
    UNTOLD_HOLDS: "the platform does not tell both what holds tasks (tasks.blocker) and when they are due "
    "(tasks.next_eligible_at), so whether the pending ones may be dialled is not known.",
    UNTOLD_LIST: "only who was called is known (campaigns.list_known), not who is still to be called.",
    UNTOLD_FREE: "the platform does not tell how many of the people who are logged in are free (agents.free).",
    UNTOLD_PEOPLE: "people took its calls, and no row of agents tells of any now.",
}
_UNREADABLE = {
    "status": "the status",
    "call_windows": "the campaign's call_windows",
    "timezone": "the campaign's timezone",
    "budget": "the campaign's budget",
    "credits_remaining": "the tenant's credits",
    "concurrency_limit": "the limit of calls at once",
    "calls_per_minute": "the calls a minute",
    "logged_in": "how many people are logged in",
}


def _lifecycle(gate: Gate, s: Situation) -> str:
    c = s.campaign
    match c.status:
        case "paused":
            since = f" since {clock(c.paused_at, s.now)}" if c.paused_at is not None else ""
            by = "" if gate.expected else " by the platform itself"
            return f"Paused{by}{since}: {(c.pause_reason or 'no reason is told').rstrip('.')}."
        case "scheduled":
            if c.scheduled_at is None:
                return "Scheduled; for when is not told."
            late = "" if gate.expected else f", {duration(s.now - c.scheduled_at)} ago, and it does not run"
            return f"Scheduled for {clock(c.scheduled_at, s.now)}{late}."
        case "completed" | "cancelled":
            return c.status.capitalize() + (f" at {clock(c.ended_at, s.now)}." if c.ended_at is not None else ".")
    if gate.code == "expired" and c.expires_at is not None:
        return f"It gave up at {clock(c.expires_at, s.now)}, when it expired."
    if gate.closed:
        return f"Running, but the platform stamps {_stamps(s, gate.code)}."
    return "Running."


def _audience(gate: Gate, s: Situation) -> str:
    upload = s.upload
    if upload is not None and upload.status != "imported":
        when = f" at {clock(upload.uploaded_at, s.now)}" if upload.uploaded_at is not None else ""
        return f"The newest file, {upload.filename}, is {upload.status}; it came{when}."
    if gate.closed:
        return f"The platform stamps {_stamps(s, gate.code)}." if s.tasks.total else "The campaign has no contacts."
    if not s.campaign.listed:
        return f"{count(s.tasks.total, 'contact')} called so far; the list itself is not told."
    return f"{count(s.tasks.total, 'contact')} imported."


def _money(gate: Gate, s: Situation) -> str:
    c, parts = s.campaign, []
    if c.budget is not None:
        spent = "What is spent is not told;" if s.spent is None else f"{money(s.spent, c.currency)}"
        of = (
            f"the budget is {money(c.budget, c.currency)}."
            if s.spent is None
            else f"of {money(c.budget, c.currency)} spent."
        )
        parts.append(f"{spent} {of}")
        if s.spent and s.told.cost and not s.told.whole_cost:
            parts.append("Only one part of the cost is told, of the agent or of the line.")
    if s.tenant is not None and s.tenant.credits_remaining is not None:
        parts.append(f"The tenant has {s.tenant.credits_remaining:,.2f} credits left.")
    if gate.closed and s.tasks.blocked.get(gate.code):
        parts.append(f"The platform stamps {_stamps(s, gate.code)}.")
    return " ".join(parts) or "No budget and no credits are told."


def _window(gate: Gate, s: Situation) -> str:
    schedule, zone = s.schedule, s.campaign.timezone
    assert schedule is not None, "else the gate is not known"
    if schedule.always:
        return "Always open: no call windows are told." if s.campaign.call_windows is None else "Always open."
    if schedule.never:
        return "There is no window at all."
    local = f"it is {clock(s.now, s.now, zone)}"
    change = schedule.next_change(s.now)
    if change is None:
        return f"{'Closed' if gate.closed else 'Open'}: {local}, and that does not change."
    word = "opens" if gate.closed else "closes"
    ahead = f"{word} at {clock(change, s.now, zone)}, in {duration(change - s.now)}"
    return f"{'Closed' if gate.closed else 'Open'}: {local}; {ahead}."


def _agents(gate: Gate, s: Situation) -> str:
    people = s.agents
    if people is None or people.gone:
        return f"The platform stamps {_stamps(s, gate.code)}." if gate.closed else "No people are told."
    if not people.logged_in:
        return f"Nobody is logged in{_due(gate, s)}."
    if people.away:
        why = f" ({people.pause_reason})" if people.pause_reason else ""
        who = "The one person who is logged in is" if people.logged_in == 1 else f"All {people.logged_in} people are"
        return f"{who} on a break{why}{_due(gate, s)}."
    told = ((people.free, "free"), (people.on_call, "on a call"), (people.paused, "on a break"))
    parts = ", ".join(f"{number} {what}" for number, what in told if number is not None)
    unsaid = " and ".join(what for number, what in told if number is None)
    who = "1 person is" if people.logged_in == 1 else f"{people.logged_in:,} people are"
    text = f"{who} logged in{': ' if parts else ''}{parts}."
    if unsaid:
        text += f" How many are {unsaid} is not told."
    if people.dial_ratio == 0:
        text += " They start the calls themselves."
    if gate.limit:
        text += f" {gate.used or 0:,.0f} of the {gate.limit:,.0f} calls at once that they can take are used"
        text += "; the dial ratio is not told." if people.dial_ratio is None else "."
    return text


def _due(gate: Gate, s: Situation) -> str:
    """When people are to be there, after a word on who is not."""
    people = s.agents
    assert people is not None, "else there is no word on them"
    end = people.break_ends_at
    zone = s.campaign.timezone
    if end is not None and end > s.now:
        return f"; they are to be back at {clock(end, s.now, zone)}, in {duration(end - s.now)}"
    if end is not None and not gate.expected:
        return f"; they were to be back at {clock(end, s.now, zone)}, {duration(s.now - end)} ago"
    if people.away:
        return "; until when is not told"
    hours = hours_of(s)
    if hours is None:
        return "; when somebody should be is not told"
    what, unsaid = ("a shift", "") if s.shifts is not None else ("the call window", "; shifts are not told")
    opens = hours.next_change(s.now)
    if hours.open_at(s.now):
        says = "goes on" if expected(s) else "begins or ends about now"
    elif opens is None:
        says = "never begins"
    else:
        says = f"begins at {clock(opens, s.now, zone)}, in {duration(opens - s.now)}"
    return f"; {what} {says}{unsaid}"


def _priority(gate: Gate, s: Situation) -> str:
    rivals = sorted(s.rivals, key=lambda rival: (-rival.in_progress, rival.campaign.name))
    if not rivals and gate.closed:
        return f"Stamped: {_stamps(s, gate.code)}."
    if not rivals:
        told = s.campaign.priority is not None
        return "No campaign of the tenant goes first." if told else "No priority of this campaign is told."
    names = ", ".join(
        f"{rival.campaign.name} (priority {rival.campaign.priority}, {count(rival.in_progress, 'call')}"
        + (")" if rival.ready is None else f", {rival.ready:,} ready)")
        for rival in rivals[:3]
    )
    more = f" and {len(rivals) - 3} more" if len(rivals) > 3 else ""
    return f"Before this one (priority {s.campaign.priority}) go {names}{more}."


def _slots(what: str) -> Callable[[Gate, Situation], str]:
    def says(gate: Gate, s: Situation) -> str:
        used = f"{gate.used or 0:,.0f}"
        if gate.used is None:
            text = f"How many {what} are in use is not told."
        elif gate.limit is None:
            text = f"{used} in use; no limit is told."
        else:
            text = f"{used} of {gate.limit:,.0f} {what} in use."
        stamped = f" The platform stamps {_stamps(s, gate.code)}." if gate.closed and _stamped(s, gate.code) else ""
        return text + _leaks(gate, s) + stamped

    return says


def _leaks(gate: Gate, s: Situation) -> str:
    leaked = {
        "tenant": s.tenant_leaked,
        "campaign": max(s.calls.leaked, s.tasks.stale),
        "connection": sum(carrier.leaked for carrier in carriers_of(s)),
    }.get(gate.name, 0)
    if not leaked:
        return ""
    own = s.calls.oldest if gate.name == "campaign" and s.calls.leaked else None  # the others' ages are not known
    oldest = f"; the oldest goes on for {duration(s.now - own)}" if own is not None else ""
    return f" {count(leaked, 'slot')} held for too long to be a real call{oldest}."


def _pacing(gate: Gate, s: Situation) -> str:
    if gate.limit is None:
        return "No limit of calls a minute is told."
    return f"{count(s.calls.started_last_minute, 'call')} started in the last minute; {gate.limit:g} are allowed."


def _numbers(gate: Gate, s: Situation) -> str:
    if s.pool is None:
        return f"The platform stamps {_stamps(s, gate.code)}." if gate.closed else "The numbers are not told."
    if not s.pool:
        return "No number is in the pool."
    refused = Counter(each[0] for each in (refusal(line, s) for line in s.pool) if each is not None)
    words = ", ".join(f"{number} {_REFUSED.get(code, code)}" for code, number in refused.most_common())
    stamped = f" The platform stamps {_stamps(s, gate.code)}." if gate.closed and not refused else ""
    usable = len(s.pool) - sum(refused.values())
    over = rest_over(s)
    if over is not None:
        stamped = f" The last of their rests ended {duration(s.now - over)} ago.{stamped}"
    if any(of_caps_unknown(line, s) for line in s.pool):
        stamped = f" Whether they are at their daily caps is not told.{stamped}"
    return f"{usable} of {count(len(s.pool), 'number')} can be used" + (f"; {words}." if words else ".") + stamped


_REFUSED = {
    "number_daily_cap": "at the daily cap",
    "number_cooldown": "resting",
    "number_flagged": "flagged as spam",
    "pool_exhausted": "released",
    OTHER: "in a state that is not known",
}


def _provider(gate: Gate, s: Situation) -> str:
    settled = s.calls.settled
    errors = sorted(s.calls.errors.items(), key=lambda item: (-item[1], item[0]))
    stamped = f" The platform stamps {_stamps(s, gate.code)}." if gate.closed and _stamped(s, gate.code) else ""
    if not errors:
        return (f"No call of the last {settled:,} failed." if settled else "No call lately.") + stamped
    its = [each for each in errors if fault_of(each[0][1]) != DESTINATION]
    others = [each for each in errors if each not in its]
    if its:
        (name, code), worst = its[0]
        of = f" of {name}" if name else ""
        total = sum(number for _, number in its)
        how = "without an error code, so why is not known" if code == UNCODED else f"with {code}{of}"
        text = f"{total} of the last {count(settled, 'call')} failed ({share(total, settled)}), {worst} {how}."
    else:
        text = f"No call of the last {settled:,} failed for the provider's fault."
    if others:
        total = sum(number for _, number in others)
        more = " more" if its else ""
        text += f" {total}{more} for the number that was called, most with {others[0][0][1]}."
    return text + stamped


def _retry(_: Gate, s: Situation) -> str:
    if not s.tasks.due_told:
        return "When pending tasks are due is not told."
    text = f"{s.tasks.waiting:,} of {count(s.tasks.pending, 'pending task')} wait for the time of their next attempt"
    if s.tasks.waiting and s.tasks.next_due is not None:
        text += f", the next at {clock(s.tasks.next_due, s.now)}, in {duration(s.tasks.next_due - s.now)}"
    return text + "."


def _tasks(gate: Gate, s: Situation) -> str:
    if gate.code == NO_CONTACTS:
        return f"Every task of {s.tasks.total:,} is over." if s.tasks.total else "There is no task."
    if gate.code == STALE:
        return f"{count(s.tasks.stale, 'task')} in progress for too long, and nothing is pending."
    held = sorted(s.tasks.blocked.items(), key=lambda item: (-item[1], item[0]))
    words = ", ".join(f"{number:,} {code}" for code, number in held[:4])
    ready = f"{count(s.tasks.ready, 'task')} ready"
    if s.tasks.ready and s.tasks.oldest_ready is not None:
        ready += f", the oldest for {duration(s.now - s.tasks.oldest_ready)}"
    return f"{ready}; held: {words}." if words else f"{ready}; none is held."


def _stamped(s: Situation, code: str) -> int:
    return s.tasks.blocked.get(code, 0)


def _stamps(s: Situation, code: str) -> str:
    age = stamp_age(s, code)
    when = f", the last time {duration(age)} ago" if age is not None else ""
    return f"{code} on {count(_stamped(s, code), 'task')}{when}"


_SAYS: Mapping[str, Callable[[Gate, Situation], str]] = MappingProxyType(
    {
        "lifecycle": _lifecycle,
        "audience": _audience,
        "money": _money,
        "window": _window,
        "agents": _agents,
        "priority": _priority,
        "tenant": _slots("slots of the tenant"),
        "campaign": _slots("slots of the campaign"),
        "pacing": _pacing,
        "connection": _slots("channels of its connections"),
        "numbers": _numbers,
        "provider": _provider,
        "retry": _retry,
        "tasks": _tasks,
    }
)
