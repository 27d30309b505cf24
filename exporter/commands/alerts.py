"""The command `campaign-exporter alerts`."""

from __future__ import annotations

from pathlib import Path

import click

from alerts import build
from alerts.settings import load
from exporter.commands.building import GROUP_LABELS, building
from exporter.commands.printing import say


@click.group("alerts")
def alerts() -> None:
    """Make the alert rules and what belongs to them."""


@alerts.command("build")
@click.option(
    "--config",
    "config_file",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Thresholds, severities, links and receivers; see docs/alerts.md. Defaults without it.",
)
@GROUP_LABELS
@click.option("--out", type=click.Path(path_type=Path, file_okay=False), required=True, help="The folder to write to.")
def build_alerts(config_file: Path | None, group_labels: str | None, out: Path) -> None:
    """Write the rules for Prometheus and for Grafana, their tests, and Alertmanager's configuration."""
    settings = load(config_file, group_labels)
    with building(config_file, out):
        written = build.build(settings, out)
    for path in written:
        say(str(path))
