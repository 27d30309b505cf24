"""The command `campaign-exporter demo`: the demo with the exporter in the same process, on the demo's clock."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

import yaml

from exporter.config import Config, parse
from exporter.config.listening import format_address, parse_address
from exporter.demo.run import run
from exporter.demo.runtime.clock import ScaledClock
from exporter.demo.runtime.server import ServerBusyError, ServerDirectoryError
from exporter.demo.scenarios.activation import ScenarioError
from exporter.demo.scenarios.table import SCENARIOS
from exporter.demo.stack.stack import Ports, Stack
from exporter.errors import ConfigError
from exporter.logs import configure
from exporter.web.server import run as serve


def start(
    scenarios: Sequence[str],
    seed: str | None,
    speed: float,
    fresh: bool,
    data_dir: Path,
    listen: str,
    ports: Ports | None,
) -> int:
    """Run until it is stopped; the exit status. What a person can mend is a `ConfigError`.

    With `ports`, Prometheus and the others run beside it.
    """
    stack = None if ports is None else Stack(data_dir, _target(listen), ports)

    def export(url: str, clock: ScaledClock) -> None:
        config = configuration(url, None if stack is None else stack.urls.get("grafana"))
        configure(config.log)

        def virtual(now: float) -> float:
            return clock(datetime.fromtimestamp(now, UTC)).timestamp()

        serve(config, [listen], virtual)

    addresses = [("the exporter", f"http://{listen}/"), ("its metrics", f"http://{listen}/metrics")]
    try:
        return run(data_dir, seed, speed, scenarios, fresh, serve=export, addresses=lambda: addresses, stack=stack)
    except (ScenarioError, ServerBusyError, ServerDirectoryError, FileExistsError) as error:
        raise ConfigError(str(error)) from None


def configuration(url: str, grafana_url: str | None = None) -> Config:
    """The exporter's configuration for the demo."""
    settings = {"database": {"url": url}, "web": {"grafana_url": grafana_url}}
    return parse(yaml.safe_dump(settings), "the demo's configuration", {})


def _target(listen: str) -> str:
    """Where a program on this machine finds what listens so."""
    host, port = parse_address(listen)
    if host in (None, "0.0.0.0", "::"):
        host = "127.0.0.1"
    return format_address(host, port)


def list_all() -> str:
    """The scenarios with what one sees of them and their parameters, a paragraph each."""
    paragraphs = []
    for scenario in SCENARIOS.values():
        parameters = ", ".join(f"{name}={value}" for name, value in scenario.parameters.items())
        verdict = f"{scenario.verdict}, gate {scenario.gate}" if scenario.verdict else "dials on"
        lines = [scenario.name, scenario.summary, scenario.shows, f"{verdict}; hint: … {scenario.hint} …", parameters]
        paragraphs.append("\n    ".join(filter(None, lines)))
    return "\n".join(paragraphs)
