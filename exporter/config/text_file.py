"""The text of a small file, or in a few words why there is none: nothing here waits for ever or reads without end."""

from __future__ import annotations

import os
import select
import stat
from pathlib import Path

MOST_BYTES = 1_048_576
_PATIENCE_SECONDS = 10.0
"""For whoever writes into a pipe, such as the `<(…)` of a shell."""


class UnreadableError(Exception):
    """Why a file has no text."""


def read_text(path: Path, most: int = MOST_BYTES) -> str:
    """The text, without the mark that some editors put before UTF-8. `UnreadableError`: why not."""
    try:
        data = _read(path, most)
    except OSError as error:
        raise UnreadableError(error.strerror or type(error).__name__) from None
    except ValueError:  # a NUL in the path
        raise UnreadableError("no file can have this name") from None
    if len(data) > most:
        raise UnreadableError(f"longer than {most:,} bytes")
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        if data.startswith((b"\xff\xfe", b"\xfe\xff")):
            raise UnreadableError("UTF-16, not UTF-8 text; save it as UTF-8") from None
        line = data.count(b"\n", 0, error.start) + 1
        raise UnreadableError(f"not UTF-8 text in line {line}; save it as UTF-8") from None


def _read(path: Path, most: int) -> bytes:
    """Up to one byte more than wanted. To open a pipe that nobody writes to would wait for ever, hence not blocking."""
    handle = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    with os.fdopen(handle, "rb") as file:
        if not stat.S_ISFIFO(os.fstat(handle).st_mode):
            return file.read(most + 1)
        parts: list[bytes] = []
        while sum(map(len, parts)) <= most:
            if not select.select([handle], [], [], _PATIENCE_SECONDS)[0]:
                raise UnreadableError("a pipe into which nobody writes")
            part = os.read(handle, most + 1)
            if not part:
                break
            parts.append(part)
        return b"".join(parts)
