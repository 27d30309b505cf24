"""Turns what an exporter would have shown at moments of the past into blocks of a Prometheus's storage."""

from __future__ import annotations

import re
import shutil
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import IO

from exporter.metrics.exposition import EOF, escape

WINDOW = 6 * 3600
"""Seconds that a block spans, aligned as Prometheus aligns its own: it merges three of them into the next size."""

_LINE = re.compile(rb"^(?:#.*|(\w+)(\{?)(.*))\n", re.MULTILINE)


class RecordingError(RuntimeError):
    """The blocks could not be made; the message says why."""


class Recorder:
    """The samples of one scraped target, look after look in the order of time.

    `directory` is for what is under way. It must be on the file system that the blocks go to, so that a block
    is there as a whole or not at all. `labels` are those that the scrape gives, such as `instance` and `job`.
    """

    def __init__(self, directory: Path, labels: Mapping[str, str]) -> None:
        self._directory = directory
        self._labels = ",".join(f'{name}="{escape(value)}"' for name, value in labels.items()).encode()
        self._window: int | None = None
        self._file: IO[bytes] | None = None
        shutil.rmtree(directory, ignore_errors=True)  # what an earlier one left unfinished
        directory.mkdir(parents=True)

    def record(self, at: float, text: bytes | None) -> None:
        """Note what `/metrics` says at this moment (seconds since 1970, later than the one before).

        `text` is in Prometheus's text format; `None`: the target does not answer. As a scrape does, it adds `up`.
        """
        stamp = b" %.3f\n" % at

        def stamped(line: re.Match[bytes]) -> bytes:
            name, brace, rest = line.groups()
            if name is None:
                return b""
            return name + b"{" + self._labels + (b"," if brace else b"}") + rest + stamp

        said = b"up 0\n" if text is None else text + b"up 1\n"
        self._sink(at).write(_LINE.sub(stamped, said))

    def blocks(self, out: Path) -> int:
        """Add everything recorded since the last call to a Prometheus's data directory; returns how many blocks.

        A running Prometheus finds them within a minute or two. RecordingError if promtool is missing or refuses.
        """
        self._close()
        made = self._directory / "blocks"
        count = 0
        for file in sorted(self._directory.glob("*.txt")):
            _promtool(file, made)
            file.unlink()
            out.mkdir(parents=True, exist_ok=True)
            for block in made.iterdir():
                block.rename(out / block.name)
                count += 1
        return count

    def _sink(self, at: float) -> IO[bytes]:
        window = int(at // WINDOW)
        if self._file is None or window != self._window:
            self._close()
            self._window = window
            # a file a block: promtool reads its whole input once for each block that it makes of it
            self._file = (self._directory / f"{window}.txt").open("ab")
        return self._file

    def _close(self) -> None:
        if self._file is not None:
            self._file.write(EOF)
            self._file.close()
            self._file = None


def _promtool(file: Path, out: Path) -> None:
    duration = f"--max-block-duration={WINDOW // 3600}h"
    command = ["promtool", "tsdb", "create-blocks-from", duration, "openmetrics", "--quiet", str(file), str(out)]
    try:
        result = subprocess.run(command, capture_output=True, check=False)
    except OSError as error:
        raise RecordingError(f"promtool cannot be run: {error.strerror}; Debian has it in `prometheus`") from None
    if result.returncode != 0:
        raise RecordingError(f"promtool refused {file}: {(result.stderr + result.stdout).decode().strip()}")
