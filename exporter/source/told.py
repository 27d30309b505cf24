"""What rows tell: the optional columns that some row fills. One that is null in all of them is as good as none.

Totals count nulls as nothing: no cost, no silence. That is true only of a platform that would have said otherwise. So
each row says which of these columns it fills, as bits, and a campaign's totals of the bits say what may be claimed.
"""

from __future__ import annotations

import functools
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

TOLD: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "tasks": ("disposition", "variant", "system_retries", "goal_met"),
        "calls": (
            "number_id",
            "variant",
            "eligible_at",
            "agent_spoke_at",
            "error_code",
            "talk_seconds",
            "ai_cost",
            "telephony_cost",
            "sentiment",
            "score",
            "answered_at",
            "ended_at",
        ),
    }
)
"""By relation, the column that each bit of `told` speaks of, from the lowest."""

RESTS_ON: Mapping[str, Mapping[str, str]] = MappingProxyType(
    {
        "tasks": MappingProxyType(
            {
                "disposition": "disposition",
                "variant": "variant",
                "retries_micro": "system_retries",
                "goal_micro": "goal_met",
            }
        ),
        "calls": MappingProxyType(
            {
                "number": "number_id",
                "variant": "variant",
                "error": "error_code",
                "sentiment": "sentiment",
                "talk_bucket": "talk_seconds",
                "talk_micro": "talk_seconds",
                "score_bucket": "score",
                "score_micro": "score",
                "delay_bucket": "eligible_at",
                "delay_micro": "eligible_at",
                "silent": "agent_spoke_at",
                "ai_micro": "ai_cost",
                "telephony_micro": "telephony_cost",
            }
        ),
    }
)
"""By relation and cleaned column, the column of the contract without which it means nothing."""

BETWEEN: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "ring_bucket": ("answered_at",),
        "ring_micro": ("answered_at",),
        "unanswered_bucket": ("ended_at",),
        "unanswered_micro": ("ended_at",),
        "cut_short": ("ended_at",),
        "heard": ("answered_at", "agent_spoke_at"),
        "heard_day": ("answered_at", "agent_spoke_at"),
        "abandoned_micro": ("answered_at", "agent_spoke_at"),
        "word_bucket": ("answered_at", "agent_spoke_at"),
        "word_micro": ("answered_at", "agent_spoke_at"),
    }
)
"""By cleaned column of a call that is a time between two moments, those of them that may be absent: the same."""


def rests_on(relation: str, name: str) -> tuple[str, ...]:
    """The columns of the contract without any of which a cleaned column means nothing."""
    only = RESTS_ON[relation].get(name)
    return BETWEEN.get(name, ()) if only is None else (only,)


MAKES_DO: Mapping[str, Mapping[str, str]] = MappingProxyType(
    {
        "tasks": MappingProxyType(
            {
                "blocker": "no code is carried",
                "eligible": "it is due since it was made",
                "effective": "of blocker and next_eligible_at",
                "band": "of next_eligible_at",
                "ready_minute": "of blocker and next_eligible_at",
                "since": "it is so since the row changed, at least",
                "since_minute": "of since",
                "stale": "of since",
                "hour": "of since",
                "updated": "the latest time that the row tells",
                "mark": "of updated",
                "broken": "a value that is not there breaks no rule",
                "told": "it is what this is about",
            }
        ),
        "calls": MappingProxyType(
            {
                "abandoned_micro": "who hung up at once counts as abandoned, where nobody tells when calls end",
                "provider": "the provider of an error is not known",
                "updated": "the latest time that the row tells",
                "mark": "of updated",
                "broken": "a value that is not there breaks no rule",
                "told": "it is what this is about",
            }
        ),
    }
)
"""By relation and cleaned column that has a meaning without an optional column too: what is taken for it then."""


@dataclass(frozen=True, slots=True)
class Told:
    """The optional columns, by relation and name, of which a campaign's rows tell something."""

    columns: frozenset[tuple[str, str]] = frozenset()

    def has(self, relation: str, *columns: str) -> bool:
        """Whether all these columns are told."""
        return all((relation, column) in self.columns for column in columns)

    @property
    def cost(self) -> bool:
        """Whether some part of what calls cost is told."""
        return self.has("calls", "ai_cost") or self.has("calls", "telephony_cost")

    @property
    def whole_cost(self) -> bool:
        """Whether both parts are."""
        return self.has("calls", "ai_cost", "telephony_cost")


@functools.lru_cache(maxsize=1024)
def told_by(bits: tuple[tuple[str, int], ...]) -> Told:
    """The columns whose bits are set, by relation."""
    return Told(
        frozenset(
            (relation, column)
            for relation, told in bits
            for bit, column in enumerate(TOLD[relation])
            if told & 1 << bit
        )
    )


NOTHING_TOLD = Told()
