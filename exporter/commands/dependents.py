"""Which alerts and panels rest on which metrics: who cannot be relied on where the settings leave some out."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache

from alerts.catalogue import concerns
from alerts.settings import Settings as Rules
from alerts.vocabulary.rule import Concern
from dashboards.build import boards
from dashboards.settings import Settings as Boards
from dashboards.vocabulary.board import every_panel
from exporter.config import MetricsConfig
from exporter.metrics.catalogue import BY_NAME
from exporter.metrics.selection import left_out

_WORD = re.compile(r"[a-zA-Z_:][\w:]*")
_PART = re.compile(r"_(?:bucket|count|sum)$")


@dataclass(frozen=True, slots=True)
class Dependents:
    """Names of alerts, and panels and variables as `board: title`."""

    alerts: tuple[str, ...]
    panels: tuple[str, ...]

    @property
    def boards(self) -> Mapping[str, int]:
        """How many panels of each board."""
        found = [panel.partition(":")[0] for panel in self.panels]
        return {name: found.count(name) for name in dict.fromkeys(found)}


def of_family(name: str, *labels: str) -> Dependents:
    """Who asks for a metric, directly or by what is recorded of it; with labels, only who names one of them too."""
    return _who({name: frozenset(labels)})


def of_what_is_left_out(settings: MetricsConfig) -> Dependents:
    """Who asks for a metric that the settings leave out, or for a label that they drop. `ConfigError` as `selected`."""
    dropped = {name: frozenset(labels) for name, labels in settings.drop_labels.items() if labels}
    return _who({**dropped, **dict.fromkeys(left_out(settings), frozenset[str]())})


def _who(gone: Mapping[str, frozenset[str]]) -> Dependents:
    if not gone:
        return Dependents((), ())
    lost = set(_recorded(gone))
    alerts = (alert.name for concern in _rules() for alert in concern.alerts if _asks(alert.expr, gone, lost))
    panels = (where for where, asked in _questions() if any(_asks(text, gone, lost) for text in asked))
    return Dependents(tuple(alerts), tuple(dict.fromkeys(panels)))


def _asks(expression: str, gone: Mapping[str, frozenset[str]], lost: set[str]) -> bool:
    words = set(_WORD.findall(expression))
    if words & lost:
        return True
    families = {word if word in BY_NAME else _PART.sub("", word) for word in words} & gone.keys()
    return any(not gone[name] or gone[name] & words for name in families)


def _recorded(gone: Mapping[str, frozenset[str]]) -> Iterator[str]:
    """Recorded series that rest on what is gone, or on such series."""
    lost: set[str] = set()
    records = [record for concern in _rules() for record in concern.records]
    while found := [each.name for each in records if each.name not in lost and _asks(each.expr, gone, lost)]:
        lost.update(found)
        yield from found


@cache
def _rules() -> tuple[Concern, ...]:
    return concerns(Rules())


@cache
def _questions() -> tuple[tuple[str, Sequence[str]], ...]:
    """Where something is asked of Prometheus on the boards that are always made, and what."""
    return tuple(_asked(Boards()))


def _asked(settings: Boards) -> Iterator[tuple[str, Sequence[str]]]:
    for board in boards(settings):
        made = board.made(settings)
        for variable in made["templating"]["list"]:
            if variable["type"] == "query":
                yield f"{board.name}: variable {variable['name']}", (variable["query"]["query"],)
        for panel in every_panel(made["panels"]):
            yield (
                f"{board.name}: {panel.get('title') or panel['id']}",
                [target["expr"] for target in panel.get("targets", ()) if "expr" in target],
            )
