"""What is going to happen, in order of time: the end of a call, the arrival of its cost, the reading of a list."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from heapq import heappop, heappush
from typing import Any

Action = Callable[..., Any]


class Agenda:
    """A heap of things to do. Those of the same moment happen in the order in which they were put down."""

    def __init__(self) -> None:
        self._entries: list[tuple[datetime, int, Action, tuple[Any, ...]]] = []
        self._count = 0

    def put(self, when: datetime, action: Action, *arguments: Any) -> None:
        """At `when`, call `action(when, *arguments)`."""
        self._count += 1
        heappush(self._entries, (when, self._count, action, arguments))

    def run_until(self, now: datetime) -> None:
        """Do everything that is due, each at its own moment."""
        entries = self._entries
        while entries and entries[0][0] <= now:
            when, _, action, arguments = heappop(entries)
            action(when, *arguments)
