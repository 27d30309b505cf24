"""The exporter under measurement: as a process that serves, and as a refresher that is driven by hand."""

from __future__ import annotations

import logging
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import structlog
import yaml

from benchmarks import process
from benchmarks.database import Connection, Target, report
from exporter.config import Config
from exporter.metrics.self_metrics import Telemetry
from exporter.refresh.refresher import Refresher
from exporter.source.database import Database

YEAR = 365 * 86_400.0


def config(target: Target) -> Config:
    """The defaults. Audits are measured apart, so they do not come up by chance."""
    return Config.model_validate({"database": {"url": target.monitor}, "audit": {"period": YEAR}})


@contextmanager
def serving(target: Target, directory: Path, **sections: Mapping[str, Any]) -> Iterator[process.Exporter]:
    """`campaign-exporter serve` with its defaults but for these sections of the configuration."""
    file = directory / "exporter.yml"
    file.write_text(yaml.safe_dump({"database": {"url": target.monitor}, **sections}))
    port = process.free_port()
    command = [sys.executable, "-m", "exporter.commands.cli", "serve", "--config.file", str(file)]
    command += ["--web.listen-address", f"127.0.0.1:{port}"]
    with process.running(command, port, directory / "exporter.log") as exporter:
        yield exporter


class _Seen(Database):
    """A database whose connections can be told to report what they did."""

    def __init__(self, config: Config) -> None:
        super().__init__(config)
        self.connections: list[Connection] = []

    def connect(self) -> Connection:
        connection = super().connect()
        self.connections.append(connection)
        return connection


class Driven:
    """A refresher on a clock that is put forward by hand."""

    def __init__(self, target: Target) -> None:
        structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.WARNING))
        self.config = config(target)
        self.database = _Seen(self.config)
        self.lag = 0.0
        self.refresher = Refresher(self.config, self.database, Telemetry(), lambda now: now - self.lag)

    def report(self) -> None:
        """Have the session add what it did to the statistics."""
        for connection in self.database.connections:
            if not connection.closed:
                report(connection)

    def close(self) -> None:
        """End the session."""
        self.refresher.end()
