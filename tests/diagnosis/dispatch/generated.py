"""Situations of all kinds, absurd ones included, and how to take away what makes a gate bind."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace

from hypothesis import strategies as st

from exporter.calendar.call_windows import Schedule
from exporter.contract.codes import (
    BLOCKERS,
    CAMPAIGN_STATUSES,
    NUMBER_STATUSES,
    OTHER,
    UPLOAD_STATUSES,
)
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
from exporter.source.told import NOTHING_TOLD
from tests.diagnosis.dispatch.situations import (
    ALWAYS,
    DAY,
    EVERYTHING,
    HOUR,
    NOW,
    campaign,
    line,
    schedule,
    silence,
    situation,
    tasks,
    tenant,
    window,
)

LIMITS = st.one_of(st.none(), st.integers(-2, 12), st.sampled_from([100, 2**63]))
COUNTS = st.one_of(st.integers(0, 12), st.sampled_from([0, 19, 20, 500, 50_000]))
MONEY = st.one_of(st.none(), st.sampled_from([-5.0, 0.0, 1e-9, 10.0, 1e300]))
AGES = st.sampled_from([-HOUR, 0.0, 5.0, 14.0, 16.0, 59.0, 61.0, 90.0, 119.0, 121.0, 200.0, 1000.0, HOUR, 3 * DAY])
CODES = st.sampled_from([*(code for code in BLOCKERS if code != "retry_wait"), "quota_hold_v2", OTHER])
TIMES = st.one_of(st.none(), st.sampled_from([60.0, 119.0, 121.0, HOUR, 9 * DAY]).map(lambda after: NOW + after))
PAST = st.one_of(st.none(), AGES.map(lambda age: NOW - age))
NAMES = st.sampled_from(["Renewals", "<b>Solar</b>", "\u05d7\u05d2 {x} %s", ""])


def broken(*columns: str) -> st.SearchStrategy[frozenset[str]]:
    return st.one_of(st.just(frozenset[str]()), st.frozensets(st.sampled_from(columns)))


CAMPAIGNS: st.SearchStrategy[Campaign] = st.builds(
    campaign,
    name=NAMES,
    status=st.sampled_from(["running"] * 6 + [*CAMPAIGN_STATUSES, OTHER]),
    priority=st.one_of(st.none(), st.integers(-1, 9)),
    scheduled_at=st.one_of(PAST, TIMES),
    started_at=PAST,
    paused_at=PAST,
    pause_reason=st.one_of(st.none(), NAMES),
    paused_by=st.sampled_from([None, "anna", "platform"]),
    ended_at=PAST,
    timezone=st.sampled_from([None, "UTC", "Australia/Sydney", "Nowhere/Atlantis"]),
    expires_at=st.one_of(st.none(), st.none(), PAST, TIMES),
    concurrency_limit=LIMITS,
    calls_per_minute=st.one_of(st.none(), st.none(), st.sampled_from([-1.0, 0.0, 0.2, 0.9, 1.0, 1.5, 4.0, 1e300])),
    currency=st.one_of(st.none(), st.just("EUR")),
    budget=st.one_of(st.none(), MONEY),
    broken=broken("status", "concurrency_limit", "calls_per_minute", "budget", "call_windows"),
)
TENANTS: st.SearchStrategy[Tenant | None] = st.one_of(
    st.none(),
    st.builds(
        tenant,
        concurrency_limit=LIMITS,
        credits_remaining=MONEY,
        broken=broken("concurrency_limit", "credits_remaining"),
    ),
)
CONNECTIONS = ("c1", "c2")
LINES: st.SearchStrategy[Line] = st.builds(
    lambda number, today, going: Line(number, today, going),
    st.builds(
        Number,
        number_id=st.sampled_from(["n1", "n2", "n3"]),
        tenant_id=st.just("1"),
        connection_id=st.sampled_from([None, "c1", "c2", "gone"]),
        phone=st.just("+49 30 1"),
        label=st.none(),
        country=st.none(),
        status=st.sampled_from(["active"] * 4 + [*NUMBER_STATUSES, OTHER]),
        daily_cap=st.one_of(st.none(), st.none(), st.sampled_from([0, 1, 80])),
        cooldown_until=st.one_of(st.none(), PAST, TIMES),
    ),
    st.sampled_from([None, 0, 1, 79, 80, 500]),
    st.one_of(st.none(), st.integers(0, 5)),
)
CARRIERS: st.SearchStrategy[Mapping[str, Carrier]] = st.dictionaries(
    st.sampled_from(CONNECTIONS),
    st.builds(
        lambda limit, bad, going, leaked: Carrier(Trunk("c", "1", "tellus", limit, None, bad), going, leaked),
        LIMITS,
        broken("concurrency_limit"),
        st.one_of(st.none(), COUNTS),
        st.integers(0, 12),
    ),
)
ERRORS = st.dictionaries(
    st.tuples(
        st.sampled_from(["", "tellus", "carrierone"]),
        st.sampled_from(["sip_503", "sip_429", "sip_403", "network_unreachable", "sip_404", ""]),
    ),
    st.integers(1, 15),
    max_size=4,
)
UPLOADS: st.SearchStrategy[Upload | None] = st.one_of(
    st.none(),
    st.builds(
        Upload,
        upload_id=st.just("u"),
        campaign_id=st.just("7"),
        filename=NAMES,
        size_bytes=st.none(),
        rows_total=st.one_of(st.none(), COUNTS),
        rows_accepted=st.one_of(st.none(), COUNTS),
        rows_rejected=st.one_of(st.none(), COUNTS),
        status=st.sampled_from([*UPLOAD_STATUSES, OTHER]),
        uploaded_at=PAST,
    ),
)
SCHEDULES: st.SearchStrategy[Schedule | None] = st.sampled_from(
    [
        ALWAYS,
        ALWAYS,
        ALWAYS,
        None,
        schedule(),
        schedule(window("14:00", "18:00")),
        schedule(window("22:00", "13:00"), name="Asia/Kathmandu"),
        schedule(window("12:01", "12:02")),
    ]
)


@st.composite
def some_tasks(draw: st.DrawFn) -> Tasks:
    """Counts that sum to pending, as the ledger's do."""
    blocked = draw(st.dictionaries(CODES, COUNTS.filter(bool), max_size=3))
    ready, waiting, going = draw(COUNTS), draw(COUNTS), draw(COUNTS)
    return Tasks(
        pending=ready + waiting + sum(blocked.values()),
        in_progress=going,
        over=draw(COUNTS),
        blocked=blocked,
        waiting=waiting,
        ready=ready,
        next_due=draw(TIMES) if waiting else None,
        oldest_ready=draw(PAST) if ready else None,
        stale=draw(st.integers(0, going)),
        holds_told=draw(st.sampled_from([True, True, False])),
        due_told=draw(st.sampled_from([True, True, False])),
    )


