"""Rows as records: columns that arrive by binary `COPY` and become arrays, with no Python object for each row.

On the wire come first the numbers, which are never null and eight bytes each, then the id and the texts.
"""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Any

import numpy as np
from numpy.typing import NDArray

from exporter.source.texts import PADDING, Texts

Column = NDArray[Any]

NOTHING = -1
"""What stands for a null among whole numbers, none of which is negative; among seconds, NaN."""

_SIZE = 8


class IdKind(Enum):
    """What an id is: a whole number, the 16 bytes of a uuid, or a text."""

    WHOLE = "whole"
    UUID = "uuid"
    TEXT = "text"


@dataclass(frozen=True, slots=True)
class Records:
    """Rows by column: whole numbers (-1 for null) and seconds since 1970 (NaN for null) as arrays, ids and texts."""

    kind: IdKind
    ids: Texts
    numbers: Mapping[str, Column]
    texts: Mapping[str, Texts]

    def __len__(self) -> int:
        return len(self.ids)

    def take(self, places: NDArray[Any]) -> Records:
        """Those at these places, or under this mask."""
        return Records(
            self.kind,
            self.ids.take(places),
            {name: column[places] for name, column in self.numbers.items()},
            {name: texts.take(places) for name, texts in self.texts.items()},
        )

    def ids_at(self, places: NDArray[Any]) -> list[Any]:
        """The ids of some rows, none of them null, as statements take them (`key_text`)."""
        ids = self.ids.take(places)
        if self.kind is IdKind.WHOLE:
            whole: list[int] = ids.words().byteswap().view(np.int64).tolist()
            return whole
        return ids.raws() if self.kind is IdKind.UUID else ids.texts()


def as_sent(ids: Sequence[int | bytes | str]) -> tuple[IdKind, Texts]:
    """Ids of one kind as they came."""
    if ids and isinstance(ids[0], int):
        return IdKind.WHOLE, Texts.of([int(each).to_bytes(_SIZE, "big", signed=True) for each in ids])
    kind = IdKind.UUID if ids and isinstance(ids[0], bytes) else IdKind.TEXT
    return kind, Texts.of([each if isinstance(each, bytes) else str(each) for each in ids])


@dataclass(frozen=True, slots=True)
class Layout:
    """The columns of records in the order of the wire."""

    kind: IdKind
    seconds: tuple[str, ...]
    whole: tuple[str, ...]
    texts: tuple[str, ...]

    def of(self, rows: Sequence[Mapping[str, Any]]) -> Records:
        """Rows that are there already; columns that none names are null."""
        seconds = {name: np.array([row.get(name) for row in rows], np.float64) for name in self.seconds}
        whole = {name: [row.get(name) for row in rows] for name in self.whole}
        numbers = {name: np.array([NOTHING if each is None else each for each in column], np.int64)
                   for name, column in whole.items()}  # fmt: skip
        texts = {name: Texts.of([row.get(name) for row in rows]) for name in self.texts}
        _, ids = as_sent([row["id"] for row in rows])
        return Records(self.kind, ids, {**seconds, **numbers}, texts)

    def fetched(self, rows: Sequence[Sequence[Any]]) -> Records:
        """The same rows where they were fetched one by one; each has an id."""
        names = (*self.seconds, *self.whole, "id", *self.texts)
        return self.of([dict(zip(names, row, strict=True)) for row in rows])

    def records(self, rows: Sequence[bytes | memoryview]) -> Records:
        """The rows of a binary `COPY`, a message each: the number of fields, then each with its length before it."""
        data = np.frombuffer(b"".join((*rows, PADDING)), np.uint8)
        ends = np.fromiter(itertools.accumulate(map(len, rows)), np.int64, len(rows))
        starts = np.concatenate((np.zeros(1, np.int64), ends))[:-1]
        fixed = self._fixed()
        blocks = _windows(data, fixed.itemsize)[starts].view(fixed)
        numbers = {name: blocks[name].astype(np.float64) for name in self.seconds}
        numbers |= {name: blocks[name].astype(np.int64) for name in self.whole}
        texts = {}
        at = starts + fixed.itemsize
        for name in ("id", *self.texts):
            lengths = _windows(data, 4)[at].view(">i4").astype(np.int64)
            texts[name] = Texts(data, at + 4, lengths)
            at = at + 4 + np.maximum(lengths, 0)
        assert (at == ends).all(), "a number is never null, and there are no other columns"
        return Records(self.kind, texts.pop("id"), numbers, texts)

    def _fixed(self) -> np.dtype[Any]:
        """Two bytes for how many fields there are, then four for the length of each number before it."""
        names = (*self.seconds, *self.whole)
        return np.dtype(
            {
                "names": names,
                "formats": [">f8"] * len(self.seconds) + [">i8"] * len(self.whole),
                "offsets": [2 + 4 + place * (4 + _SIZE) for place in range(len(names))],
                "itemsize": 2 + len(names) * (4 + _SIZE),
            }
        )


def _windows(data: NDArray[np.uint8], size: int) -> NDArray[Any]:
    """The so many bytes from each byte on, of any alignment."""
    return np.ndarray((len(data) - size + 1,), f"V{size}", data, 0, (1,))
