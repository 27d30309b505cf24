"""Counters that never fall while the process lives: a fall would be a reset to Prometheus, and counted again.

Two things lower a truth. A *correction* (a cost revised, an outcome changed): the counter holds its highest value
until the truth overtakes it, so that over time the increase is right. A *purge* (rows deleted): what happened did
happen, so what was lost is carried on top of the truth, and what happens next counts at once.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

Labels = tuple[str, ...]
Group = tuple[str, str]
"""A family and its owner."""


@dataclass(slots=True)
class _Counter:
    shown: int = 0
    carried: int = 0


class Counters:
    """The shown value of each counter series."""

    def __init__(self) -> None:
        self._groups: dict[Group, dict[Labels, _Counter]] = {}
        self._held: dict[Group, int] = {}

    def show(self, group: Group, truth: Mapping[Labels, int]) -> dict[Labels, int]:
        """What to show for a group's true values; a series once shown stays, at its highest."""
        counters = self._groups.setdefault(group, {})
        shown: dict[Labels, int] = {}
        held = 0
        for labels, value in truth.items():
            counter = counters.get(labels)
            if counter is None:
                counter = counters[labels] = _Counter()
            value += counter.carried
            if value >= counter.shown:
                counter.shown = value
            else:
                held += 1
            shown[labels] = counter.shown
        if len(shown) < len(counters):
            for labels, counter in counters.items():
                if labels not in truth:
                    shown[labels] = counter.shown
                    held += counter.shown > counter.carried
        self._held[group] = held
        return shown

    def purged(self, group: Group, before: Mapping[Labels, int], after: Mapping[Labels, int]) -> None:
        """Rows vanished: carry what each series lost by that."""
        counters = self._groups.get(group)
        if counters is None:
            return
        for labels, value in before.items():
            lost = value - after.get(labels, 0)
            counter = counters.get(labels)
            if lost > 0 and counter is not None:
                counter.carried += lost

    def restored(self, group: Group, before: Mapping[Labels, int], after: Mapping[Labels, int]) -> None:
        """Rows came back: carry no longer what each series got back by that."""
        for labels, counter in self._groups.get(group, {}).items():
            back = after.get(labels, 0) - before.get(labels, 0)
            if back > 0:
                counter.carried -= min(back, counter.carried)

    def only(self, group: Group, last: str) -> None:
        """Drop the series of a group whose last label has another value."""
        counters = self._groups.get(group, {})
        for labels in [labels for labels in counters if labels[-1] != last]:
            del counters[labels]

    def leave(self, owner: str) -> None:
        """An owner that is exported no longer takes its counters with it."""
        for group in [group for group in self._groups if group[1] == owner]:
            del self._groups[group]
            self._held.pop(group, None)

    @property
    def held(self) -> int:
        """Series that show more than the truth, waiting for it to overtake."""
        return sum(self._held.values())

    @property
    def carried(self) -> int:
        """Series that carry what purged rows had counted."""
        return sum(counter.carried > 0 for group in self._groups.values() for counter in group.values())
