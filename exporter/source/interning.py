"""Raw texts to small whole numbers and back: each distinct text cleaned once, and how many there are bounded.

Nobody pays for what others write. The first labels of a kind are everybody's, for good. Past these each campaign has
room for so many of its own, which go when it leaves; what it writes beyond that is the overflow, for itself alone.
"""

from __future__ import annotations

import copy
from collections import Counter
from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from typing import Any, Generic, Self, TypeVar, cast

import numpy as np
from numpy.typing import NDArray

Raw = TypeVar("Raw", bound=Hashable)
Label = TypeVar("Label", bound=Hashable)

NONE = -1
"""The number of a null."""

SHARED = 1_000
"""Labels of a kind that are everybody's: what a well-kept platform has at all."""

OWN = 1_000
"""Further labels of a kind that a campaign may have: twenty times what it shows of them, some 500 bytes each."""

MOST_LABELS = 1 << 20
"""Labels of a kind that there can be at once: those of more than a thousand campaigns that all write free text."""

_UNKNOWN = -2
_CACHE_LIMIT = 32_768


class Interning(Generic[Raw, Label]):
    """Numbers for the distinct cleaned values of one kind; `clean` makes a label of a raw value.

    What number a campaign's value has does not change while the campaign is there, or totals would not add up.
    """

    def __init__(
        self,
        clean: Callable[[Raw], Label],
        overflow: Label,
        known: Iterable[Label] = (),
        *,
        shared: int = SHARED,
        own: int = OWN,
        most: int = MOST_LABELS,
    ) -> None:
        self._clean = clean
        self._room, self._most = own, most
        self.labels: list[Label] = list(dict.fromkeys((overflow, *known)))
        self._shared = max(shared, len(self.labels))
        self._numbers = {label: number for number, label in enumerate(self.labels)}
        self._cache: dict[Raw | None, int] = {None: NONE}
        """The numbers of raw values seen lately."""
        self._own: dict[int, set[int]] = {}
        self._full: set[int] = set()
        self._users: Counter[int] = Counter()
        self._free: list[int] = []

    def label_number(self, label: Label) -> int:
        """The number of a label that is known from the start."""
        return self._numbers[label]

    def number(self, raw: Raw | None, campaign: int) -> int:
        """The number of a campaign's raw value; `NONE` for a null, 0 for one past what it has room for."""
        number = self._cache.get(raw, _UNKNOWN)
        if number == _UNKNOWN:
            assert raw is not None, "a null is always cached"
            number = self._learn(raw, campaign)
        return number if number < self._shared else self._admitted(number, campaign)

    def numbers(
        self, raws: Sequence[Raw | None], which: NDArray[np.int64], campaigns: NDArray[np.int32]
    ) -> NDArray[np.int32]:
        """The same for many rows: which of these raw values each has, and its campaign; shape (n,)."""
        found = np.array([self._cache.get(raw, _UNKNOWN) for raw in raws], np.int32)[which]
        unknown, owned = found == _UNKNOWN, found >= self._shared
        if not (special := unknown | owned).any():
            return found
        rows = np.flatnonzero(special)
        pairs, first, place = np.unique(
            campaigns[rows].astype(np.int64) << 32 | which[rows], return_index=True, return_inverse=True
        )
        numbers = np.zeros(len(pairs), np.int32)
        for pair in np.argsort(first).tolist():  # who comes first has the room
            numbers[pair] = self.number(raws[pairs[pair] & 0xFFFFFFFF], int(pairs[pair] >> 32))
        found[rows] = numbers[place]
        return found

    def leave(self, campaigns: Iterable[int]) -> bool:
        """Drop what only these campaigns wrote; whether some number may now be given to another label."""
        free: list[int] = []
        for campaign in campaigns:
            self._full.discard(campaign)
            for number in self._own.pop(campaign, ()):
                self._users[number] -= 1
                if not self._users[number]:
                    del self._users[number]
                    free.append(number)
        if not free:
            return False
        labels = list(self.labels)  # whoever reads the old list in another thread keeps it
        for number in free:
            del self._numbers[labels[number]]
            labels[number] = labels[0]
        self.labels = labels
        self._free += free
        self._cache = {None: NONE}
        return True

    def saved(self) -> dict[str, Any]:
        """All that `restore` needs."""
        own = [[campaign, list(numbers)] for campaign, numbers in self._own.items()]
        return {"labels": self.labels, "free": self._free, "own": own, "full": list(self._full)}

    def restore(self, saved: Mapping[str, Any]) -> None:
        """Give the numbers that another process gave."""
        free = set(saved["free"])
        self.labels = [cast(Label, tuple(label)) if isinstance(label, list) else label for label in saved["labels"]]
        self._numbers = {label: number for number, label in enumerate(self.labels) if number not in free}
        self._own = {campaign: set(numbers) for campaign, numbers in saved["own"]}
        self._users = Counter(number for numbers in self._own.values() for number in numbers)
        self._full, self._free = set(saved["full"]), list(saved["free"])
        self._cache = {None: NONE}

    def as_now(self) -> Self:
        """The labels as they are now, whatever becomes of the numbers later; for readers, of any thread."""
        return copy.copy(self)

    def _learn(self, raw: Raw, campaign: int) -> int:
        label = self._clean(raw)
        number = self._numbers.get(label)
        if number is None:
            number = self._add(label, campaign)
            if number is None:
                self._full.add(campaign)
                return 0  # not cached: memory must not follow what a campaign writes
        if len(self._cache) >= _CACHE_LIMIT:
            self._cache = {None: NONE}
        self._cache[raw] = number
        return number

    def _add(self, label: Label, campaign: int) -> int | None:
        if len(self.labels) >= self._shared:
            if not self._has_room(campaign):
                return None
            if self._free:
                self._numbers[label] = number = self._free.pop()
                self.labels[number] = label
                return number
            if len(self.labels) >= self._most:
                return None
        self._numbers[label] = number = len(self.labels)
        self.labels.append(label)
        return number

    def _has_room(self, campaign: int) -> bool:
        return campaign not in self._full and len(self._own.get(campaign, ())) < self._room

    def _admitted(self, number: int, campaign: int) -> int:
        """The number of a label that is not everybody's, if it is or becomes this campaign's own; else 0."""
        own = self._own.get(campaign)
        if own is not None and number in own:
            return number
        if not self._has_room(campaign):
            self._full.add(campaign)
            return 0
        self._own.setdefault(campaign, set()).add(number)
        self._users[number] += 1
        return number
