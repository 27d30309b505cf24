"""Counters that never fall while the process lives: a fall would be a reset to Prometheus, and counted again.

Two things lower a truth. A *correction* (a cost revised, an outcome changed): the counter holds its highest value
until the truth overtakes it, so that over time the increase is right. A *purge* (rows deleted): what happened did
happen, so what was lost is carried on top of the truth, and what happens next counts at once.

Series that are not shown for a while are remembered all the same: those in a currency that a campaign had before, and
those of an owner that left (see `departed`). When they are shown again, they are as high as they were.
"""

from __future__ import annotations

from collections.abc import Container, Mapping
from dataclasses import dataclass, field
from itertools import islice
from typing import Any

import numpy as np

from exporter.metrics.departed import Departed, Remembered
from exporter.metrics.owners import Owner
from exporter.metrics.samples import Labels

_CURRENCIES = 8
"""Currencies of a campaign that are remembered: nobody has more, and a name that changes all the time is not one."""


@dataclass(slots=True)
class _Counter:
    shown: int = 0
    carried: int = 0


@dataclass(slots=True)
class _Group:
    """The series of a family of an owner, in one currency where it has one."""

    counters: dict[Labels, _Counter] = field(default_factory=dict)
    held: int = 0
    carried: int = 0
    visible: bool = False
    began: float | None = None
    """When it began, as it was shown last."""


@dataclass(slots=True)
class _Owned:
    families: dict[str, dict[str, _Group]] = field(default_factory=dict)
    """By family and currency; the one that was shown last stands last."""
    kept: dict[str, set[Labels]] = field(default_factory=dict)


