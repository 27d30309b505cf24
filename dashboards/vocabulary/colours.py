"""What a colour means, and which colour a state has: the same on every board."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from exporter.contract.codes import (
    CAMPAIGN_STATUSES,
    NUMBER_STATUSES,
    SENTIMENTS,
    SETTLED_OUTCOMES,
    TASK_STATUSES,
)
from exporter.diagnosis.dispatch.verdict import VERDICTS

GOOD, PLANNED, CALM, WARNING, BAD, NEUTRAL = "green", "blue", "light-blue", "orange", "red", "text"
"""Colours of judgement: as wished; closed as planned; in the background; below what it could be; a person must act."""

FADED = "#8e8e8e"
"""Of what is over, or unknown."""

ACCENT = "blue"
"""Of a single figure that is not judged."""


@dataclass(frozen=True, slots=True)
class State:
    """One value of a closed set: its number in a state band, what people read, and its colour."""

    code: str
    number: int
    words: str
    colour: str


def _states(
    codes: tuple[str, ...], colours: Mapping[str, str], words: Mapping[str, str] | None = None
) -> tuple[State, ...]:
    """Every code of a closed set must have a colour: a new code fails here."""
    words = words or {}
    return tuple(
        State(code, number, words.get(code, code.replace("_", " ")), colours[code])
        for number, code in enumerate(codes, start=1)
    )


VERDICT_STATES = _states(
    VERDICTS,
    {
        "dialing": GOOD,
        "throttled": "yellow",
        "waiting": PLANNED,
        "blocked": BAD,
        "stalled": "dark-red",
        "unknown": "purple",
        "finished": FADED,
    },
)
WORST_FIRST = ("stalled", "blocked", "unknown", "throttled", "dialing", "waiting", "finished")
"""Verdicts in the order in which somebody should look at campaigns."""

CAMPAIGN_STATES = _states(
    CAMPAIGN_STATUSES,
    {"scheduled": CALM, "running": GOOD, "paused": WARNING, "completed": FADED, "cancelled": "#5f5f5f"},
)
TASK_STATES = _states(
    TASK_STATUSES,
    {"pending": CALM, "in_progress": "blue", "completed": GOOD, "failed": BAD, "cancelled": FADED},
)
OUTCOME_STATES = _states(
    SETTLED_OUTCOMES,
    {
        "answered": GOOD,
        "abandoned": "semi-dark-orange",
        "voicemail": "purple",
        "no_answer": CALM,
        "busy": "yellow",
        "rejected": WARNING,
        "failed": BAD,
    },
)
SENTIMENT_STATES = _states(SENTIMENTS, {"positive": GOOD, "neutral": CALM, "negative": BAD})
NUMBER_STATES = _states(NUMBER_STATUSES, {"active": GOOD, "resting": PLANNED, "flagged": BAD, "released": FADED})

SEVERITIES: Mapping[str, tuple[str, str]] = MappingProxyType(
    {"critical": ("critical", BAD), "warning": ("warning", WARNING)}
)
"""Of alerts that somebody is told of."""

GROUP_COLOURS: Mapping[str, str] = MappingProxyType(
    {
        "lifecycle": WARNING,
        "audience": "dark-orange",
        "compliance": "dark-red",
        "window": PLANNED,
        "money": BAD,
        "capacity": "yellow",
        "agents": "orange",
        "number": "semi-dark-orange",
        "provider": "semi-dark-red",
        "retry": CALM,
        "terminal": FADED,
        "unknown": "purple",
        "ready": GOOD,
    }
)
"""Colours of the groups of blocker codes; `ready`: tasks that nothing blocks."""
