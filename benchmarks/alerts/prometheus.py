"""A Prometheus on blocks that were simulated: asked for ranges, given what rules record."""

from __future__ import annotations

import json
import os
import shutil
import socket
import subprocess
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any
from urllib.error import HTTPError, URLError
from urllib.parse import urlencode
from urllib.request import urlopen

from exporter.metrics.exposition import EOF, escape

MOST_POINTS = 10_000
_PATIENCE_SECONDS = 60.0
Series = tuple[dict[str, str], list[tuple[float, str]]]
"""Labels, and times with values as Prometheus prints them."""


class PrometheusError(RuntimeError):
    """Prometheus or promtool does not do what was asked; the message is its own."""


@dataclass(frozen=True, slots=True)
class Prometheus:
    """A running one."""

    base: str

    def range(self, expression: str, start: float, end: float, step: float) -> Iterator[Series]:
        """The result of an expression from `start` to `end`, in parts of the time, each part series by series."""
        span = step * (MOST_POINTS - 1)
        while start <= end:
            until = min(end, start + span)
            parameters = {"query": expression, "start": start, "end": until, "step": step, "timeout": "600s"}
            for each in self._ask("query_range", parameters)["result"]:
                yield each["metric"], each["values"]
            start = until + step if until < end else end + step

    def _ask(self, path: str, parameters: Mapping[str, object]) -> Any:
        try:
            with urlopen(f"{self.base}/api/v1/{path}", urlencode(parameters).encode(), timeout=900) as response:
                return json.load(response)["data"]
        except HTTPError as error:
            raise PrometheusError(f"{json.load(error)['error']}, asked for {parameters['query']}") from None


@contextmanager
def running(data: Path, lookback: float) -> Iterator[Prometheus]:
    """Prometheus on the blocks in `data`; it looks back for so many seconds."""
    config = data.parent / "prometheus.yml"
    config.write_text("global: {evaluation_interval: 1m}\n")
    port = _free_port()
    command = [
        "prometheus", f"--config.file={config}", f"--storage.tsdb.path={data}",
        f"--web.listen-address=127.0.0.1:{port}",
        f"--query.lookback-delta={round(lookback * 1000)}ms", "--query.max-samples=500000000", "--query.timeout=15m",
        "--storage.tsdb.retention.time=100y", "--storage.tsdb.max-block-duration=2h", "--log.level=error",
    ]  # fmt: skip
    with (data.parent / "prometheus.log").open("wb") as log:
        process = _started(command, log)
        try:
            base = f"http://127.0.0.1:{port}"
            _wait(process, f"{base}/-/ready", data.parent / "prometheus.log")
            yield Prometheus(base)
        finally:
            process.terminate()
            process.wait()


def _started(command: Sequence[str], log: IO[bytes]) -> subprocess.Popen[bytes]:
    try:
        return subprocess.Popen(command, stdout=log, stderr=log)
    except FileNotFoundError:
        raise PrometheusError("prometheus is missing; Debian has it in `prometheus`") from None


def _wait(process: subprocess.Popen[bytes], url: str, log: Path) -> None:
    deadline = time.monotonic() + _PATIENCE_SECONDS
    while time.monotonic() < deadline and process.poll() is None:
        try:
            with urlopen(url, timeout=5):
                return
        except (URLError, OSError):
            time.sleep(0.05)
    raise PrometheusError(f"prometheus did not start: {log.read_text(errors='replace')[-2000:]}")


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def linked(blocks: Path, to: Path) -> None:
    """The same blocks once more in another place: whatever is done there leaves these as they are."""
    shutil.copytree(blocks, to, copy_function=os.link)


def add(data: Path, series: Iterable[tuple[str, Series]]) -> None:
    """Add what recording rules found to the blocks, each series under its rule's name."""
    file, count = data.parent / "recorded.txt", 0
    with file.open("wb") as sink:
        for name, (labels, values) in series:
            text = ",".join(f'{label}="{escape(value)}"' for label, value in labels.items() if label != "__name__")
            head = f"{name}{{{text}}}"
            sink.write("".join([f"{head} {value} {at:.3f}\n" for at, value in values]).encode())
            count += len(values)
        sink.write(EOF)
    # few blocks: promtool reads the whole file once for each of them
    command = ["promtool", "tsdb", "create-blocks-from", "--max-block-duration=1440h", "openmetrics", "--quiet",
               str(file), str(data)]  # fmt: skip
    if count:
        result = subprocess.run(command, capture_output=True, check=False)
        if result.returncode:
            raise PrometheusError(f"promtool refused what rules recorded: {(result.stderr + result.stdout).decode()}")
    file.unlink()
