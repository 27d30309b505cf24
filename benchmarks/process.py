"""Exporters as processes of their own, and a client that asks them."""

from __future__ import annotations

import http.client
import socket
import subprocess
import time
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

PROMETHEUS = {
    "Accept": "application/openmetrics-text;version=1.0.0;q=0.5,text/plain;version=0.0.4;q=0.4,*/*;q=0.1",
    "Accept-Encoding": "gzip",
}
"""What Prometheus asks for."""

PLAIN = {"Accept": "text/plain", "Accept-Encoding": "identity"}
"""What is easiest to serve: no compression."""


class Client:
    """One connection that is kept, as Prometheus keeps it."""

    def __init__(self, port: int) -> None:
        self._connection = http.client.HTTPConnection("127.0.0.1", port, timeout=120)

    def get(self, path: str, headers: Mapping[str, str]) -> tuple[int, bytes]:
        """Status and body as sent."""
        try:
            self._connection.request("GET", path, headers=dict(headers))
            response = self._connection.getresponse()
            return response.status, response.read()
        except (OSError, http.client.HTTPException):
            self._connection.close()  # the next request connects anew
            raise

    def close(self) -> None:
        """End the connection."""
        self._connection.close()


@dataclass(frozen=True, slots=True)
class Exporter:
    """A running exporter."""

    pid: int
    port: int
    started: float
    """When the process was started, by the monotonic clock."""

    def client(self) -> Client:
        """A new connection to it."""
        return Client(self.port)


def free_port() -> int:
    """A port that nobody listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    return port


@contextmanager
def running(command: Sequence[str], port: int, log: Path) -> Iterator[Exporter]:
    """Start a command that will listen on the port; end it when done. Its words go to `log`."""
    with log.open("w") as output:
        started = time.monotonic()
        process = subprocess.Popen(command, stdout=output, stderr=subprocess.STDOUT)
        try:
            yield Exporter(process.pid, port, started)
            if process.poll() is not None:
                raise RuntimeError(f"{command[0]} ended by itself: {log.read_text()[-2000:]}")
        finally:
            process.terminate()
            try:
                process.wait(20)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


def wait_for(exporter: Exporter, path: str, wanted: Collection[bytes], seconds: float, pause: float = 0.02) -> float:
    """Ask again and again until the answer is 200 and holds all this; when that was, by the monotonic clock."""
    client = exporter.client()
    deadline = time.monotonic() + seconds
    try:
        while time.monotonic() < deadline:
            try:
                status, body = client.get(path, PLAIN)
            except (OSError, http.client.HTTPException):
                status, body = 0, b""
            if status == 200 and all(text in body for text in wanted):
                return time.monotonic()
            time.sleep(pause)
    finally:
        client.close()
    raise TimeoutError(f"{path} on port {exporter.port} did not show all that was waited for within {seconds:.0f} s")


def memory(pid: int) -> tuple[float, float]:
    """Resident bytes of a process: now, and at most so far."""
    fields = dict(
        line.split(":", 1) for line in Path(f"/proc/{pid}/status").read_text().splitlines() if line.startswith("Vm")
    )
    now, most = (int(fields[name].split()[0]) * 1024 for name in ("VmRSS", "VmHWM"))
    return float(now), float(most)
