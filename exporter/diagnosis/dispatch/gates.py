"""The gates a call must pass, from the outermost in: each open, closed or unknown, with its numbers."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType

from exporter.contract.codes import BLOCKERS, ENDED_STATUSES, EXHAUSTED, NO_AGENT
from exporter.contract.error_codes import DESTINATION, THROTTLED, fault_of
from exporter.diagnosis.dispatch.capacity import (
    campaign,
    connection,
    numbers,
    pacing,
    priority,
    tenant,
)
from exporter.diagnosis.dispatch.gate import (
    CLOSED,
    QUIET_SECONDS,
    UNKNOWN,
    Gate,
    age,
    ahead,
    is_much,
    reported,
)
from exporter.diagnosis.dispatch.people import agents
from exporter.diagnosis.dispatch.situation import Situation

IMPORT_SECONDS = 900.0
"""A list that is not imported after this long is stuck; imports take seconds to minutes."""

START_SECONDS = 300.0
"""A campaign that is not running so long after its time needs somebody."""

MIN_CALLS = 10
"""Fewer recent calls say nothing about a provider (domain: rates need a minimum sample)."""

FAILING, IMPAIRED = 0.8, 0.3
"""Shares of recent calls that the provider failed: nothing gets through, or less than should."""

NO_CONTACTS = "no_contacts"
"""Our own name for a campaign in which every task is over."""

STALE = "stale_in_progress"
"""Our own name for tasks that are in progress for too long to be."""


UNTOLD_COST, UNTOLD_HOLDS, UNTOLD_LIST = "cost_not_told", "holds_not_told", "list_not_told"
"""Our own names for what the platform does not tell: what calls cost; what holds tasks and when they are due; who is
still to be called."""


def lifecycle(s: Situation) -> Gate:
    """Is the campaign running?"""
    campaign = s.campaign
    match campaign.status:
        case "running":
            if code := reported(s, "circuit_breaker_open"):
                return Gate("lifecycle", CLOSED, code)
            if campaign.expires_at is not None and campaign.expires_at <= s.now:
                return Gate("lifecycle", CLOSED, "expired", expected=True)
            return Gate("lifecycle")
        case "paused":
            # what a person stopped, a person watches; what stopped by itself, nobody may know of
            return Gate("lifecycle", CLOSED, "campaign_paused", expected=not campaign.paused_by_itself)
        case "scheduled":
            if "scheduled_at" in campaign.broken:
                return Gate("lifecycle", UNKNOWN, "scheduled_at")
            late = campaign.scheduled_at is not None and s.now - campaign.scheduled_at > START_SECONDS
            return Gate(
                "lifecycle", CLOSED, "not_started", expected=not late, clears_at=ahead(s, campaign.scheduled_at)
            )
        case status if status in ENDED_STATUSES:
            return Gate("lifecycle", CLOSED, status, expected=True)
    return Gate("lifecycle", UNKNOWN, "status")


def audience(s: Situation) -> Gate:
    """Is the list imported?"""
    code = "audience_not_ready"
    if reported(s, code):
        importing = s.upload is not None and s.upload.status in ("staged", "processing")
        return Gate("audience", CLOSED, code, expected=importing and age(s, s.upload_time) < IMPORT_SECONDS)
    if s.tasks.live or s.campaign.status != "running":
        return Gate("audience")
    if s.upload is not None and s.upload.status == "failed":
        return Gate("audience", CLOSED, code)
    if s.upload is not None and s.upload.status in ("staged", "processing"):
        return Gate("audience", CLOSED, code, expected=age(s, s.upload_time) < IMPORT_SECONDS)
    if not s.campaign.listed:
        return Gate("audience", told=False)
    if not s.tasks.total:
        return Gate("audience", CLOSED, code, expected=age(s, s.campaign.started_at) < IMPORT_SECONDS)
    return Gate("audience")


def money(s: Situation) -> Gate:
    """Is there budget, and are there credits? Counts money."""
    budget = s.campaign.budget
    credits_left = s.tenant.credits_remaining if s.tenant else None
    spent = s.spent if budget is not None else None
    if budget is not None and (spent or 0.0) >= budget:  # of nothing, nothing can be spent, whatever that is
        return Gate("money", CLOSED, "budget_exhausted", limit=budget, used=spent)
    if credits_left is not None and credits_left <= 0:
        return Gate("money", CLOSED, "credits_exhausted", limit=budget, used=spent)
    if code := reported(s, "budget_exhausted", "credits_exhausted"):
        return Gate("money", CLOSED, code, limit=budget, used=spent)
    if "budget" in s.campaign.broken or (s.tenant and "credits_remaining" in s.tenant.broken):
        return Gate("money", UNKNOWN, "budget" if "budget" in s.campaign.broken else "credits_remaining")
    if budget is not None and spent is None:
        return Gate("money", UNKNOWN, UNTOLD_COST, limit=budget)
    return Gate("money", limit=budget, used=spent)


def window(s: Situation) -> Gate:
    """Is it within the campaign's call windows?"""
    schedule = s.schedule
    if schedule is None:
        return Gate("window", UNKNOWN, "call_windows" if "call_windows" in s.campaign.broken else "timezone")
    if schedule.never:
        return Gate("window", CLOSED, "no_window_enabled")
    if schedule.open_at(s.now):
        return Gate("window", clears_at=None)
    opens = schedule.next_change(s.now)
    expires = s.campaign.expires_at
    if expires is not None and (opens is None or expires <= opens):
        # It dialled, and its last window has passed: it ends as planned. One that never could needs somebody.
        return Gate("window", CLOSED, "outside_call_window", expected=s.usual.settled > 0)
    return Gate("window", CLOSED, "outside_call_window", expected=opens is not None, clears_at=opens)


