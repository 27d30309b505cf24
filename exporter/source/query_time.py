"""What reading costs, and whether somebody waits for the database for too long."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TypeVar

T = TypeVar("T")


class Watch:
    """Since when each thread waits for the database; read by another thread, which may cut the connections."""

    def __init__(self) -> None:
        self._since: dict[int, float] = {}
        self.moved_at = time.monotonic()
        """When some thread last began to wait or ended it, by the monotonic clock."""

    def begin(self) -> None:
        """This thread starts to wait."""
        self._since[threading.get_ident()] = self.moved_at = time.monotonic()

    def end(self) -> None:
        """This thread waits no longer."""
        self._since.pop(threading.get_ident(), None)
        self.moved_at = time.monotonic()

    def longest(self) -> float:
        """Seconds that the thread waiting longest has waited."""
        started = list(self._since.values())
        return time.monotonic() - min(started) if started else 0.0


@dataclass(slots=True)
class Meter:
    """Seconds of waiting for the database, rows by relation, and rows left out: unreadable ones, those past a limit."""

    watch: Watch = field(default_factory=Watch)
    seconds: float = 0.0
    rows: dict[str, int] = field(default_factory=dict)
    unreadable: dict[str, int] = field(default_factory=dict)
    left_out: dict[str, int] = field(default_factory=dict)

    def timed(self, read: Callable[[], T]) -> T:
        """Run a read and add its time."""
        start = time.perf_counter()
        self.watch.begin()
        try:
            return read()
        finally:
            self.watch.end()
            self.seconds += time.perf_counter() - start

    def count(self, relation: str, rows: int) -> None:
        """Note rows that were read."""
        self.rows[relation] = self.rows.get(relation, 0) + rows

    def leave_out(self, relation: str, rows: int) -> None:
        """Note how many rows of a small relation were past the limit of what is read."""
        self.left_out[relation] = rows

    def lost(self, relation: str) -> None:
        """Note a row that cannot be read."""
        self.unreadable[relation] = self.unreadable.get(relation, 0) + 1
