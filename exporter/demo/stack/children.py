"""Programs that run beside the demo: each with a log and a pid file in its own directory, all stopped together."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import threading
import time
from collections.abc import Collection, Mapping, Sequence
from contextlib import suppress
from pathlib import Path

import psutil  # type: ignore[import-untyped]

from exporter.demo.runtime.beginning import say
from exporter.demo.runtime.server import gone

HOST = "127.0.0.1"
STOP_TIMEOUT_SECONDS = 15.0
PORTS_TRIED = 100
_PID = "pid"


class Children:
    """The programs of one demo. One that ends by itself is told of, and nothing else."""

    def __init__(self) -> None:
        self.stopping = threading.Event()
        self._processes: list[subprocess.Popen[bytes]] = []
        self._lock = threading.Lock()

    def start(
        self,
        name: str,
        command: Sequence[str],
        directory: Path,
        environment: Mapping[str, str] | None = None,
        finished: str | None = None,
    ) -> None:
        """Start a program whose directory this is, unless all are being stopped.

        `finished` is what to say when it ends well; without it, it is to run until it is stopped.
        """
        directory.mkdir(parents=True, exist_ok=True)
        log = directory / "log.txt"
        with self._lock, log.open("wb") as sink:
            if self.stopping.is_set():
                return
            try:
                process = subprocess.Popen(
                    command, stdin=subprocess.DEVNULL, stdout=sink, stderr=subprocess.STDOUT, cwd=directory,
                    env={**os.environ, **(environment or {})},
                    start_new_session=True,  # Ctrl-C is for the demo, which then stops the others in order
                )  # fmt: skip
            except OSError as error:
                say(f"{name} cannot be run: {error.strerror}; the demo goes on without it")
                return
            self._processes.append(process)
        (directory / _PID).write_text(str(process.pid))

        def watch() -> None:
            status = process.wait()
            if self.stopping.is_set():
                return
            if status == 0 and finished is not None:
                say(finished)
            else:
                say(f"{name} ended unexpectedly (status {status}), the demo goes on without it; see {log}")

        threading.Thread(target=watch, name=f"{name}-watch", daemon=True).start()

    def stop(self) -> None:
        """Ask all to stop, the last one first; who does not within some seconds is killed."""
        with self._lock:
            self.stopping.set()
        for process in reversed(self._processes):
            process.terminate()
        deadline = time.monotonic() + STOP_TIMEOUT_SECONDS
        for process in reversed(self._processes):
            try:
                process.wait(max(0.1, deadline - time.monotonic()))
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


def end_leftover(directory: Path) -> None:
    """End the program of this directory if it outlived its demo; a number that another one has now is nobody's."""
    with suppress(FileNotFoundError, ValueError, psutil.NoSuchProcess):
        process = psutil.Process(int((directory / _PID).read_text()))
        if str(directory) in " ".join(process.cmdline()):
            for end in (signal.SIGTERM, signal.SIGKILL):
                process.send_signal(end)
                if gone(process, STOP_TIMEOUT_SECONDS):
                    break
    (directory / _PID).unlink(missing_ok=True)


def free_port(wanted: int, taken: Collection[int]) -> int:
    """The first port from this one on that nobody listens on and that is not taken. OSError if all are in use."""
    for port in range(wanted, min(wanted + PORTS_TRIED, 65_536)):
        with socket.socket() as probe, suppress(OSError):
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # as servers do, so that a restart may
            if port not in taken:
                probe.bind((HOST, port))
                return port
    raise OSError(f"no port from {wanted} on is free")
