"""`campaign-exporter check`."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from exporter.commands.check.examine import check
from exporter.commands.check.report import as_json, as_text
from exporter.commands.check.steps import in_short
from exporter.commands.check.watch import watched, with_watched
from exporter.commands.options import CONFIG_FILE, colour, span_of
from exporter.commands.printing import say, say_json
from exporter.config import load


@click.command("check")
@CONFIG_FILE
@click.option("--json", "json_wanted", is_flag=True, help="For a program; the shape is in docs/operating.md.")
@click.option("--all", "everything", is_flag=True, help="All advice, and what is fine.")
@click.option("--watch", metavar="DURATION", help="See the newest rows again after so long: do changes stamp them?")
def check_database(config_file: Path, json_wanted: bool, everything: bool, watch: str | None) -> None:
    """Say whether the exporter would work well on the database, and what to mend. Exit status 1: it would not."""
    config = load(config_file)
    seconds = None if watch is None else span_of(watch, "--watch")
    report = check(config)
    if seconds is not None:
        report = with_watched(report, watched(config, seconds))
    if json_wanted:
        say_json(as_json(report))
    else:
        say(as_text(report) if everything else in_short(report), color=colour())
    sys.exit(0 if report.good else 1)
