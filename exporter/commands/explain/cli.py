"""The command line of `campaign-exporter explain`."""

from __future__ import annotations

import shutil
import sys
from pathlib import Path

import click

from exporter.commands.explain.command import as_json, explain, printable
from exporter.commands.explain.terminal import WIDTH, as_text
from exporter.commands.options import CAMPAIGN, CONFIG_FILE, TASK, colour
from exporter.commands.printing import say, say_json
from exporter.config import load


@click.command("explain")
@CONFIG_FILE
@CAMPAIGN
@TASK
@click.option("--json", "json_wanted", is_flag=True, help="The card as the page gives it; see docs/pages.md.")
def explain_campaign(config_file: Path, campaign_id: str, task_id: str | None, json_wanted: bool) -> None:
    """Say why a campaign, or one task, is not dialled. Reads the database itself: works while the exporter is down."""
    explained = explain(load(config_file), campaign_id, task_id)
    if json_wanted:
        say_json(as_json(explained))
        return
    width = max(60, min(100, shutil.get_terminal_size((WIDTH, 24)).columns)) if sys.stdout.isatty() else WIDTH
    text = printable(as_text(explained.card, explained.task, width))
    say(text, nl=False, color=colour())
