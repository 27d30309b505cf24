"""Debian's Prometheus, run for a test: on a history it is given, or scraping."""

from __future__ import annotations

import json
import socket
import subprocess
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar
from urllib.error import URLError
from urllib.parse import urlencode
from urllib.request import urlopen

from exporter.metrics.exposition import EOF

PATIENCE_SECONDS = 60.0
JOB = "campaign-exporter"
T = TypeVar("T")


def wait_for(what: str, look: Callable[[], T | None], patience: float = PATIENCE_SECONDS) -> T:
    """What `look` returns as soon as it is something: programs of others take their time."""
    deadline = time.monotonic() + patience
    while time.monotonic() < deadline:
        found = look()
        if found:
            return found
        time.sleep(0.05)
    raise AssertionError(f"waited {patience:g} s in vain for {what}")


def free_port() -> int:
    """A port that nobody listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def fetch(url: str) -> bytes | None:
    """What a server answers with status 200; `None` when it does not answer yet, or with another status."""
    try:
        with urlopen(url, timeout=5) as response:
            body: bytes = response.read()
            return body
    except (URLError, OSError):
        return None


class Prometheus:
    """A running Prometheus."""

    def __init__(self, port: int) -> None:
        self._base = f"http://127.0.0.1:{port}"

    def api(self, path: str, **parameters: Any) -> Any:
        """The data of an API call."""
        body = fetch(f"{self._base}/api/v1/{path}?{urlencode(parameters)}")
        assert body is not None, f"Prometheus does not answer {path} {parameters}"
        return json.loads(body)["data"]

    @property
    def base(self) -> str:
        """Its address."""
        return self._base

    def query(self, expression: str, at: float) -> dict[tuple[tuple[str, str], ...], float]:
        """The instant vector of an expression, by labels."""
        result = self.api("query", query=expression, time=at)["result"]
        return {tuple(sorted(sample["metric"].items())): float(sample["value"][1]) for sample in result}

    def span(
        self, expression: str, start: float, end: float, step: float
    ) -> dict[tuple[tuple[str, str], ...], dict[float, float]]:
        """The values of an expression over time, by labels and moment."""
        result = self.api("query_range", query=expression, start=start, end=end, step=step)["result"]
        return {
            tuple(sorted(series["metric"].items())): {at: float(value) for at, value in series["values"]}
            for series in result
        }


@contextmanager
def running(
    directory: Path,
    targets: Sequence[str] = (),
    interval: str = "1s",
    rules: Sequence[Path] = (),
    alertmanager: str = "",
    scrape: Mapping[str, Any] | None = None,
    program: str = "prometheus",
    arguments: Sequence[str] = (),
    **more: Any,
) -> Iterator[Prometheus]:
    """Prometheus on the data in `directory`, scraping the targets and telling an Alertmanager what the rules find.

    `scrape`: what else its job says; paths are relative to the directory. `program`: another Prometheus than Debian's;
    `arguments` are further ones, `more` is what else its configuration says.
    """
    port = free_port()
    config = {
        "global": {"scrape_interval": interval, "scrape_timeout": interval, "evaluation_interval": interval},
        "scrape_configs": [{"job_name": JOB, "static_configs": [{"targets": list(targets)}], **(scrape or {})}],
        "rule_files": list(map(str, rules)),
        "alerting": {"alertmanagers": [{"static_configs": [{"targets": [alertmanager]}]}] if alertmanager else []},
        **more,
    }
    path = directory / "prometheus.json"
    path.write_text(json.dumps(config))
    command = [
        program, f"--config.file={path}", f"--storage.tsdb.path={directory / 'data'}",
        f"--web.listen-address=127.0.0.1:{port}", "--storage.tsdb.retention.time=10y", "--log.level=error",
        *arguments,
    ]  # fmt: skip
    process = subprocess.Popen(command)
    try:
        wait_for("Prometheus", lambda: fetch(f"http://127.0.0.1:{port}/-/ready"))
        yield Prometheus(port)
    finally:
        process.terminate()
        process.wait()


def write_history(directory: Path, scrapes: Sequence[tuple[float, bytes]]) -> None:
    """Make the data of a Prometheus that saw these text-format bodies at these times (seconds since 1970)."""
    families: dict[str, tuple[list[str], list[str]]] = {}
    for at, body in scrapes:
        name = ""
        for line in body.decode().splitlines():
            if line.startswith("# TYPE "):
                name = line.split()[2]
                families.setdefault(name, ([line.replace(f" {name} ", f" {name.removesuffix('_total')} ", 1)], []))
            elif not line.startswith("#"):
                families[name][1].append(f"{line} {at:.3f}")
    lines = [line for head, samples in families.values() for line in (*head, *sorted(samples, key=_series))]
    source = directory / "history.txt"
    source.write_bytes("\n".join(lines).encode() + b"\n" + EOF)
    few = "--max-block-duration=720h"  # promtool reads all of it once for each block
    subprocess.run(
        ["promtool", "tsdb", "create-blocks-from", "openmetrics", few, source, directory / "data"],
        check=True, capture_output=True,
    )  # fmt: skip


def _series(line: str) -> str:
    """A sample line without its value and time: sorted by it, each series stays in the order of time."""
    return line.rsplit(" ", 2)[0]
