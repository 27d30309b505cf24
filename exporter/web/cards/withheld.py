"""What a card does not tell while a policy of the database hides rows: a zero would be taken for the truth."""

from __future__ import annotations

from collections.abc import Mapping, Set
from types import MappingProxyType
from typing import Any

from exporter.web.cards.values import Json

_RESTS_ON: Mapping[str, frozenset[str]] = MappingProxyType(
    {
        "kpis": frozenset({"tasks", "calls"}),
        "waterfall": frozenset({"tasks"}),
        "holders": frozenset({"tasks", "calls", "campaigns"}),
        "recent_errors": frozenset({"calls"}),
        "numbers": frozenset({"calls"}),
        "connections": frozenset({"calls", "campaigns"}),
        "attempts": frozenset({"calls"}),
        "dispositions": frozenset({"tasks"}),
        "experiment": frozenset({"tasks", "calls"}),
        "outlook": frozenset({"tasks", "calls"}),
    }
)
_GONE = frozenset({"numbers", "dispositions", "experiment"})
"""Parts that are null where nothing is known of them; the others keep their shape."""

FIGURES: Mapping[str, str] = MappingProxyType({"calling": "calls", "queued": "tasks", "tasks": "tasks"})
"""Single figures of a verdict and of a line of the list, and what they rest on."""

REASON = "row-level security hides rows that it rests on"


def withhold(card: Json, hidden: Set[str]) -> Json:
    """The card without what rests on these relations: null means that it is not known."""
    if not hidden:
        return card
    gone = {part: None if part in _GONE else _blank(card[part]) for part, rests in _RESTS_ON.items() if rests & hidden}
    return {**card, **gone, "verdict": figures(card["verdict"], hidden)}


def figures(line: Json, hidden: Set[str]) -> Json:
    """A verdict, or a line of the list, in the same way."""
    return {key: None if FIGURES.get(key) in hidden else value for key, value in line.items()}


def _blank(value: Any, key: str = "") -> Any:
    if isinstance(value, dict):
        return {name: _blank(each, name) for name, each in value.items()}
    if isinstance(value, list):
        return []
    return REASON if key == "reason" else None
