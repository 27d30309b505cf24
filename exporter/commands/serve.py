"""`campaign-exporter serve`."""

from __future__ import annotations

import os
from pathlib import Path

import click

from exporter.commands.options import CONFIG_FILE, WEB_FILE, listen_addresses
from exporter.config import load
from exporter.logs import drain, take_over
from exporter.refresh.allocating import hand_back_large
from exporter.web.guard.guard import Guard
from exporter.web.server import run

_END_SECONDS = 4.5
"""From a signal to the end of the process, at most; it is less than what container runtimes and systemd wait."""


@click.command()
@CONFIG_FILE
@click.option(
    "--web.listen-address",
    "listen",
    metavar="HOST:PORT",
    multiple=True,
    callback=listen_addresses,
    help="Instead of the configuration's; or unix:/PATH. May be given several times.",
)
@WEB_FILE
def serve(config_file: Path, listen: tuple[str, ...], web_file: Path | None) -> None:
    """Read the database and serve /metrics."""
    config = load(config_file)
    guard = Guard(web_file)
    take_over(config.log)
    hand_back_large()
    if not run(config, listen, limit=_END_SECONDS, guard=guard):
        drain()
        os._exit(0)  # a refresh is still at work, and the interpreter would wait for it
