"""`campaign-exporter config`."""

from __future__ import annotations

from pathlib import Path

import click
import yaml

from exporter.commands.options import CONFIG_FILE
from exporter.config import load
from exporter.metrics.selection import selected


@click.command("config")
@CONFIG_FILE
def show_config(config_file: Path) -> None:
    """Print the effective configuration, with every default; secrets hidden."""
    config = load(config_file)
    selected(config.metrics)  # names of metrics are known there only
    text = yaml.safe_dump(config.model_dump(mode="json", by_alias=True), sort_keys=False)
    click.echo(text, nl=False)
