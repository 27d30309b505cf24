"""The command `campaign-exporter dashboards`."""

from __future__ import annotations

from pathlib import Path

import click

from dashboards import build
from dashboards.settings import load

_CONFIG = click.option(
    "--config",
    "config_file",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Names, datasources, links and shared boards; see docs/dashboards.md. Defaults without it.",
)


@click.group("dashboards")
def dashboards() -> None:
    """Make the Grafana dashboards."""


@dashboards.command("build")
@_CONFIG
@click.option("--out", type=click.Path(path_type=Path, file_okay=False), required=True, help="The folder to write to.")
def build_boards(config_file: Path | None, out: Path) -> None:
    """Write each board as a file for Grafana's provisioning, or to import by hand."""
    for path in build.build(load(config_file), out):
        click.echo(path)
