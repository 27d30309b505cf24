"""Raw texts to small whole numbers and back, cleaning each distinct text once and bounding how many there are."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable
from typing import Generic, TypeVar

import numpy as np
from numpy.typing import NDArray

Raw = TypeVar("Raw", bound=Hashable)
Label = TypeVar("Label", bound=Hashable)

NONE = -1
"""The number of a null."""

_CACHE_LIMIT = 100_000


class _Cache(dict[Raw | None, int]):
    """The numbers of raw values seen lately; `dict` itself finds the known ones, which is what makes it fast."""

    def __init__(self, learn: Callable[[Raw], int]) -> None:
        super().__init__({None: NONE})
        self._learn = learn

    def __missing__(self, raw: Raw) -> int:
        number = self._learn(raw)
        if len(self) >= _CACHE_LIMIT:
            self.clear()
            self[None] = NONE
        self[raw] = number
        return number


class Interning(Generic[Raw, Label]):
    """Numbers for the distinct cleaned values of one kind.

    `clean` makes a label of a raw value. Once `cap` labels exist, every new one becomes `overflow`: memory
    stays bounded whatever a platform writes, and a value keeps its number as long as the process lives.
    """

    def __init__(
        self, clean: Callable[[Raw], Label], overflow: Label, cap: int = 10_000, known: Iterable[Label] = ()
    ) -> None:
        self._clean = clean
        self._cap = cap
        self._numbers: dict[Label, int] = {}
        self._cache = _Cache(self._learn)
        self.labels: list[Label] = []
        for label in (overflow, *known):
            self._add(label)

    def _add(self, label: Label) -> int:
        number = self._numbers.get(label)
        if number is None:
            number = self._numbers[label] = len(self.labels)
            self.labels.append(label)
        return number

    def label_number(self, label: Label) -> int:
        """The number of a label; a new label past the cap shares the number of `overflow`, which is 0."""
        if label not in self._numbers and len(self.labels) >= self._cap:
            return 0
        return self._add(label)

    def number(self, raw: Raw | None) -> int:
        """The number of a raw value; `NONE` for a null."""
        return self._cache[raw]

    def _learn(self, raw: Raw) -> int:
        return self.label_number(self._clean(raw))

    def numbers(self, raws: Iterable[Raw | None], count: int) -> NDArray[np.int32]:
        """The numbers of `count` raw values, shape (count,)."""
        return np.fromiter(map(self._cache.__getitem__, raws), np.int32, count)