def provider(s: Situation) -> Gate:
    """Do calls get through? Counts recent calls: `limit` those that are over, `used` those that the provider failed."""
    faults: dict[str, int] = {}
    for (_, code), count in s.calls.errors.items():
        fault = fault_of(code)
        if fault != DESTINATION:
            faults[fault] = faults.get(fault, 0) + count
    failed, settled = sum(faults.values()), s.calls.settled
    worst = max(sorted(faults), key=faults.__getitem__) if faults else ""
    share = failed / settled if settled >= MIN_CALLS else 0.0
    stamped = reported(s, "provider_auth", "network_blocked", "provider_throttled", "provider_error")
    # Where few calls are made, the good ones of before are still in the sample when all of the newest failed.
    bad = failed >= 3 and (failed >= IMPAIRED * settled or s.calls.failed_in_a_row >= 3)
    dead = share >= FAILING or min(failed, s.calls.failed_in_a_row) >= MIN_CALLS
    if dead or (stamped and (bad or s.quiet_for >= QUIET_SECONDS)):
        return Gate("provider", CLOSED, worst if dead else stamped or worst, limit=settled, used=failed)
    if share >= IMPAIRED and worst == THROTTLED:
        return Gate("provider", CLOSED, worst, passing=True, limit=settled, used=failed)
    return Gate("provider", limit=settled, used=failed)


def retry(s: Situation) -> Gate:
    """Is anything eligible? Counts tasks: those pending, and those that wait for their time."""
    t = s.tasks
    # What is due is but the usual flaws of a list: the retries are what to wait for.
    flaws = not t.ready and t.held.keys() <= _OF_CONTACTS and sum(t.held.values()) <= t.waiting
    if t.waiting and (t.waiting == t.pending - t.exhausted or flaws):
        return Gate("retry", CLOSED, "retry_wait", True, False, t.pending, t.waiting, t.next_due)
    return Gate("retry", limit=t.pending, used=t.waiting)


