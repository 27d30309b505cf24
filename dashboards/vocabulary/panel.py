"""A panel: its place, its heading, and what all kinds of panels share."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from grafanalib import core

from dashboards.vocabulary import modern_json as modern
from dashboards.vocabulary.fields import Step, steps
from dashboards.vocabulary.modern_json import Json
from dashboards.vocabulary.targets import MIXED, Target

_REFS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"


@dataclass(frozen=True, slots=True)
class Panel:
    """A panel and the room it takes: of 24 columns, in rows of 30 pixels. `id` never changes: links rest on it."""

    id: int
    width: int
    height: int
    json: Json

    def at(self, x: int, y: int) -> Json:
        """The panel in its place."""
        return {**self.json, "gridPos": {"x": x, "y": y, "w": self.width, "h": self.height}}

    def over(self, span: str, step: str) -> Panel:
        """The same over a span of its own, such as `14d`, with a value every `step`, whatever the viewer looks at."""
        return replace(self, json={**self.json, "timeFrom": span, "interval": step})


def heading(id: int, title: str, *, collapsed: bool = False) -> Panel:  # noqa: A002
    """The title of a row of panels; `collapsed`: they load when somebody opens it."""
    made: Any = core.RowPanel(title=title, collapsed=collapsed)
    return Panel(id, 24, 1, {**modern.panel(made), "id": id, "title": title, "collapsed": collapsed})


def field_defaults(
    unit: str,
    empty: str,
    decimals: int | None,
    thresholds: Sequence[Step],
    mappings: Sequence[Json],
    links: Sequence[Json],
) -> Json:
    """What holds of all fields of a panel, unless an override says otherwise."""
    found: Json = {
        "unit": unit,
        "noValue": empty,
        "thresholds": steps(*thresholds),
        "mappings": list(mappings),
        "color": {"mode": "thresholds"},
        "links": list(links),
    }
    if decimals is not None:
        found["decimals"] = decimals
    return found


def finish(
    number: int,
    width: int,
    height: int,
    made: object,
    targets: Sequence[Target],
    defaults: Json,
    overrides: Sequence[Json],
    options: Json,
) -> Panel:
    """The panel that grafanalib made, with its questions and as Grafana 12 writes it. ValueError: refIds that clash."""
    sources = [target.datasource for target in targets]
    shown = modern.panel(made)
    shown |= {
        "id": number,
        "datasource": sources[0] if all(source == sources[0] for source in sources) else MIXED,
        "targets": [target.made(ref) for target, ref in zip(targets, _REFS, strict=False)],
        "fieldConfig": {"defaults": defaults, "overrides": list(overrides)},
        "options": options,
    }
    refs = [target["refId"] for target in shown["targets"]]
    if len(set(refs)) != len(refs) or len(refs) != len(targets):
        raise ValueError(f"panel {number}, {shown['title']!r}: its targets need different refIds, not {refs}")
    return Panel(number, width, height, shown)
