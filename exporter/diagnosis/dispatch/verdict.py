"""Why is it not dialling? From what is known of a campaign to one verdict and the one gate that binds."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Any, NamedTuple
from zlib import crc32

from exporter.contract.codes import ENDED_STATUSES, blocker_group
from exporter.diagnosis.dispatch.capacity import SLOT_GATES
from exporter.diagnosis.dispatch.gate import QUIET_SECONDS, UNKNOWN, Gate, is_much
from exporter.diagnosis.dispatch.gates import GATES, INNERMOST, NO_CONTACTS, SURE, claimed, look
from exporter.diagnosis.dispatch.situation import Situation
from exporter.diagnosis.dispatch.waterfall import Step, slots_left, waterfall

VERDICTS = ("dialing", "throttled", "waiting", "blocked", "stalled", "unknown", "finished")
"""Dialling; dialling, but less than is ready; idle as expected; a person must act; every gate is open, tasks are
ready and nothing is started; something decisive cannot be read; over."""

NOTHING = "none"
"""The binding gate when none binds."""

BACKLOG_SECONDS = 120.0
"""Ready tasks that wait for less are about to be dialled."""

NEARLY_FULL = 0.15
"""A limit of which less is left counts as reached where tasks wait: slots come free and are taken by the second."""

SETTLE_SECONDS: Mapping[tuple[str, str], float] = MappingProxyType(
    {
        ("dialing", "throttled"): 60.0,
        ("throttled", "dialing"): 60.0,
        ("throttled", "throttled"): 60.0,
        ("blocked", "throttled"): 60.0,
    }
)
"""How long a new verdict must hold before it replaces another, where nothing but rates and queues tells them apart."""

PROVIDER_SECONDS = (60.0, 15.0)
"""The same where a provider's failures, a rate too, are behind it: to recover, and to be blocked."""

LOOK_AGAIN_SECONDS = 10.0
"""A live campaign is looked at this often even if nothing about it changes: silence grows by itself."""

TRICKLE = 2
"""So few calls in a quarter of an hour, where a slot came free by chance, do not end a wait for slots."""

_SHARED = ("priority", "tenant", "connection")


@dataclass(frozen=True, slots=True)
class Policy:
    """What an operator may set, in seconds."""

    stale_after: float = 1800.0
    stalled_after: float = 180.0
    starved_after: float = 900.0


DEFAULT = Policy()


class Memory(NamedTuple):
    """What the next look must know of this one. Times are seconds since 1970."""

    open_since: float | None = None
    """Since when tasks were seen that could be dialled and no outer gate closed; `None` while it is not so."""
    bound_since: float | None = None
    """Since when the same gate binds while nothing is started."""
    coming: tuple[str, str] | None = None
    """A verdict and binding gate that must hold for a while before they are shown."""
    coming_since: float = 0.0
    away_since: float | None = None
    """Since when all people who are logged in are on a break."""


@dataclass(frozen=True, slots=True)
class Diagnosis:
    """The answer. Counts are calls or tasks; times are seconds since 1970."""

    at: float
    verdict: str
    binding: str
    since: float | None
    """Since when verdict and binding gate are so, where that was told or seen; `None`: at least since `seen_since`."""
    seen_since: float
    gates: tuple[Gate, ...]
    slots: float | None
    """Calls that could be started now: an estimate; `None` where no limit is known."""
    clears_at: float | None
    waterfall: tuple[Step, ...]
    dialable: int
    next_look: float
    memory: Memory

    def gate(self, name: str) -> Gate:
        """The gate of that name."""
        return next(gate for gate in self.gates if gate.name == name)

    @property
    def code(self) -> str:
        """Why the binding gate is closed, in the contract's words; nothing where none binds."""
        return next((gate.code for gate in self.gates if gate.name == self.binding), "")

    def saved(self) -> list[Any]:
        """What the next look must know of this one, for `remembered`."""
        return [self.at, self.verdict, self.binding, self.since, self.seen_since, self.memory]


def remembered(saved: Sequence[Any]) -> Diagnosis:
    """A diagnosis of another process, as the one before the next: with nothing of what it showed."""
    at, verdict, binding, since, seen_since, (open_since, bound_since, coming, coming_since, away) = saved
    memory = Memory(open_since, bound_since, tuple(coming) if coming else None, coming_since, away)
    return Diagnosis(at, verdict, binding, since, seen_since, (), None, None, (), 0, at, memory)


