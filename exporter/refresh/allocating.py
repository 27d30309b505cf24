"""How the C library hands memory back to the system: without this, holes stay where arrays grew."""

from __future__ import annotations

import ctypes
import math
import time
from collections.abc import Callable

_M_TRIM_THRESHOLD, _M_MMAP_THRESHOLD = -1, -3
_LARGE = 1 << 20
_KEPT = 8 << 20
_EVERY_SECONDS = 60.0


def hand_back_large() -> None:
    """Have every array from a mebibyte on lie by itself, so that it is handed back when it is freed.

    By itself glibc puts into its heaps whatever is smaller than what was freed before, up to 32 MiB; what a column
    leaves when it has grown stays a hole there. What is spare at the end of a heap is kept, for the next refresh.
    """
    if (mallopt := _of_the_library("mallopt")) is not None:
        mallopt(_M_MMAP_THRESHOLD, _LARGE)
        mallopt(_M_TRIM_THRESHOLD, _KEPT)


class Spare:
    """What is free within the heaps, handed back once a minute: it takes three milliseconds."""

    def __init__(self) -> None:
        self._at = -math.inf

    def hand_back(self) -> None:
        """Hand back the pages that nothing lies in any more, if it is time."""
        now = time.monotonic()
        if now - self._at >= _EVERY_SECONDS and (trim := _of_the_library("malloc_trim")) is not None:
            self._at = now
            trim(ctypes.c_size_t(0))


def _of_the_library(name: str) -> Callable[..., int] | None:
    """A function that glibc has and other libraries lack."""
    function: Callable[..., int] | None = getattr(ctypes.CDLL(None), name, None)
    return function
