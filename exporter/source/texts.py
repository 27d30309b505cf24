"""A column of texts as the database sent them: bytes in one buffer, made into words once for each that is distinct."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

LONGEST = 64
"""Bytes of a text that are compared as whole numbers; a batch with a longer one is gone through text by text."""

PADDING = bytes(LONGEST)
"""What must follow the last text in a buffer, so that whole words can be read anywhere."""

_WORD = 8
_MIX = np.uint64(0x9E3779B97F4A7C15)
_HALF = np.uint64(32)
_PLACES = np.uint64((1 << 16) - 1)
_MASKS = np.array([(1 << 8 * size) - 1 for size in range(_WORD + 1)], np.uint64)
"""By how many bytes of a word belong to the text."""

Places = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Texts:
    """Texts (UTF-8, or bytes of which nobody says what they are) of shape (n,): where each starts in `data`, and its
    length in bytes, -1 for a null.
    """

    data: NDArray[np.uint8]
    starts: Places
    lengths: Places

    @classmethod
    def of(cls, values: Sequence[str | bytes | None]) -> Texts:
        """These values as a column."""
        raw = [value.encode("utf-8", "surrogateescape") if isinstance(value, str) else value for value in values]
        lengths = np.array([-1 if value is None else len(value) for value in raw], np.int64)
        starts = np.cumsum(np.maximum(lengths, 0)) - np.maximum(lengths, 0)
        data = b"".join([*(value for value in raw if value is not None), PADDING])
        return cls(np.frombuffer(data, np.uint8), starts, lengths)

    def __len__(self) -> int:
        return len(self.starts)

    def take(self, places: NDArray[Any]) -> Texts:
        """Those at these places, or under this mask."""
        return Texts(self.data, self.starts[places], self.lengths[places])

    def raws(self) -> list[bytes | None]:
        """The bytes of each; `None` for a null."""
        view, places = self.data.data, zip(self.starts.tolist(), self.lengths.tolist(), strict=True)
        return [None if length < 0 else view[start : start + length].tobytes() for start, length in places]

    def texts(self) -> list[str | None]:
        """Each of them. What is not UTF-8 becomes lone surrogates, so that two that differ stay different."""
        return [_decoded(raw) for raw in self.raws()]

    def words(self, place: int = 0) -> NDArray[np.uint64]:
        """Of each, the eight bytes from the given one on, as a whole number; zeros after its end."""
        windows: NDArray[Any] = np.ndarray((len(self.data) - _WORD + 1,), f"V{_WORD}", self.data, 0, (1,))
        found: NDArray[np.uint64] = windows[self.starts + place].view("<u8").astype(np.uint64, copy=False)
        return found & _MASKS[np.clip(self.lengths - place, 0, _WORD)]

    def numbers(self) -> NDArray[np.uint64]:
        """A number for each text, the same in every process; two that differ hardly ever have one."""
        found = self.lengths.astype(np.uint64)
        for place in range(0, min(int(self.lengths.max(initial=0)), LONGEST), _WORD):
            mixed = (found ^ self.words(place)) * _MIX
            found = np.where(self.lengths > place, mixed ^ (mixed >> _HALF), found)
        long = np.flatnonzero(self.lengths > LONGEST)
        digests = [hashlib.blake2b(raw or b"", digest_size=_WORD).digest() for raw in self.take(long).raws()]
        found[long] = np.frombuffer(b"".join(digests), "<u8")
        return found

    def distinct(self) -> tuple[list[str | None], Places]:
        """Each text that occurs once, and which of them each row has; shape (n,)."""
        if not len(self):
            return [], np.zeros(0, np.int64)
        longest = int(self.lengths.max())
        if longest > LONGEST:
            return self._one_by_one()
        words = [self.lengths.view(np.uint64), *(self.words(place) for place in range(0, longest, _WORD))]
        key = words[0]
        for word in words[1:]:
            key = (key ^ word) * _MIX
            key ^= key >> _HALF
        # Each row is told by the last one that has its place in a table: of few texts hardly two have the same.
        rows, places = np.arange(len(self)), (key & _PLACES).astype(np.int64)
        table = np.empty(int(_PLACES) + 1, np.int64)
        table[places] = rows
        like = table[places]
        first = np.flatnonzero(like == rows)
        if any((word != word[like]).any() for word in words):
            _, first, number = np.unique(key, return_index=True, return_inverse=True)
            like = first[number]
            if any((word != word[like]).any() for word in words):  # two texts with one key
                return self._one_by_one()
        table = np.empty(len(self), np.int64)
        table[first] = np.arange(len(first))
        return self.take(first).texts(), table[like]

    def _one_by_one(self) -> tuple[list[str | None], Places]:
        numbers: dict[bytes | None, int] = {}
        which = [numbers.setdefault(raw, len(numbers)) for raw in self.raws()]
        return [_decoded(raw) for raw in numbers], np.array(which, np.int64)


def _decoded(raw: bytes | None) -> str | None:
    return None if raw is None else raw.decode("utf-8", "surrogateescape")
