"""Where lines of the log leave the process: in a thread of its own, so that nobody waits for a log nobody reads."""

from __future__ import annotations

import atexit
import io
import os
import queue
import select
import threading
from collections.abc import Callable

_LINES_WAITING = 1_000
_LAST_LINES_SECONDS = 0.5


class Outlet(io.TextIOBase):
    """Writes to a file descriptor what it is given, later. What finds no room or cannot be written is lost and counted.

    A full disk, a reader that is gone, one that does not read: `write` returns at once, and raises nothing.
    """

    def __init__(self, descriptor: int, room: int = _LINES_WAITING) -> None:
        self._descriptor = descriptor
        self._waiting: queue.Queue[bytes | None] = queue.Queue(room)
        self._lock = threading.Lock()
        self._lost = self._untold = 0
        self._torn = False
        self.told: Callable[[int], object] | None = None
        """Called in the outlet's thread, with how many lines were lost, when it has caught up again."""
        self._thread = threading.Thread(target=self._run, name="log", daemon=True)
        self._thread.start()
        atexit.register(self.drain)

    @property
    def lost(self) -> int:
        """How many lines were lost so far."""
        return self._lost

    def write(self, text: str) -> int:
        """Hand on one line or several."""
        try:
            self._waiting.put_nowait(text.encode("utf-8", "backslashreplace"))
        except queue.Full:
            self._lose()
        return len(text)

    def drain(self, seconds: float = _LAST_LINES_SECONDS) -> None:
        """Write what waits, for so long at most; what comes later is lost."""
        try:
            self._waiting.put(None, timeout=seconds)
        except queue.Full:
            return
        self._thread.join(seconds)

    def _run(self) -> None:
        while (line := self._waiting.get()) is not None:
            try:
                self._put(line)
            except OSError:
                self._lose()
                continue
            if self._untold and self._waiting.empty() and self.told is not None:
                with self._lock:
                    untold, self._untold = self._untold, 0
                self.told(untold)

    def _put(self, line: bytes) -> None:
        left = memoryview(b"\n" + line if self._torn else line)
        while left:
            try:
                written = os.write(self._descriptor, left)
            except BlockingIOError:  # whoever shares the other end has set it so
                waiting = select.poll()
                waiting.register(self._descriptor, select.POLLOUT)
                waiting.poll()
                continue
            left = left[written:]
            self._torn = bool(left)  # should the rest fail, what comes next begins a line of its own

    def _lose(self) -> None:
        with self._lock:
            self._lost += 1
            self._untold += 1
