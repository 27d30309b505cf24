"""Other engines than Debian's Prometheus, run for a test: Prometheus 3, VictoriaMetrics with its agent and its alerts.

`make engines` builds them, or takes those in the directory that ENGINES names.
"""

from __future__ import annotations

import json
import os
import re
import struct
import subprocess
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from benchmarks.crowd.remote import Clock, labels_of, write
from tests.support.prometheus import JOB, Prometheus, fetch, free_port, running, wait_for

DIRECTORY = os.environ.get("ENGINES", "")
needed = pytest.mark.skipif(not DIRECTORY, reason="`make engines` runs these")

STALE = float(np.frombuffer(struct.pack("<Q", 0x7FF0000000000002), "<f8")[0])
"""What Prometheus notes when a series is scraped no more: a NaN of its own."""

RECEIVES = (
    "--web.enable-remote-write-receiver", "--storage.tsdb.min-block-duration=60d",
    "--storage.tsdb.max-block-duration=60d",
)  # fmt: skip
"""Arguments of a Prometheus that takes remote writes of weeks ago."""

_LINE = re.compile(r"^(\w+)(?:\{(.*)\})? (\S+)$")
_LABEL = re.compile(r'(\w+)="((?:[^"\\]|\\.)*)"')
_ESCAPED = re.compile(r"\\(.)")

Labels = tuple[tuple[str, str], ...]


def program(name: str) -> str:
    """The path of an engine's program."""
    return str(Path(DIRECTORY) / name)


@contextmanager
def prometheus3(directory: Path, **options: object) -> Iterator[Prometheus]:
    """Prometheus 3, with the options of `prometheus.running`."""
    directory.mkdir(parents=True, exist_ok=True)
    with running(directory, program=program("prometheus"), **options) as server:  # type: ignore[arg-type]
        yield server


@contextmanager
def victoria(directory: Path, *arguments: str) -> Iterator[Prometheus]:
    """VictoriaMetrics on a single node, asked as a Prometheus is."""
    port = free_port()
    command = [
        program("victoria-metrics"), f"-storageDataPath={directory / 'victoria'}",
        f"-httpListenAddr=127.0.0.1:{port}", "-retentionPeriod=100y", "-search.latencyOffset=0s",
        "-loggerLevel=ERROR", "-memory.allowedBytes=512MB", *arguments,
    ]  # fmt: skip
    with _started(directory, "victoria", command, f"http://127.0.0.1:{port}/health"):
        yield Prometheus(port)


@contextmanager
def started(directory: Path, name: str, *arguments: str) -> Iterator[str]:
    """One of the other programs of VictoriaMetrics; yields its address."""
    port = free_port()
    command = [program(name), f"-httpListenAddr=127.0.0.1:{port}", "-loggerLevel=ERROR", *arguments]
    with _started(directory, name, command, f"http://127.0.0.1:{port}/health"):
        yield f"http://127.0.0.1:{port}"


@contextmanager
def _started(directory: Path, name: str, command: Sequence[str], health: str) -> Iterator[None]:
    directory.mkdir(parents=True, exist_ok=True)
    with (directory / f"{name}.log").open("wb") as log:
        process = subprocess.Popen(command, stdout=log, stderr=log)
        try:
            wait_for(name, lambda: fetch(health))
            yield
        finally:
            process.terminate()
            process.wait()


@contextmanager
def sending(by: str, directory: Path, exporter: str, to: str) -> Iterator[None]:
    """Scrape an exporter once a second and send it on: by vmagent, or by Prometheus 3 as a server or as an agent."""
    scrape = {"job_name": JOB, "static_configs": [{"targets": [exporter]}]}
    config = {"global": {"scrape_interval": "1s", "scrape_timeout": "1s"}, "scrape_configs": [scrape]}
    port = free_port()
    if by != "agent":
        config["remote_write"] = [{"url": to, "queue_config": {"batch_send_deadline": "100ms"}}]
    (directory / "sending.yml").write_text(json.dumps(config))
    if by == "agent":
        arguments = (
            f"-promscrape.config={directory / 'sending.yml'}", f"-remoteWrite.url={to}",
            f"-remoteWrite.tmpDataPath={directory / 'vmagent'}", "-remoteWrite.flushInterval=100ms",
        )  # fmt: skip
        with started(directory, "vmagent", *arguments):
            yield
        return
    storage = (
        ("--agent", f"--storage.agent.path={directory / 'agent'}")
        if by == "agent mode"
        else (f"--storage.tsdb.path={directory / 'tsdb'}",)
    )
    command = [
        program("prometheus"), f"--config.file={directory / 'sending.yml'}",
        f"--web.listen-address=127.0.0.1:{port}", "--log.level=error", *storage,
    ]  # fmt: skip
    with _started(directory, "sending", command, f"http://127.0.0.1:{port}/-/ready"):
        yield


def flush(server: Prometheus) -> None:
    """Let VictoriaMetrics show what was just written."""
    assert fetch(f"{server.base}/internal/force_flush") is not None


def remember(servers: Iterable[Prometheus], scrapes: Sequence[tuple[float, bytes]], **target: str) -> int:
    """Write what a scrape every now and then would have seen, with a mark where a series was there no more.

    `target` are the labels that the scrape gives. Returns how many series there are.
    """
    seen: dict[Labels, list[tuple[int, float]]] = {}
    for place, (_, text) in enumerate(scrapes):
        for labels, value in _samples(text, target):
            seen.setdefault(labels, []).append((place, value))
    moments = np.array([at for at, _ in scrapes])
    clocks: dict[bytes, Clock] = {}
    encoded = []
    for labels, samples in seen.items():
        places, values = _with_marks(samples, len(scrapes))
        clock = clocks.setdefault(places.tobytes(), Clock(moments[places]))
        encoded.append((labels_of(dict(labels)), clock.samples(values)))
    for server in servers:
        write(server.base, encoded)
    return len(encoded)


def _with_marks(samples: Sequence[tuple[int, float]], scrapes: int) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """The samples of a series by scrape, and a mark at the first scrape that lacked it."""
    found: list[tuple[int, float]] = []
    for place, value in samples:
        if found and place > found[-1][0] + 1:
            found.append((found[-1][0] + 1, STALE))
        found.append((place, value))
    if found[-1][0] + 1 < scrapes:
        found.append((found[-1][0] + 1, STALE))
    return np.array([place for place, _ in found]), np.array([value for _, value in found])


def _samples(text: bytes, target: Mapping[str, str]) -> Iterator[tuple[Labels, float]]:
    """The series of a page in the text format, and `up`."""
    yield tuple(sorted({"__name__": "up", **target}.items())), 1.0
    for line in text.decode().splitlines():
        if line and not line.startswith("#"):
            matched = _LINE.match(line)
            assert matched, line
            labels = {
                name: _ESCAPED.sub(lambda found: {"n": "\n"}.get(found[1], found[1]), value)
                for name, value in _LABEL.findall(matched[2] or "")
            }
            yield tuple(sorted({"__name__": matched[1], **labels, **target}.items())), float(matched[3])
