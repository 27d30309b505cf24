"""Programs of this project, run as a person runs them."""

from __future__ import annotations

import signal
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from subprocess import Popen

COMMAND = (sys.executable, "-m", "exporter.cli")


class Program:
    """A running command and what it says."""

    def __init__(self, process: Popen[bytes], log: Path) -> None:
        self.process = process
        self._log = log

    @property
    def output(self) -> str:
        """Everything said so far."""
        return self._log.read_text()

    def stop(self, how: signal.Signals = signal.SIGTERM) -> int:
        """Ask it to stop as an operator does; its exit status."""
        self.process.send_signal(how)
        return self.process.wait(timeout=30)


@contextmanager
def running(directory: Path, arguments: Sequence[str]) -> Iterator[Program]:
    """`campaign-exporter` with these arguments; killed at the end if it still runs."""
    log = directory / "output.txt"
    with log.open("ab") as sink:
        process = Popen([*COMMAND, *arguments], stdout=sink, stderr=subprocess.STDOUT, cwd=directory)
    try:
        yield Program(process, log)
    finally:
        if process.poll() is None:
            process.kill()
            process.wait()


def promtool_check(metrics: bytes) -> str:
    """What `promtool check metrics` says of a text-format body; nothing when it is content."""
    result = subprocess.run(["promtool", "check", "metrics"], input=metrics, capture_output=True, check=False)
    return (result.stdout + result.stderr).decode()