def tasks(s: Situation) -> Gate:
    """Is a task left that nothing of its own holds? Counts tasks: those eligible, and those that carry a blocker."""
    t = s.tasks
    held = {code: count for code, count in t.blocked.items() if code not in _OF_GATES}
    eligible, holding = t.ready + sum(t.blocked.values()), sum(held.values())
    if not s.campaign.listed:
        return Gate("tasks", UNKNOWN, UNTOLD_LIST)
    if t.ready and not t.told:
        return Gate("tasks", UNKNOWN, UNTOLD_HOLDS, limit=eligible, used=holding)
    if not t.live:
        return Gate("tasks", CLOSED, NO_CONTACTS, True, False, 0, 0)
    if not t.pending and t.stale == t.in_progress:
        return Gate("tasks", CLOSED, STALE, limit=t.in_progress, used=t.stale)
    if s.lasting_ready or t.ready > holding or claimed(s) or not held:
        return Gate("tasks", limit=eligible, used=holding)
    person = {code: count for code, count in held.items() if needs_person(code)}
    stuck = {**person, EXHAUSTED: t.exhausted} if t.exhausted else person
    # Nobody will dial what has used its attempts, and nothing but that is left: the campaign never ends by itself.
    left = t.exhausted > 0 and sum(stuck.values()) == t.pending and t.stale == t.in_progress
    act = left or is_much(sum(person.values()), t.total)
    codes = stuck if act else held
    worst = max(sorted(codes), key=codes.__getitem__)
    return Gate("tasks", CLOSED, worst, not act, False, eligible, holding, t.next_due)


_OF_CONTACTS = frozenset(
    {
        "invalid_number",
        "timezone_missing",
        "dnc",
        "consent_missing",
        "contact_frequency_cap",
        "outside_call_window",
        "number_cooldown",
        "number_daily_cap",
    }
)
"""Codes that say something about one contact, or about the number it is bound to."""

_OF_GATES = frozenset(
    {
        "campaign_paused",
        "not_started",
        "no_window_enabled",
        "campaign_concurrency",
        "tenant_concurrency",
        "connection_limit",
        "higher_priority_campaign",
        NO_AGENT,
    }
)
"""Codes of gates that we see ourselves: on a task they say that it waits at that gate, and hold it no longer."""


def claimed(s: Situation) -> int:
    """Pending tasks that would be ready but for a gate that we see ourselves."""
    return sum(count for code, count in s.tasks.blocked.items() if code in _OF_GATES)


def needs_person(code: str) -> bool:
    """Whether a task with this blocker waits for a person; the others' gates open by themselves or are ours to see."""
    known = BLOCKERS.get(code)
    return known is None or known.group in _PERSONAL or code == "no_country_match"


_PERSONAL = frozenset({"audience", "compliance"})

GATES: Mapping[str, Callable[[Situation], Gate]] = MappingProxyType(
    {
        gate.__name__: gate
        for gate in (
            lifecycle, audience, money, window, agents, priority, tenant, campaign, pacing, connection, numbers,
            provider, retry, tasks,
        )
    }
)  # fmt: skip
"""All gates in their order; what a gate counts is calls at once, unless it says otherwise."""

SEES: Mapping[str, frozenset[str]] = MappingProxyType(
    {
        gate: frozenset(relations.split())
        for gate, relations in {
            "audience": "tasks audience_uploads",
            "money": "calls tenants",
            "agents": "agents calls",
            "priority": "campaigns calls tenants",
            "tenant": "campaigns calls tenants",
            "campaign": "calls tasks",
            "pacing": "calls",
            "connection": "campaigns calls connections numbers campaign_numbers",
            "numbers": "campaigns calls numbers campaign_numbers",
            "provider": "calls",
            "retry": "tasks",
            "tasks": "tasks",
        }.items()
    }
)
"""The relations without which it is not known whether a gate is open; of others' campaigns, where they share it."""


def look(name: str, s: Situation) -> Gate:
    """The gate of that name, which is not known where rows are hidden that it rests on."""
    unseen = s.hidden & SEES.get(name, frozenset())
    return Gate(name, UNKNOWN, min(unseen)) if unseen else GATES[name](s)


SURE = ("lifecycle", "audience", "money", "window")
"""Gates that are open or closed for certain: no rate and no queue is behind them."""

INNERMOST = ("retry", "tasks")
"""Gates that say whether there is anything to dial, whoever may dial it."""
