"""How many calls could be started now, and where the other pending tasks are held."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from exporter.contract.codes import NO_AGENT
from exporter.diagnosis.dispatch.capacity import SLOT_GATES
from exporter.diagnosis.dispatch.gate import OPEN, UNKNOWN, Gate
from exporter.diagnosis.dispatch.gates import INNERMOST, SURE
from exporter.diagnosis.dispatch.situation import Situation


@dataclass(frozen=True, slots=True)
class Step:
    """A part of the pending tasks that cannot be dialled now, and the code that says why."""

    code: str
    tasks: int


def slots_left(s: Situation, gates: tuple[Gate, ...]) -> float | None:
    """The room of the tightest gate; none at all where a gate is closed, or its state decides and is not known."""
    odd = [gate for gate in gates if gate.state != OPEN]
    if any(gate.closed and gate.name not in INNERMOST for gate in odd):
        return 0.0
    if any(gate.state == UNKNOWN and (gate.name in SURE or s.hidden) for gate in odd):
        return None
    rooms = [gate.left for gate in gates if gate.name in SLOT_GATES and gate.left is not None]
    caps = [
        line.number.daily_cap - line.today
        for line in s.pool or ()
        if line.number.daily_cap is not None and line.today is not None
    ]
    if s.pool and len(caps) == len(s.pool):  # every number has a cap: no more calls today than they leave
        rooms.append(float(sum(max(0, cap) for cap in caps)))
    return float(math.ceil(min(rooms))) if rooms else None  # below one call a minute: an open gate lets one through


def waterfall(s: Situation, gates: tuple[Gate, ...], slots: float | None) -> tuple[tuple[Step, ...], int]:
    """From the pending tasks down to those that can be dialled now: the steps and the rest sum to pending."""
    parts = {"retry_wait": s.tasks.waiting} if s.tasks.waiting else {}
    parts |= dict(sorted(s.tasks.blocked.items(), key=lambda item: (-item[1], item[0])))
    ready = s.tasks.ready
    odd = [gate for gate in gates if gate.state != OPEN]
    shut = next((gate for gate in odd if gate.closed and gate.name not in INNERMOST), None)
    unsure = next((gate for gate in odd if gate.state == UNKNOWN and (gate.name in SURE or s.hidden)), None)
    if shut is not None:
        held, code = ready, shut.code
    elif slots is not None and slots < ready:
        tightest = min(
            (gate for gate in gates if gate.name in SLOT_GATES and gate.left is not None),
            key=lambda gate: gate.left or 0.0,
            default=None,
        )
        capped = tightest is None or (tightest.left or 0.0) > slots
        held, code = ready - int(slots), "number_daily_cap" if capped or tightest is None else _CODES[tightest.name]
    elif unsure is not None:
        held, code = ready, "unknown"
    else:
        held, code = 0, ""
    if held:
        parts[code] = parts.get(code, 0) + held
    return tuple(Step(code, tasks) for code, tasks in parts.items()), ready - held


_CODES: Mapping[str, str] = MappingProxyType(
    {
        "agents": NO_AGENT,
        "tenant": "tenant_concurrency",
        "campaign": "campaign_concurrency",
        "pacing": "pacing",
        "connection": "connection_limit",
    }
)

ROOM = frozenset({*_CODES.values(), "number_daily_cap"})
"""Codes of steps that a gate without room for all that is ready makes, be it closed or open."""
