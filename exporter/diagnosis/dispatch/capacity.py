"""The gates of capacity: whose slots, whose numbers, and how fast."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from exporter.calendar.call_windows import LATEST
from exporter.contract.codes import OTHER
from exporter.diagnosis.dispatch.gate import (
    CLOSED,
    OPEN,
    QUIET_SECONDS,
    UNKNOWN,
    Gate,
    ahead,
    is_much,
    reported,
)
from exporter.diagnosis.dispatch.situation import Carrier, Line, Situation

SHORT_SECONDS = 120.0
"""A number that rests for less is pacing between calls, not a state that anybody waits for."""

PACING = "pacing"
"""Our own name for a wait that has no blocker code: calls a minute."""

SLOT_GATES = ("agents", "tenant", "campaign", "pacing", "connection")
"""The gates whose room, the smallest of all, is how many calls could be started."""


def priority(s: Situation) -> Gate:
    """Does a campaign that goes first take the tenant's slots?"""
    code = "higher_priority_campaign"
    limit = s.tenant.concurrency_limit if s.tenant else None
    held = sum(rival.in_progress for rival in s.rivals)
    full = limit is not None and s.tenant_in_progress >= limit > 0
    # The platform's word alone will do while such a campaign dials, or where priorities are not told.
    in_the_way = held > 0 or s.campaign.priority is None
    if (full and 2 * held >= s.tenant_in_progress) or (in_the_way and reported(s, code)):
        return Gate("priority", CLOSED, code, passing=True)
    return Gate("priority")


def tenant(s: Situation) -> Gate:
    """Does the tenant's cap leave room?"""
    if s.tenant is None:
        return _capacity("tenant", "tenant_concurrency", s, None, s.tenant_in_progress, 0)
    if "concurrency_limit" in s.tenant.broken:
        return Gate("tenant", UNKNOWN, "concurrency_limit", used=s.tenant_in_progress)
    limit = s.tenant.concurrency_limit
    return _capacity("tenant", "tenant_concurrency", s, limit, s.tenant_in_progress, s.tenant_leaked)


def campaign(s: Situation) -> Gate:
    """Does the campaign's own limit leave room?

    A slot is held by a call that goes on, or by a task that is still in progress though its call is over: the
    larger of both counts is what is used.
    """
    used = max(s.calls.in_progress, s.tasks.in_progress)
    if "concurrency_limit" in s.campaign.broken:
        return Gate("campaign", UNKNOWN, "concurrency_limit", used=used)
    leaked = max(s.calls.leaked, s.tasks.stale)
    return _capacity("campaign", "campaign_concurrency", s, s.campaign.concurrency_limit, used, leaked)


def pacing(s: Situation) -> Gate:
    """Do the campaign's calls a minute leave room? Counts starts a minute."""
    limit = s.campaign.calls_per_minute
    if "calls_per_minute" in s.campaign.broken:
        return Gate("pacing", UNKNOWN, "calls_per_minute")
    if limit is None:
        return Gate("pacing")
    if limit <= 0:
        return Gate("pacing", CLOSED, PACING, limit=0, used=0)
    started = float(s.calls.started_last_minute)
    spacing = 60.0 / limit
    soon = None if s.calls.last_start is None else s.calls.last_start + spacing
    if soon is not None and soon >= LATEST:  # a limit so low that it is none of this world
        soon = None
    if limit < 1 and s.quiet_for < spacing:
        return Gate("pacing", CLOSED, PACING, passing=True, limit=limit, used=limit, clears_at=soon)
    full = started >= max(limit, 1.0)
    state = CLOSED if full else OPEN
    return Gate("pacing", state, PACING if full else "", passing=True, limit=limit, used=started, clears_at=None)


def connection(s: Situation) -> Gate:
    """Do the connections of the campaign's numbers leave room? Each counts once, however many numbers it has."""
    code = "connection_limit"
    lines = usable_lines(s)
    carriers = _carriers(lines, s)
    used = total = free = leaked = 0
    broken = False
    unlimited = any(line.number.connection_id is None for line in lines)
    if not carriers:
        return _capacity("connection", code, s, None, None, 0)
    for carrier in carriers:
        limit = carrier.trunk.concurrency_limit
        if carrier.in_progress is None:  # nobody tells whose channels the calls are on
            return _capacity("connection", code, s, None, None, 0)
        used += carrier.in_progress
        if limit is None:
            known = "concurrency_limit" not in carrier.trunk.broken
            broken, unlimited = broken or not known, unlimited or known
            continue
        total += limit
        free += max(0, limit - carrier.in_progress)  # one over its limit takes nothing from another's room
        leaked += min(carrier.leaked, limit)
    if broken and not unlimited and not free:
        return Gate("connection", UNKNOWN, "concurrency_limit", used=used)
    if broken or unlimited:
        return _capacity("connection", code, s, None, used, 0)
    return _capacity("connection", code, s, total, total - free, leaked)


