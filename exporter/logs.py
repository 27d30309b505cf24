"""Structured logs on standard error: one line a problem, repeats folded."""

from __future__ import annotations

import contextlib
import io
import logging
import sys
import time
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import Any, TextIO, cast

import structlog

from exporter.config import LogConfig

_LEVELS = {"debug": logging.DEBUG, "info": logging.INFO, "warning": logging.WARNING, "error": logging.ERROR}
_REPEAT_EVERY = 60.0


def configure(config: LogConfig) -> None:
    """Set up the log of the whole process."""
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
        logger_factory=structlog.PrintLoggerFactory(cast(TextIO, _Lossy(sys.stderr))),
        cache_logger_on_first_use=False,
    )


class _Lossy(io.TextIOBase):
    """Loses lines that cannot be written: a full disk under the log must not end what the log tells of."""

    def __init__(self, file: TextIO) -> None:
        self._file = file

    def write(self, text: str) -> int:
        """Write what can be written."""
        with contextlib.suppress(OSError, ValueError):
            self._file.write(text)
        return len(text)

    def flush(self) -> None:
        """Hand it on."""
        with contextlib.suppress(OSError, ValueError):
            self._file.flush()


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
