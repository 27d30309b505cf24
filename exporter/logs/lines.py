"""Structured logs on standard error: one line a problem, repeats folded."""

from __future__ import annotations

import logging
import sys
import threading
import time
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import Any, TextIO, cast

import structlog

from exporter.config import LogConfig
from exporter.logs.outlet import Outlet

_LEVELS = {"debug": logging.DEBUG, "info": logging.INFO, "warning": logging.WARNING, "error": logging.ERROR}
_REPEAT_EVERY = 60.0
_STDERR = 2

log = structlog.get_logger()

_outlets: list[Outlet] = []


def configure(config: LogConfig, file: TextIO | None = None) -> TextIO:
    """Set up the log of the whole process, on standard error but for tests. Returns what its lines are written to."""
    if file is None:
        outlet = Outlet(_STDERR)
        outlet.told = lambda lines: log.warning(
            "lines of the log were lost", lines=lines, why="they could not be written, or nobody read them"
        )
        _outlets.append(outlet)
        file = cast(TextIO, outlet)
    renderer: Any
    if config.format == "json":
        renderer = structlog.processors.JSONRenderer()
    else:
        renderer = structlog.processors.LogfmtRenderer(key_order=["timestamp", "level", "event"], bool_as_flag=False)
    for library in ("aiohttp", "asyncio", "psycopg"):  # their lines have another shape, and quote what a client sent
        logging.getLogger(library).setLevel(logging.CRITICAL)
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.ExceptionRenderer(lambda exc_info: trace(exc_info[1])),
            renderer,
        ],
        wrapper_class=structlog.make_filtering_bound_logger(_LEVELS[config.level]),
        logger_factory=structlog.WriteLoggerFactory(file),
        cache_logger_on_first_use=False,
    )
    return file


def take_over(config: LogConfig) -> None:
    """The same for a service: whatever else would be written to standard error may not make it wait either."""
    sys.stderr = configure(config)
    threading.excepthook = lambda ended: log.critical(
        "a thread has ended", thread=ended.thread.name if ended.thread else None, exc_info=ended.exc_value
    )


def lost() -> int:
    """How many lines of the log could not be written."""
    return sum(outlet.lost for outlet in _outlets)


def drain() -> None:
    """Write what waits to be written, as far as that can be done in half a second."""
    for outlet in _outlets:
        outlet.drain()


def trace(error: BaseException | None) -> str:
    """Kinds of an error and its causes and where they came from, on one line; their words may quote a row."""
    parts = []
    while error is not None:
        frames = [
            f"{Path(frame.f_code.co_filename).name}:{line} in {frame.f_code.co_name}"
            for frame, line in traceback.walk_tb(error.__traceback__)
        ]
        parts.append(f"{type(error).__name__} at {', '.join(reversed(frames)) or 'no known place'}")
        error = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
    return "; caused by ".join(parts)


class Repeats:
    """Says a problem when it begins, at most once a minute while it lasts, and when it is over."""

    def __init__(self, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._monotonic = monotonic
        self._problem: str | None = None
        self._began = self._said = 0.0
        self._times = 0

    def problem(self, log: Any, kind: str, message: str) -> None:
        """The problem is there (again)."""
        now = self._monotonic()
        if self._problem != message:
            if self._problem is None:
                self._began = now
            self._problem, self._times, self._said = message, 1, now
            log.error("refresh failed", kind=kind, problem=message)
            return
        self._times += 1
        if now - self._said >= _REPEAT_EVERY:
            self._said = now
            log.error("refresh still fails", kind=kind, problem=message, times=self._times)

    def over(self, log: Any) -> None:
        """There is no problem (any more)."""
        if self._problem is not None:
            log.info("refresh works again", after_seconds=round(self._monotonic() - self._began, 1))
            self._problem = None