def numbers(s: Situation) -> Gate:
    """Is there a number to call from? Counts numbers: those of the pool, and those that cannot be used now."""
    if s.pool is None:
        code = reported(s, "pool_exhausted") or _for_want_of_numbers(s)
        return Gate("numbers", CLOSED, code) if code else Gate("numbers", told=False)
    # It calls from somewhere, unless the platform says that there is nothing to call from.
    if not s.pool and s.calls.last_start is not None and not reported(s, "pool_exhausted"):
        return Gate("numbers", UNKNOWN, "campaign_numbers", limit=0, used=0)
    refused = [refusal(line, s) for line in s.pool]
    size, unusable = len(refused), sum(each is not None for each in refused)
    if size > unusable:
        # We see a number that can be used: against that, stamps count only while nothing is dialled at all.
        code = reported(s, "pool_exhausted") or _for_want_of_numbers(s)
        if code and s.quiet_for >= QUIET_SECONDS:
            return Gate("numbers", CLOSED, code, limit=size, used=unusable)
        return Gate("numbers", limit=size, used=unusable)
    known = [each for each in refused if each is not None]
    if any(code == OTHER for code, _ in known):
        return Gate("numbers", UNKNOWN, "status", limit=size, used=size)
    clearing = [(clears, code) for code, clears in known if clears is not None]
    if clearing:
        clears, code = min(clearing)
        short = clears - s.now < SHORT_SECONDS
        return Gate("numbers", CLOSED, code, not short, short, size, size, clears)
    codes = [code for code, _ in known]
    if any(line.number.daily_cap and code == "number_daily_cap" for line, code in zip(s.pool, codes, strict=True)):
        return Gate("numbers", CLOSED, "number_daily_cap", True, False, size, size)  # until a midnight we do not know
    code = max(sorted(set(codes)), key=codes.count) if codes else "pool_exhausted"
    return Gate("numbers", CLOSED, code, limit=size, used=size)


def refusal(line: Line, s: Situation) -> tuple[str, float | None] | None:
    """Why a number cannot be used, and until when if that is known; `None`: it can."""
    number = line.number
    if number.status != "active":
        rests_until = number.cooldown_until if number.status == "resting" else None
        return (_BY_STATUS.get(number.status, OTHER), ahead(s, rests_until))
    if number.daily_cap is not None and (line.today or 0) >= number.daily_cap:  # not told: none is known to be made
        return ("number_daily_cap", s.tomorrow if number.daily_cap else None)
    if number.cooldown_until is not None and number.cooldown_until > s.now:
        return ("number_cooldown", number.cooldown_until)
    return None


def of_caps_unknown(line: Line, s: Situation) -> bool:
    """Whether a number has a cap, and nobody tells how many calls it made today."""
    return line.number.daily_cap is not None and line.today is None and refusal(line, s) is None


def rest_over(s: Situation) -> float | None:
    """When the last rest ended of numbers that are marked as resting all the same; `None`: there are none."""
    ends = [line.number.cooldown_until for line in s.pool or () if line.number.status == "resting"]
    over = [end for end in ends if end is not None and end <= s.now]
    return max(over) if over and len(over) == len(ends) else None


def _for_want_of_numbers(s: Situation) -> str | None:
    """The code of most contacts that are held, where it says that no number of the pool will do for them."""
    held = s.tasks.blocked
    if not held or s.lasting_ready:
        return None
    code = max(sorted(held), key=held.__getitem__)
    fitting = code in ("no_country_match", "number_flagged") and reported(s, code) is not None
    return code if fitting and is_much(held[code], s.tasks.total) else None


_BY_STATUS = {"resting": "number_cooldown", "flagged": "number_flagged", "released": "pool_exhausted"}


def _capacity(name: str, code: str, s: Situation, limit: float | None, used: float | None, leaked: float) -> Gate:
    if limit is None or used is None:
        if reported(s, code):
            return Gate(name, CLOSED, code, passing=True, used=used)
        return Gate(name, used=used, told=used is not None)
    # Nothing will free a slot; but where calls are started all the same, the leaked ones hold none.
    if limit <= 0 or (leaked >= limit and s.quiet_for >= QUIET_SECONDS):
        return Gate(name, CLOSED, code, limit=limit, used=used)
    full = used >= limit
    return Gate(name, CLOSED if full else OPEN, code if full else "", False, full, limit, used)


def usable_lines(s: Situation) -> Sequence[Line]:
    """The numbers that can be used; all of the pool when none can."""
    pool = s.pool or ()
    return [line for line in pool if refusal(line, s) is None] or pool


def carriers_of(s: Situation) -> list[Carrier]:
    """The connections of the numbers that can be used; of all numbers when none can."""
    return _carriers(usable_lines(s), s)


def _carriers(lines: Iterable[Line], s: Situation) -> list[Carrier]:
    names = dict.fromkeys([line.number.connection_id for line in lines])
    return [s.carriers[name] for name in names if name is not None and name in s.carriers]
