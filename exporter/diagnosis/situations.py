"""Puts together what is known of a campaign, from the ledger's totals, the small relations and the use of tenants."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from exporter.contract.codes import FINISHED_TASK_STATUSES, OTHER, READY, RETRY_WAIT
from exporter.diagnosis.abandonment import Period, period_of
from exporter.diagnosis.dispatch.situation import Carrier, Line, Rival, Situation, Tasks, Usual
from exporter.diagnosis.recent_calls import Recent
from exporter.diagnosis.usage import Usage
from exporter.ledger.ledger import Ledger
from exporter.ledger.totals import count_of, earliest, unpack_key
from exporter.source.columns import LATE_SECONDS, MICRO, WORD_BUCKETS
from exporter.source.entities import Number, PoolEntry, Tenant, Trunk
from exporter.source.platform import Platform
from exporter.source.told import Told


@dataclass(slots=True)
class TenantState:
    """What the campaigns of a tenant share."""

    tenant: Tenant | None
    in_progress: int = 0
    leaked: int = 0
    lines: dict[str, Line] = field(default_factory=dict)
    carriers: dict[str, Carrier] = field(default_factory=dict)
    rivals: list[Rival] = field(default_factory=list)
    """Its running campaigns that have a priority and dial or could."""
    _above: dict[int, tuple[Rival, ...]] = field(default_factory=dict)

    def above(self, priority: int | None) -> tuple[Rival, ...]:
        """The rivals that go before a campaign of this priority."""
        if priority is None:
            return ()
        if priority not in self._above:
            self._above[priority] = tuple(each for each in self.rivals if (each.campaign.priority or 0) > priority)
        return self._above[priority]


class Assembler:
    """Situations of one refresh after the other; what did not change is the same object again."""

    def __init__(self) -> None:
        self._lines: dict[str, dict[str, Line]] = {}

    def tenant(
        self,
        tenant_id: str,
        platform: Platform,
        owned: Mapping[str, Sequence[object]],
        usage: Usage,
        recent: Recent,
        ledger: Ledger,
        campaigns: Iterable[str],
    ) -> TenantState:
        """What a tenant's campaigns share. `owned`: its numbers and connections."""
        state = TenantState(platform.tenants.get(tenant_id), usage.in_progress[tenant_id])
        told = usage.tells_numbers(tenant_id) and bool(platform.numbers)
        going = usage.by_number.get(tenant_id, Counter())
        today = usage.today.get(tenant_id, Counter())
        before = self._lines.get(tenant_id, {})
        self._lines[tenant_id] = state.lines
        carried: Counter[str] = Counter()
        leaked: Counter[str] = Counter()
        for number in owned.get("numbers", ()):
            assert isinstance(number, Number)
            name = number.number_id
            used = (today[name], going[name]) if told else (None, None)
            line = before.get(name)
            if line is None or line.number is not number or (line.today, line.in_progress) != used:
                line = Line(number, *used)
            state.lines[name] = line
            if number.connection_id is not None:
                carried[number.connection_id] += line.in_progress or 0
                leaked[number.connection_id] += recent.leaked_by_number.get(name, 0)
        for trunk in owned.get("connections", ()):
            assert isinstance(trunk, Trunk)
            name = trunk.connection_id
            state.carriers[name] = Carrier(trunk, carried[name] if told else None, leaked[name])
        state.leaked = sum(recent.leaked(ledger.campaign(campaign)) for campaign in campaigns)
        return state

    def situation(
        self,
        key: str,
        ledger: Ledger,
        platform: Platform,
        state: TenantState,
        recent: Recent,
        tasks: Tasks,
        now: float,
        tomorrow: float | None,
        *,
        dated: bool = True,
    ) -> Situation:
        """Everything the diagnosis judges by, of one campaign."""
        campaign = platform.campaigns[key]
        told = ledger.told(key)
        in_progress, usual = _called(ledger, key, told.cost)
        number = ledger.campaign(key)
        return Situation(
            now=now,
            campaign=campaign,
            schedule=platform.schedules.get(key),
            tasks=tasks,
            calls=recent.calls(number, in_progress),
            usual=usual,
            tenant=state.tenant,
            tenant_in_progress=state.in_progress,
            tenant_leaked=state.leaked,
            tomorrow=tomorrow,
            pool=_pool(platform.pools.get(key, ()), state) if platform.has_pools else None,
            carriers=state.carriers,
            rivals=state.above(campaign.priority),
            agents=platform.agents.get(key),
            shifts=platform.shifts.get(key),
            upload=platform.uploads.get(key),
            spent=usual.cost if usual.settled else usual.cost or 0.0,
            told=told,
            abandonment=_abandonment(ledger, key, told, campaign.started_at, now),
            outside_window=_outside(ledger, key) if ledger.available.has("campaigns", "call_windows") else None,
            hidden=ledger.hidden,
            dated=dated,
        )


