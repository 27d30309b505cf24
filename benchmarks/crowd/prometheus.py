"""A Prometheus that a history is written to, and that tells how long its engine worked on a question."""

from __future__ import annotations

import json
import os
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.error import URLError
from urllib.parse import urlencode
from urllib.request import urlopen

from benchmarks.process import free_port

_PATIENCE_SECONDS = 60.0


@dataclass(frozen=True, slots=True)
class Answer:
    """What a question is answered with, how long the engine took, and how long whoever asked waited.

    `worked`: how long the process was at work meanwhile, its garbage collection too, whatever else the machine does.
    """

    result: list[dict[str, Any]]
    engine: float
    waited: float
    worked: float
    size: int


@dataclass(frozen=True, slots=True)
class Prometheus:
    """A running one."""

    base: str
    pid: int

    def now(self, expression: str, at: float) -> Answer:
        """An expression at a moment."""
        return self._ask("query", query=expression, time=at)

    def span(self, expression: str, start: float, end: float, step: float) -> Answer:
        """An expression over time."""
        return self._ask("query_range", query=expression, start=start, end=end, step=step)

    def _ask(self, path: str, **parameters: object) -> Answer:
        asked = urlencode({**parameters, "timeout": "600s", "stats": "all"}).encode()
        began, before = time.perf_counter(), self._worked()
        with urlopen(f"{self.base}/api/v1/{path}", asked, timeout=900) as response:
            body = response.read()
        waited = time.perf_counter() - began
        data = json.loads(body)["data"]
        worked = self._worked() - before
        return Answer(data["result"], data["stats"]["timings"]["evalTotalTime"], waited, worked, len(body))

    def _worked(self) -> float:
        user, system = Path(f"/proc/{self.pid}/stat").read_text().rsplit(")", 1)[1].split()[11:13]
        return (int(user) + int(system)) / os.sysconf("SC_CLK_TCK")


@contextmanager
def running(directory: Path) -> Iterator[Prometheus]:
    """An empty one that takes remote writes of two months back."""
    directory.mkdir(parents=True, exist_ok=True)
    (directory / "prometheus.yml").write_text("global: {evaluation_interval: 1m}\n")
    port = free_port()
    command = [
        "prometheus", f"--config.file={directory / 'prometheus.yml'}", f"--storage.tsdb.path={directory / 'data'}",
        f"--web.listen-address=127.0.0.1:{port}", "--web.enable-remote-write-receiver",
        "--storage.tsdb.min-block-duration=60d", "--storage.tsdb.max-block-duration=60d",
        "--storage.tsdb.retention.time=100y", "--log.level=error",
    ]  # fmt: skip
    with (directory / "prometheus.log").open("wb") as log:
        process = subprocess.Popen(command, stdout=log, stderr=log)
        try:
            base = f"http://127.0.0.1:{port}"
            _wait(process, base, directory / "prometheus.log")
            yield Prometheus(base, process.pid)
        finally:
            process.terminate()
            process.wait()


def _wait(process: subprocess.Popen[bytes], base: str, log: Path) -> None:
    deadline = time.monotonic() + _PATIENCE_SECONDS
    while time.monotonic() < deadline and process.poll() is None:
        try:
            with urlopen(f"{base}/-/ready", timeout=5):
                return
        except (URLError, OSError):
            time.sleep(0.1)
    raise RuntimeError(f"Prometheus does not start: {log.read_text()[-2000:]}")