class Counters:
    """The shown value of each counter series, and which label values have one."""

    def __init__(self, departed: Departed | None = None) -> None:
        self._owners: dict[Owner, _Owned] = {}
        self._of_campaign: dict[str, Owner] = {}
        self._departed = Departed() if departed is None else departed
        self.held = 0
        """Series shown above the truth, waiting for it to overtake."""
        self.carried = 0
        """Series shown that carry what purged rows had counted."""

    def show(self, family: str, owner: Owner, truth: Mapping[Labels, int], currency: str = "") -> dict[Labels, int]:
        """What to show for a group's true values; a series once shown stays, at its highest."""
        group = self._group(family, owner, currency)
        counters = group.counters
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
        self.held += held - group.held
        group.held = held
        return shown

    def began(self, family: str, owner: Owner, truth: float | None, currency: str = "") -> float | None:
        """When a group that was just shown began: no later than it said before, while it shows more than the truth."""
        group = self._group(family, owner, currency)
        known = [at for at in (truth, group.began if group.held or group.carried else None) if at is not None]
        group.began = min(known, default=None)
        return group.began

    def kept(self, family: str, owner: Owner) -> set[Labels]:
        """The label values of an owner that have a series of their own in a family; to be added to."""
        return self._owned(owner).kept.setdefault(family, set())

    def had(self, family: str, owner: Owner) -> set[Labels]:
        """A copy of `kept`, of an owner that need not have come yet."""
        owned = self._owners.get(owner)
        return set(owned.kept.get(family, ())) if owned is not None else set()

    def purged(self, family: str, campaign: str, before: Mapping[Labels, int], after: Mapping[Labels, int]) -> None:
        """Rows vanished: carry what each series of the campaign lost by that."""
        owner = self._of_campaign.get(campaign)
        if owner is None:
            return
        for group in self._owners[owner].families.get(family, {}).values():
            for labels in before.keys() & group.counters.keys():
                lost = before[labels] - after.get(labels, 0)
                if lost > 0:
                    self._carry(group, group.counters[labels], lost)

    def restored(self, family: str, campaign: str, before: Mapping[Labels, int], after: Mapping[Labels, int]) -> None:
        """Rows came back: carry no longer what each series of the campaign got back by that."""
        owner = self._of_campaign.get(campaign)
        if owner is None:
            return
        for group in self._owners[owner].families.get(family, {}).values():
            for labels in after.keys() & group.counters.keys():
                counter = group.counters[labels]
                back = min(after[labels] - before.get(labels, 0), counter.carried)
                if back > 0:
                    self._carry(group, counter, -back)

    def leave(self, owner: Owner) -> None:
        """An owner is exported no longer; what it showed is remembered."""
        owned = self._owners.pop(owner, None)
        if owned is None:
            return
        if self._of_campaign.get(owner[-1]) == owner:
            del self._of_campaign[owner[-1]]
        counters: dict[str, dict[str, list[tuple[Labels, int, int]]]] = {}
        for family, groups in owned.families.items():
            counters[family] = {}
            for currency, group in groups.items():
                self._hide(group)
                counters[family][currency] = [
                    (labels, counter.shown, counter.carried)
                    for labels, counter in group.counters.items()
                    if counter.shown or counter.carried
                ]
        self._departed.put(owner, Remembered(counters, {name: list(kept) for name, kept in owned.kept.items() if kept}))

    def leave_all_but(self, owners: Container[Owner]) -> None:
        """Whoever is not among these is exported no longer."""
        for gone in [owner for owner in self._owners if owner not in owners]:
            self.leave(gone)

    def saved(self) -> dict[str, Any]:
        """All that `restore` needs: groups in their order, and what each shows one after the other."""
        numbers: dict[Labels, int] = {}
        owners, groups, kept = list(self._owners), [], []
        labels: list[int] = []
        values: list[tuple[int, int]] = []
        for place, owned in enumerate(self._owners.values()):
            kept += [[place, family, list(each)] for family, each in owned.kept.items() if each]
            for family, by_currency in owned.families.items():
                for currency, group in by_currency.items():
                    groups.append([place, family, currency, len(group.counters), group.began])
                    labels += [numbers.setdefault(each, len(numbers)) for each in group.counters]
                    values += [(counter.shown, counter.carried) for counter in group.counters.values()]
        return {
            "owners": owners,
            "groups": groups,
            "kept": kept,
            "names": list(numbers),
            "labels": np.array(labels, np.int32),
            "values": np.array(values, np.int64).reshape(len(values), 2),
            "departed": self._departed.saved(),
        }

    def restore(self, saved: Mapping[str, Any]) -> None:
        """Show at least what another process showed, once it is known who is exported: see `leave_all_but`."""
        owners, names = [tuple(owner) for owner in saved["owners"]], [tuple(labels) for labels in saved["names"]]
        owned = [_Owned() for _ in owners]
        series = iter(zip(saved["labels"].tolist(), saved["values"].tolist(), strict=True))
        for place, family, currency, size, began in saved["groups"]:
            counters = {names[label]: _Counter(shown, carried) for label, (shown, carried) in islice(series, size)}
            owned[place].families.setdefault(family, {})[currency] = group = _group(counters)
            group.began = began
        for place, family, kept in saved["kept"]:
            owned[place].kept[family] = {tuple(labels) for labels in kept}
        self._departed.restore(saved["departed"])
        self._owners = dict(zip(owners, owned, strict=True))
        self._of_campaign = {owner[-1]: owner for owner in owners}

    def _owned(self, owner: Owner) -> _Owned:
        owned = self._owners.get(owner)
        if owned is None:
            owned = self._owners[owner] = _restored(self._departed.take(owner))
            self._of_campaign[owner[-1]] = owner
        return owned

    def _group(self, family: str, owner: Owner, currency: str) -> _Group:
        groups = self._owned(owner).families.setdefault(family, {})
        group = groups.get(currency)
        if group is not None and group.visible:
            return group
        for other in groups.values():
            self._hide(other)
        groups.pop(currency, None)
        group = groups[currency] = group or _Group()
        if len(groups) > _CURRENCIES:
            del groups[next(iter(groups))]
        group.visible = True
        self.held += group.held
        self.carried += group.carried
        return group

    def _hide(self, group: _Group) -> None:
        if group.visible:
            group.visible = False
            self.held -= group.held
            self.carried -= group.carried

    def _carry(self, group: _Group, counter: _Counter, lost: int) -> None:
        before = counter.carried > 0
        counter.carried += lost
        series = (counter.carried > 0) - before
        group.carried += series
        if group.visible:
            self.carried += series


def _restored(remembered: Remembered | None) -> _Owned:
    if remembered is None:
        return _Owned()
    owned = _Owned(kept={family: set(kept) for family, kept in remembered.kept.items()})
    for family, groups in remembered.counters.items():
        for currency, counters in groups.items():
            owned.families.setdefault(family, {})[currency] = _group(
                {labels: _Counter(shown, carried) for labels, shown, carried in counters}
            )
    return owned


def _group(counters: dict[Labels, _Counter]) -> _Group:
    return _Group(counters, carried=sum(counter.carried > 0 for counter in counters.values()))