@st.composite
def some_calls(draw: st.DrawFn) -> Calls:
    going = draw(COUNTS)
    failed: dict[tuple[str, str], int] = draw(st.one_of(st.just({}), ERRORS))
    return Calls(
        in_progress=going,
        leaked=draw(st.integers(0, going)),
        oldest=draw(PAST) if going else None,
        last_start=draw(PAST),
        started_last_minute=draw(st.integers(0, 6)),
        settled=draw(COUNTS),
        errors=failed,
        failed_in_a_row=draw(st.integers(0, sum(failed.values()))),
    )


LATELY = st.builds(
    Lately,
    settled=COUNTS,
    answered=COUNTS,
    silent=st.one_of(st.none(), COUNTS),
    heard=COUNTS,
    short=st.one_of(st.none(), COUNTS),
    scored=COUNTS,
    negative=COUNTS,
    cost=st.sampled_from([None, 0.0, 5.0]),
    by_number=st.dictionaries(st.sampled_from(["n1", "n2", "n3"]), st.tuples(st.integers(0, 90), st.integers(0, 90))),
)
HEADS = st.one_of(st.none(), st.integers(0, 6))
AGENTS: st.SearchStrategy[Agents | None] = st.one_of(
    st.none(),
    st.builds(
        Agents,
        campaign_id=st.just("7"),
        logged_in=st.one_of(st.none(), st.integers(0, 6)),
        free=HEADS,
        on_call=HEADS,
        paused=HEADS,
        pause_reason=st.one_of(st.none(), NAMES),
        break_ends_at=st.one_of(st.none(), PAST, TIMES),
        shifts=st.none(),
        dial_ratio=st.sampled_from([None, 0.0, 0.5, 1.0, 3.0, 1e300]),
        broken=broken("shifts", "free", "logged_in"),
    ),
)
ODD: Mapping[str, st.SearchStrategy[object]] = {
    "campaign": CAMPAIGNS,
    "schedule": SCHEDULES,
    "tasks": some_tasks(),
    "calls": some_calls(),
    "lately": LATELY,
    "usual": st.builds(Usual, COUNTS, COUNTS, st.sampled_from([None, 0.0, 5.0])),
    "tenant": TENANTS,
    "tenant_in_progress": COUNTS,
    "tenant_leaked": st.integers(0, 12),
    "tomorrow": TIMES,
    "pool": st.one_of(st.none(), st.lists(LINES, max_size=3, unique_by=lambda each: each.number.number_id).map(tuple)),
    "carriers": CARRIERS,
    "rivals": st.lists(st.builds(Rival, CAMPAIGNS, st.integers(0, 12), COUNTS), max_size=2).map(tuple),
    "agents": AGENTS,
    "shifts": SCHEDULES,
    "upload": UPLOADS,
    "spent": st.sampled_from([None, -1.0, 0.0, 5.0, 1e12]),
    "outside_window": st.one_of(st.none(), st.integers(0, 2)),
    "told": st.sampled_from([EVERYTHING, NOTHING_TOLD]),
}
"""What each part of a situation may be."""

