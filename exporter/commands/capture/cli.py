"""The command line of `campaign-exporter capture`."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from exporter.commands.capture.command import Request, capture
from exporter.commands.options import CAMPAIGN, CONFIG_FILE, TASK, span_of
from exporter.commands.printing import say
from exporter.config import load


@click.command("capture")
@CONFIG_FILE
@CAMPAIGN
@TASK
@click.option("--since", metavar="DURATION", default="2h", show_default=True, help="How far back calls and tasks go.")
@click.option("-o", "--output", "output", type=click.Path(path_type=Path), required=True, help="The archive, a .zip.")
@click.option("--unmasked", is_flag=True, help="Leave contacts and phones as they are; the archive says so.")
@click.option("--url", help="Where the exporter runs, if not where the configuration lets it listen.")
@click.option("--force", is_flag=True, help="Overwrite the archive if it exists.")
def capture_evidence(
    config_file: Path,
    campaign_id: str,
    task_id: str | None,
    since: str,
    output: Path,
    unmasked: bool,
    url: str | None,
    force: bool,
) -> None:
    """Put everything that an escalation needs into one archive. Works while the exporter or the database is down.

    Exit status 3: the archive was written, and something is missing from it.
    """
    config = load(config_file)
    request = Request(config_file, campaign_id, task_id, span_of(since), output, not unmasked, url, force)
    captured = capture(config, request)
    for note in captured.notes:
        say(f"note: {note}", err=True)
    for each in captured.missing:
        say(f"not captured: {each.what}: {each.why}", err=True)
    kind = "UNMASKED, it holds personal data" if unmasked else "contacts and phones masked"
    say(f"{output}: {captured.files} files, {captured.size:,} bytes, {kind}; begin with its README.txt")
    sys.exit(captured.status)