def diagnose(s: Situation, before: Diagnosis | None = None, policy: Policy = DEFAULT) -> Diagnosis:
    """Judge a situation. `before` is the last diagnosis of the same campaign, for what only time can tell."""
    if s.agents is not None and s.agents.away:
        s = replace(s, away_since=_first(_last(s, before).away_since, s.now))
    gates = tuple([look(name, s) for name in GATES])
    closed = [gate for gate in gates if gate.closed]
    memory = _remember(s, closed, before)
    verdict, binding = _judge(s, gates, closed, memory, policy, before)
    verdict, binding, memory = _settled(s, verdict, binding, before, memory)
    since, seen_since = _since(s, verdict, binding, before)
    slots = slots_left(s, gates)
    steps, dialable = waterfall(s, gates, slots)
    bound = next((gate for gate in gates if gate.name == binding), None)
    return Diagnosis(
        s.now,
        verdict,
        binding,
        since,
        seen_since,
        gates,
        slots,
        bound.clears_at if bound else None,
        steps,
        dialable,
        _next_look(s, gates),
        memory,
    )


def _judge(
    s: Situation,
    gates: tuple[Gate, ...],
    closed: list[Gate],
    memory: Memory,
    policy: Policy,
    before: Diagnosis | None,
) -> tuple[str, str]:
    """Verdict and binding gate of this instant."""
    if s.campaign.status in ENDED_STATUSES:
        return "finished", NOTHING
    at_rest = s.quiet_for >= QUIET_SECONDS and s.calls.in_progress <= s.calls.leaked
    shut = [gate for gate in closed if not gate.passing and (at_rest or gate.name not in INNERMOST)]
    # What is closed as planned explains the silence, whatever else is wrong: nobody is woken for it.
    planned = (gate for gate in shut if gate.expected)
    for gate in planned:
        if not _follows(gate, shut, s) and not _passes(gate, shut, s, before):
            return "waiting", gate.name
    if gates[0].state == UNKNOWN and at_rest:  # whether it should dial at all
        return "unknown", gates[0].name
    person = next((gate for gate in shut if not gate.expected), None)
    if person is not None:
        return "blocked", person.name
    if s.hidden & {"tasks", "calls"}:  # neither that it dials nor that it does not can be told from what is left
        return "unknown", next(gate.name for gate in gates if gate.state == UNKNOWN)
    passing = [gate for gate in closed if gate.passing]
    if passing and memory.bound_since is not None:
        return _held_up(s, passing[0], memory, policy)
    if not at_rest and (s.quiet_for < QUIET_SECONDS or not s.tasks.ready):
        return _dialing(s, gates, passing)
    if passing:
        return _held_up(s, passing[0], memory, policy)
    unknown = next((gate for gate in gates if gate.state == UNKNOWN), None)
    if unknown is not None:
        return "unknown", unknown.name
    if _stands_still(s, memory, policy):
        return ("stalled" if s.dated else "unknown"), NOTHING
    return "dialing", NOTHING


def _follows(gate: Gate, shut: list[Gate], s: Situation) -> bool:
    """Whether the tasks are as they are for want of a gate that somebody must open: no list, or it is its blocker."""
    others = [other for other in shut if not other.expected and other is not gate]
    if gate.name != "tasks" or not others:
        return False
    if gate.code == NO_CONTACTS:
        return not s.tasks.total or any(other.name == "audience" for other in others)
    groups = {_group(other.code) for other in others}
    return any(_group(code) in groups for code, count in s.tasks.blocked.items() if count)


def _passes(gate: Gate, shut: list[Gate], s: Situation, before: Diagnosis | None) -> bool:
    """Whether that nothing is left to dial just now, which changes by the minute, leaves the last verdict as it was."""
    if before is None or before.at > s.now or gate.name not in INNERMOST:
        return False
    if before.verdict == "blocked":  # whoever was called is needed as long as that gate is closed
        return any(other.name == before.binding and not other.expected for other in shut)
    return s.tasks.ready > 0 and before.verdict in ("dialing", "throttled")


def _group(code: str) -> str:
    return "number" if code == "pool_exhausted" else blocker_group(code)


def _dialing(s: Situation, gates: tuple[Gate, ...], passing: list[Gate]) -> tuple[str, str]:
    """Calls are being started: as many as could be?"""
    behind = s.backlog_for >= BACKLOG_SECONDS
    tight = passing or [gate for gate in gates if _nearly_full(gate)]
    if any(gate.name == "provider" for gate in passing) or (tight and (behind or claimed(s))):
        return "throttled", tight[0].name
    return ("throttled" if behind else "dialing"), NOTHING


def _held_up(s: Situation, gate: Gate, memory: Memory, policy: Policy) -> tuple[str, str]:
    """Nothing is started, as others take all the room: for long, this is starvation."""
    since = s.now if memory.bound_since is None else memory.bound_since
    long = min(s.now - since, _waited(s)) >= policy.starved_after
    return ("blocked" if long and s.dated and gate.name in _SHARED else "throttled"), gate.name