def tasks_of(ledger: Ledger, key: str) -> Tasks:
    """A campaign's tasks, but for when the next one is due."""
    statuses, codes = ledger.vocabulary.of("status"), ledger.vocabulary.of("effective")
    assert statuses is not None
    assert codes is not None
    by_status = {
        statuses.labels[unpack_key(cell)[0]]: counted[0] for cell, counted in ledger.cells("tasks", key).items()
    }
    blocked: dict[str, int] = {}
    waiting = ready = 0
    for cell, counted in ledger.cells("waiting", key).items():
        code, count = codes.labels[unpack_key(cell)[0]], counted[0]
        if code == READY:
            ready += count
        elif code == RETRY_WAIT:
            waiting += count
        else:
            blocked[code] = blocked.get(code, 0) + count
    oldest = earliest(ledger.cells("ready", key))
    stale, untouched = ledger.cell("stale", key), ledger.cell("untouched", key)
    pending, in_progress = by_status.pop("pending", 0), by_status.pop("in_progress", 0)
    return Tasks(
        pending=pending,
        in_progress=in_progress,
        over=sum(by_status.values()),
        untouched=untouched[0] if untouched else 0,
        finished=sum(by_status.get(status, 0) for status in FINISHED_TASK_STATUSES),
        blocked=blocked,
        waiting=waiting,
        ready=ready,
        oldest_ready=None if oldest is None else oldest * 60.0,
        stale=stale[0] if stale else 0,
        holds_told=ledger.available.has("tasks", "blocker"),
        due_told=ledger.available.has("tasks", "next_eligible_at"),
    )


def _called(ledger: Ledger, key: str, cost_told: bool) -> tuple[int, Usual]:
    """Calls in progress, and all those that are over with what all cost."""
    outcomes = ledger.vocabulary.of("outcome")
    assert outcomes is not None
    running, answered = outcomes.label_number("in_progress"), outcomes.label_number("answered")
    nobody, failure = outcomes.label_number("abandoned"), outcomes.label_number("failed")
    unknown = outcomes.label_number(OTHER)
    going = over = answers = abandoned = failed = unplaced = micro = 0
    for cell, (count, ai, telephony) in ledger.cells("attempts", key).items():
        outcome = unpack_key(cell)[1]
        micro += ai + telephony
        if outcome == running:
            going += count
            continue
        over += count
        if outcome == answered:
            answers += count
        elif outcome == nobody:
            abandoned += count
        elif outcome == failure:
            failed += count
        elif outcome == unknown:
            unplaced += count
    told = "first_words" in ledger.projections
    spoken = ledger.cells("first_words", key) if told else {}
    words = {unpack_key(cell)[0]: count for cell, (count, _) in spoken.items()}
    late = sum(count for bucket, count in words.items() if bucket > WORD_BUCKETS.index(LATE_SECONDS))
    cost = micro / MICRO if cost_told else None
    return going, Usual(over, answers, cost, abandoned, sum(words.values()), late, failed, unplaced)


def _pool(entries: Iterable[PoolEntry], state: TenantState) -> tuple[Line, ...]:
    """The numbers that may be picked: a weight of zero takes one out of the pool."""
    return tuple(state.lines[e.number_id] for e in entries if e.weight != 0 and e.number_id in state.lines)


def _abandonment(ledger: Ledger, key: str, told: Told, started_at: float | None, now: float) -> Period | None:
    projection = ledger.projections.get("heard_days")
    if projection is None or not told.has("calls", *projection.needs):
        return None
    cells = ledger.cells("heard_days", key)
    days = {unpack_key(cell)[0]: (count, micro // MICRO) for cell, (count, micro) in cells.items()}
    return period_of(days, started_at, now)


def _outside(ledger: Ledger, key: str) -> int:
    today = ledger.calls.today(key)
    return 0 if today is None else count_of(ledger.cells("outside_today", key), today)
