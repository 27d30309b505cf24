"""The command line of `campaign-exporter adopt`."""

from __future__ import annotations

from pathlib import Path

import click

from exporter.commands.adopt.draft import draft
from exporter.config import load
from exporter.errors import ConfigError

ROLE = "campaign_monitor"


@click.command("adopt")
@click.option("--draft", "draft_wanted", is_flag=True, help="Views proposed from the tables that a database has.")
@click.option(
    "--config.file",
    "config_file",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Where the database is, and as whom to look at it: for --draft.",
)
@click.option("--role", default=ROLE, show_default=True, help="The role that the exporter will sign in as.")
def adopt(draft_wanted: bool, config_file: Path | None, role: str) -> None:
    """Print SQL that makes a dialler's tables the contract's views, for a DBA to read. Nothing is run.

    See docs/adopt.md.
    """
    if not draft_wanted:
        raise ConfigError("adopt: say what of: --draft")
    if config_file is None:
        raise ConfigError("adopt --draft: --config.file says where the database is")
    click.echo(draft(load(config_file), role).encode(), nl=False)  # exact, whatever the terminal
