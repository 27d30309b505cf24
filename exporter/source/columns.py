"""What the cleaned columns of tasks and calls count in: units, buckets, spans, and what each bit of `broken` says."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

MICRO = 1_000_000
"""Amounts are whole millionths (`*_micro`), because sums of whole numbers are exact."""

TALK_BUCKETS = (1, 3, 6, 10, 15, 30, 60, 120, 180, 300, 600, 1200)
"""Seconds. 6 is the carriers' limit of a short call (see docs/metrics.md)."""

SCORE_BUCKETS = (10, 20, 30, 40, 50, 60, 70, 80, 90, 100)
DELAY_BUCKETS = (1, 5, 15, 30, 60, 120, 300, 600, 1800, 3600, 14400, 86400)
"""Seconds from due to dialled."""

WORD_BUCKETS = (0.5, 1, 1.5, 2, 3, 5, 10)
"""Seconds from the answer to the agent's first word. Few, as each is a series of every campaign and every arm: up to
half a second nobody notices, 2 is the line of 16 CFR 310.4(b)(1)(iv), and past ten nobody is there."""

RING_BUCKETS = (5, 10, 15, 20, 30, 45)
"""Seconds from dialled to the answer, or to the end without one: 15 is the least of 16 CFR 310.4(b)(4)(ii)."""

RING_SECONDS = 15
"""Who is not answered and gives up sooner rang for less than the rule asks."""

LATE_SECONDS = 2
"""A first word after more than this is late; a bound of `WORD_BUCKETS`."""

HORIZONS = (("now", 0), ("5m", 300), ("15m", 900), ("1h", 3600), ("4h", 14400), ("24h", 86400))
"""How far ahead tasks that become due are counted: label and seconds."""

HOURS_BACK = 72
"""Whole hours of which finished tasks and calls are counted one by one, for forecasts."""

DAYS_BACK = 30
"""Days of UTC of which answered calls are counted one by one: a period of abandonment, see `diagnosis.abandonment`."""

_TASK_RULES = (
    "attempts",
    "max_attempts",
    "system_retries",
    "next_eligible_at",
    "last_attempted_at",
    "created_at",
    "updated_at",
    "attempts_made",
)
_CALL_RULES = (
    "attempt",
    "talk_seconds",
    "score",
    "ai_cost",
    "telephony_cost",
    "eligible_at",
    "started_at",
    "created_at",
    "updated_at",
    "agent_spoke_at",
    "answered_at",
    "ended_at",
)
RULES: Mapping[str, tuple[str, ...]] = MappingProxyType({"tasks": _TASK_RULES, "calls": _CALL_RULES})
"""By relation, what each bit of `broken` says, from the lowest: a column, of which a value is out of range, or else."""

ELSE_BROKEN: Mapping[str, tuple[str, str]] = MappingProxyType({"attempts_made": ("attempts", "above_maximum")})
"""The column and the rule of the bits that say something else."""


def broken_rule(name: str) -> tuple[str, str]:
    """The column and the rule that a bit of `broken` speaks of."""
    return ELSE_BROKEN.get(name, (name, "out_of_range"))