def _stands_still(s: Situation, memory: Memory, policy: Policy) -> bool:
    """Nothing is started though it could be. A few old stamps alone are looked at again in the platform's own time."""
    silent = _silent_for(s, memory)
    if s.backlog_for >= policy.stalled_after or is_much(claimed(s), s.tasks.total):
        return silent >= policy.stalled_after
    return claimed(s) > 0 and silent >= max(policy.stalled_after, policy.starved_after)


def _silent_for(s: Situation, memory: Memory) -> float:
    """Seconds in which calls could have been started and none was."""
    return 0.0 if memory.open_since is None else min(s.quiet_for, s.now - memory.open_since)


def _waited(s: Situation) -> float:
    """Seconds that some task has been eligible; of those that carry a gate's code it is not known: for ever."""
    return float("inf") if claimed(s) else s.backlog_for


def _remember(s: Situation, closed: list[Gate], before: Diagnosis | None) -> Memory:
    last = _last(s, before)
    work = s.tasks.ready > 0 or claimed(s) > 0
    is_open = work and all(gate.name in INNERMOST for gate in closed)
    lately = s.calls.settled + s.calls.in_progress - s.calls.leaked
    quiet = work and (s.quiet_for >= QUIET_SECONDS or (last.bound_since is not None and lately <= TRICKLE))
    bound = quiet and any(gate.passing for gate in closed)
    return Memory(
        open_since=_first(last.open_since, s.now) if is_open else None,
        bound_since=_first(last.bound_since, s.now) if bound else None,
        coming=last.coming,
        coming_since=last.coming_since,
        away_since=s.away_since,
    )


def _last(s: Situation, before: Diagnosis | None) -> Memory:
    """What was remembered, which is void for a clock that was set back."""
    return before.memory if before is not None and before.at <= s.now else Memory()


def _first(known: float | None, now: float) -> float:
    return now if known is None else known


def _settled(
    s: Situation, verdict: str, binding: str, before: Diagnosis | None, memory: Memory
) -> tuple[str, str, Memory]:
    """The verdict to show: a new one that only rates and queues tell from the last must hold for a while."""

    def shown(verdict: str, binding: str, coming: tuple[str, str] | None, since: float) -> tuple[str, str, Memory]:
        return verdict, binding, memory._replace(coming=coming, coming_since=since)

    same = before is not None and before.verdict == verdict
    if before is None or before.at > s.now or (same and (verdict != "throttled" or before.binding == binding)):
        return shown(verdict, binding, None, 0.0)
    wait = SETTLE_SECONDS.get((before.verdict, verdict), 0.0)
    if verdict in ("waiting", "finished") or binding in SURE or before.binding in SURE:
        wait = 0.0
    elif "provider" in (binding, before.binding):
        wait = PROVIDER_SECONDS[verdict == "blocked"]
    since = memory.coming_since if memory.coming is not None and memory.coming[0] == verdict else s.now
    if s.now - since >= wait:
        return shown(verdict, binding, None, 0.0)
    return shown(before.verdict, before.binding, (verdict, binding), since)


def _since(s: Situation, verdict: str, binding: str, before: Diagnosis | None) -> tuple[float | None, float]:
    """Since when it is so, as the platform tells or as was seen to begin, and since when it has been seen."""
    moment = s.campaign.paused_at if s.campaign.status == "paused" else s.campaign.ended_at
    told = s.campaign.status in ("paused", *ENDED_STATUSES)
    if told and moment is not None and moment <= s.now and binding in ("lifecycle", NOTHING):
        return moment, moment
    if before is None or before.at > s.now:
        return None, s.now
    # Which limit is the tightest changes by the second: one spell of throttling all the same.
    same = before.verdict == verdict and (before.binding == binding or verdict == "throttled")
    return (before.since, before.seen_since) if same else (s.now, s.now)


def _nearly_full(gate: Gate) -> bool:
    left = gate.left
    if gate.name not in SLOT_GATES or left is None or gate.limit is None:
        return False
    return left <= max(1.0, NEARLY_FULL * gate.limit)


def next_turn(campaign: str, now: float) -> float:
    """When `LOOK_AGAIN_SECONDS` are over, or up to half of them before: each campaign has its own turn, as thousands at
    once would hold up a refresh.
    """
    half = LOOK_AGAIN_SECONDS / 2
    turn = crc32(campaign.encode(errors="surrogatepass")) / 2**32 * half
    return now + LOOK_AGAIN_SECONDS - (now - turn) % half


def _next_look(s: Situation, gates: tuple[Gate, ...]) -> float:
    """When time alone may change the answer, at the latest: at the edges that are known, and every few seconds."""
    if s.campaign.status in ENDED_STATUSES:
        return float("inf")
    look = next_turn(s.campaign.campaign_id, s.now)
    change = s.schedule.next_change(s.now) if s.schedule is not None else None
    for moment in (change, s.campaign.expires_at, *[gate.clears_at for gate in gates]):
        if moment is not None and s.now < moment < look:
            look = moment
    return look