SILENT: Mapping[str, object] = {
    "calls": silence(),
    "tasks": tasks(in_progress=0, ready_for=HOUR),
    "tenant_in_progress": 0,
}


@st.composite
def some_situations(draw: st.DrawFn) -> Situation:
    """The healthy campaign, dialling or silent, with some parts that are not."""
    usual: dict[str, object] = draw(st.sampled_from([{}, SILENT]))
    odd = draw(st.sets(st.sampled_from(sorted(ODD)), max_size=8))
    return situation(**{**usual, **{name: draw(ODD[name]) for name in sorted(odd)}})


SITUATIONS = some_situations()


def _released(s: Situation, *codes: str) -> Situation:
    """Tasks that carried one of these are ready."""
    t = s.tasks
    freed = sum(t.blocked.get(code, 0) for code in codes)
    kept = {code: count for code, count in t.blocked.items() if code not in codes}
    oldest = t.oldest_ready if t.ready or not freed else s.now
    return replace(s, tasks=replace(t, blocked=kept, ready=t.ready + freed, oldest_ready=oldest))


def _without(s: Situation, column: str, **values: object) -> Situation:
    """The campaign with these values, and that column readable."""
    changed = replace(s.campaign, **values, broken=s.campaign.broken - {column})  # type: ignore[arg-type]
    return replace(s, campaign=changed)


def _lifecycle(s: Situation) -> Situation:
    s = _released(s, "circuit_breaker_open", "campaign_paused", "not_started")
    return _without(s, "status", status="running", expires_at=None)


def _audience(s: Situation) -> Situation:
    s = _released(s, "audience_not_ready")
    return s if s.tasks.live else replace(s, tasks=replace(s.tasks, pending=9, ready=9, oldest_ready=s.now))


def _money(s: Situation) -> Situation:
    s = _released(s, "budget_exhausted", "credits_exhausted")
    if s.tenant is not None:
        readable = s.tenant.broken - {"credits_remaining"}
        s = replace(s, tenant=replace(s.tenant, credits_remaining=None, broken=readable))
    return _without(s, "budget", budget=None)


def _window(s: Situation) -> Situation:
    return _without(replace(_released(s, "no_window_enabled"), schedule=ALWAYS), "call_windows")


def _agents(s: Situation) -> Situation:
    return replace(_released(s, "no_agent_available"), agents=None)


def _priority(s: Situation) -> Situation:
    return replace(_released(s, "higher_priority_campaign"), rivals=())


def _tenant(s: Situation) -> Situation:
    return replace(_released(s, "tenant_concurrency"), tenant=tenant(concurrency_limit=None, credits_remaining=None))


def _campaign(s: Situation) -> Situation:
    return _without(_released(s, "campaign_concurrency"), "concurrency_limit", concurrency_limit=None)


def _pacing(s: Situation) -> Situation:
    return _without(s, "calls_per_minute", calls_per_minute=None)


def _connection(s: Situation) -> Situation:
    raised = {
        name: replace(each, trunk=replace(each.trunk, concurrency_limit=None, broken=frozenset()))
        for name, each in s.carriers.items()
    }
    return replace(_released(s, "connection_limit"), carriers=raised)


def _numbers(s: Situation) -> Situation:
    s = _released(s, "pool_exhausted", "no_country_match", "number_flagged")
    return replace(s, pool=(*(s.pool or ()), line("fresh", today=0, connection_id=None)))


def _provider(s: Situation) -> Situation:
    s = _released(s, "provider_auth", "network_blocked", "provider_throttled", "provider_error")
    return replace(s, calls=replace(s.calls, errors={}))


def _retry(s: Situation) -> Situation:
    t = s.tasks
    return replace(s, tasks=replace(t, ready=t.ready + t.waiting, waiting=0, next_due=None, oldest_ready=s.now))


def _tasks(s: Situation) -> Situation:
    return _released(_audience(s), *s.tasks.blocked)


OPENED: Mapping[str, Callable[[Situation], Situation]] = {
    "lifecycle": _lifecycle,
    "audience": _audience,
    "money": _money,
    "window": _window,
    "agents": _agents,
    "priority": _priority,
    "tenant": _tenant,
    "campaign": _campaign,
    "pacing": _pacing,
    "connection": _connection,
    "numbers": _numbers,
    "provider": _provider,
    "retry": _retry,
    "tasks": _tasks,
}
"""By gate, a situation in which what makes it bind is gone."""
