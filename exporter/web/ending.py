"""What signals ask for: SIGTERM and SIGINT end the program in bounded time, SIGHUP has the configuration read anew."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import threading
from collections.abc import Callable
from types import FrameType
from typing import Any

_ENDS = (signal.SIGTERM, signal.SIGINT)


class Ending:
    """Whether the program was asked to end.

    With a `limit`, the process ends this many seconds after it was asked, with status 1 if need be, whatever hinders
    it. For a process that has nothing else to do: its handlers stay.
    """

    def __init__(self, limit: float | None = None) -> None:
        self._limit = limit
        self._bounded = False
        self.asked = False
        self._before: dict[int, Any] = {}
        self._notify: Callable[[], None] = lambda: None
        self.event = asyncio.Event()

    def __enter__(self) -> Ending:
        self._before = {number: signal.signal(number, self._ask) for number in _ENDS}
        return self

    def __exit__(self, *_: object) -> None:
        self._notify = lambda: None
        if self._limit is None:
            for number, handler in self._before.items():
                signal.signal(number, handler)

    def attach(self, reload: Callable[[], None] = lambda: None) -> None:
        """Let `event` be set in the running loop; that it was asked before counts. `reload`: what SIGHUP asks for."""
        loop = asyncio.get_running_loop()

        def notify() -> None:
            with contextlib.suppress(RuntimeError):  # the loop is closed: it ends already
                loop.call_soon_threadsafe(self.event.set)

        self._notify = notify
        loop.add_signal_handler(signal.SIGHUP, reload)
        if self.asked:
            notify()

    def end(self) -> None:
        """Let it end by itself, from any thread."""
        self._bound()
        self._notify()

    def _ask(self, number: int, frame: FrameType | None) -> None:
        # No line for the log here: what was interrupted may hold its lock.
        del number, frame
        self._bound()
        self.asked = True
        self._notify()

    def _bound(self) -> None:
        if self._limit is not None and not self._bounded:
            self._bounded = True
            timer = threading.Timer(self._limit, os._exit, (1,))
            timer.daemon = True
            timer.start()
