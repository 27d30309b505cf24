"""What holds of the fields of a panel: colours, words for values, links, columns."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from dashboards.vocabulary.colours import NEUTRAL, State
from dashboards.vocabulary.modern_json import Json

Step = tuple[float | None, str]
"""From which value on which colour holds; the first value is None."""


def steps(*found: Step) -> Json:
    """Thresholds: from which value on which colour holds."""
    return {"mode": "absolute", "steps": [{"value": value, "color": colour} for value, colour in found]}


LOWEST = -1e9
"""Below all figures: what has no figure has the first colour, and is not judged."""


def below(limit: float, colour: str) -> tuple[Step, ...]:
    """A colour for what is below a limit."""
    return (None, NEUTRAL), (LOWEST, colour), (limit, NEUTRAL)


def mapping(*states: State) -> list[Json]:
    """The numbers of a state band as words and colours."""
    return [_values({str(s.number): {"text": s.words, "color": s.colour, "index": s.number} for s in states})]


def words(texts: Mapping[str, tuple[str, str | None]]) -> list[Json]:
    """Values as other words, with a colour or without."""
    return [
        _values(
            {
                value: {"text": text, "index": index, **({"color": colour} if colour else {})}
                for index, (value, (text, colour)) in enumerate(texts.items())
            }
        )
    ]


def matching(pattern: str, text: str) -> Json:
    """Values that match a pattern as another text, which may hold its groups (`$1`)."""
    return {"type": "regex", "options": {"pattern": pattern, "result": {"text": text, "index": 0}}}


def codes(states: Iterable[State]) -> list[Json]:
    """The codes of a closed set as words and colours."""
    return words({state.code: (state.words, state.colour) for state in states})


def _values(options: Json) -> Json:
    return {"type": "value", "options": options}


COLOURED: Mapping[str, Any] = {"custom_cellOptions": {"type": "color-background", "mode": "basic"}}
"""Of a column whose cells take the colour of their mapping or threshold."""


def override(name: str, *, by: str = "byName", **properties: Any) -> Json:
    """What holds of one field only. `_` in a property's name stands for `.`, `__` for `_`."""
    found = []
    for key, value in properties.items():
        identity = key.replace("__", "\0").replace("_", ".").replace("\0", "_")
        found.append({"id": identity, "value": value})
    return {"matcher": {"id": by, "options": name}, "properties": found}


def colour(name: str, value: str, *, by: str = "byName", **properties: Any) -> Json:
    """A field's own colour."""
    return override(name, by=by, color={"mode": "fixed", "fixedColor": value}, **properties)


def colours(states: Iterable[State]) -> list[Json]:
    """Every state of a closed set in its colour and its words, where the legend is the code."""
    return [colour(state.code, state.colour, displayName=state.words) for state in states]


def link(title: str, url: str, *, elsewhere: bool = False) -> Json:
    """A link from a value or a panel. `elsewhere`: it leaves Grafana, in a tab of its own."""
    return {"title": title, "url": url, "targetBlank": elsewhere}


def joined(by: str) -> Json:
    """Several answers as one table, by a column they share. Each answer must have a row."""
    return {"id": "joinByField", "options": {"byField": by, "mode": "outer"}}


def organised(order: Sequence[str], names: Mapping[str, str] | None = None, hidden: Iterable[str] = ()) -> Json:
    """The columns of a table: their order, their names, and those left out."""
    return {
        "id": "organize",
        "options": {
            "indexByName": {name: index for index, name in enumerate(order)},
            "renameByName": dict(names or {}),
            "excludeByName": dict.fromkeys(hidden, True),
        },
    }


def sorted_by(column: str, *, descending: bool = False) -> Json:
    """The rows of a table in an order."""
    return {"id": "sortBy", "options": {"fields": {}, "sort": [{"field": column, "desc": descending}]}}
