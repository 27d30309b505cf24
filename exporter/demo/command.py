"""The command `campaign-exporter demo`: the demo with the exporter in the same process, on the demo's clock."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

import yaml

from exporter.config import Config, parse
from exporter.demo.activation import ScenarioError
from exporter.demo.clock import ScaledClock
from exporter.demo.run import run
from exporter.demo.scenarios import SCENARIOS
from exporter.demo.server import ServerBusyError
from exporter.errors import ConfigError
from exporter.logs import configure
from exporter.serving import run as serve


def start(scenarios: Sequence[str], seed: str | None, speed: float, fresh: bool, data_dir: Path, listen: str) -> int:
    """Run until it is stopped; the exit status. What a person can mend is a `ConfigError`."""

    def export(url: str, clock: ScaledClock) -> None:
        config = configuration(url)
        configure(config.log)

        def virtual(now: float) -> float:
            return clock(datetime.fromtimestamp(now, UTC)).timestamp()

        serve(config, listen, virtual)

    addresses = [("the exporter", f"http://{listen}/"), ("its metrics", f"http://{listen}/metrics")]
    try:
        return run(data_dir, seed, speed, scenarios, fresh, serve=export, addresses=lambda: addresses)
    except (ScenarioError, ServerBusyError, FileExistsError) as error:
        raise ConfigError(str(error)) from None


def configuration(url: str) -> Config:
    """The exporter's configuration for the demo."""
    return parse(yaml.safe_dump({"database": {"url": url}}), "the demo's configuration", {})


def list_all() -> str:
    """The scenarios with what one sees of them and their parameters, a paragraph each."""
    paragraphs = []
    for scenario in SCENARIOS.values():
        parameters = ", ".join(f"{name}={value}" for name, value in scenario.parameters.items())
        verdict = f"{scenario.verdict}, gate {scenario.gate}" if scenario.verdict else "dials on"
        lines = [scenario.name, scenario.summary, scenario.shows, f"{verdict}; hint: … {scenario.hint} …", parameters]
        paragraphs.append("\n    ".join(filter(None, lines)))
    return "\n".join(paragraphs)
