"""The command line of `campaign-exporter demo`."""

from __future__ import annotations

import math
import sys
from pathlib import Path
from typing import Any

import click

from exporter.commands.options import listen_address
from exporter.commands.printing import say
from exporter.config import DEFAULT_PORT
from exporter.errors import ConfigError


class _Speed(click.FloatRange):
    """More than none, and a number: `nan` is within any range."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> float:
        speed: float = super().convert(value, param, ctx)
        if math.isnan(speed):
            self.fail("nan is no speed; write a number such as 60", param, ctx)
        return speed


_PORT = click.IntRange(1, 65_535)
_NEXT_FREE = "If it is in use, the next free one."


@click.command()
@click.option(
    "--scenario", "scenarios", multiple=True, metavar="NAME[:KEY=VALUE,...]", help="Change one thing; repeatable."
)
@click.option("--list-scenarios", is_flag=True, help="Say what --scenario knows, and end.")
@click.option("--seed", help="Another seed, another history; needs --fresh if there is one already.")
@click.option("--speed", type=_Speed(0, 86_400, min_open=True), default=1.0, help="Times as fast as real time.")
@click.option("--fresh", is_flag=True, help="Delete an earlier demo first.")
@click.option("--data-dir", type=click.Path(path_type=Path, file_okay=False), default=Path(".demo"), show_default=True)
@click.option(
    "--web.listen-address", "listen", default=f"127.0.0.1:{DEFAULT_PORT}", show_default=True, callback=listen_address
)
@click.option(
    "--stack/--no-stack", default=True, help="Prometheus, Alertmanager and Grafana beside it, if they are installed."
)
@click.option("--prometheus.port", "prometheus_port", type=_PORT, default=9090, show_default=True, help=_NEXT_FREE)
@click.option("--alertmanager.port", "alertmanager_port", type=_PORT, default=9093, show_default=True, help=_NEXT_FREE)
@click.option("--grafana.port", "grafana_port", type=_PORT, default=3000, show_default=True, help=_NEXT_FREE)
def demo(
    scenarios: tuple[str, ...],
    list_scenarios: bool,
    seed: str | None,
    speed: float,
    fresh: bool,
    data_dir: Path,
    listen: str,
    stack: bool,
    prometheus_port: int,
    alertmanager_port: int,
    grafana_port: int,
) -> None:
    """A simulated dialler on an embedded PostgreSQL, and the exporter on it."""
    try:
        from exporter.demo.command import list_all, start
        from exporter.demo.stack.stack import Ports
    except ImportError as error:
        raise ConfigError(f"the demo needs {error.name}: pip install 'campaign-exporter[demo]'") from None
    if list_scenarios:
        say(list_all())
        return
    ports = Ports(prometheus=prometheus_port, alertmanager=alertmanager_port, grafana=grafana_port) if stack else None
    sys.exit(start(scenarios, seed, speed, fresh, data_dir, listen, ports))
