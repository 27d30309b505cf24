"""`campaign-exporter serve`."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

import click
import structlog

from exporter.commands.options import CONFIG_FILE, WEB_FILE, listen_addresses
from exporter.config import MetricsConfig, load
from exporter.logs import drain, take_over
from exporter.metrics.selection import left_out
from exporter.refresh.allocating import hand_back_large
from exporter.web.guard.guard import Guard
from exporter.web.server import run

_END_SECONDS = 4.5
"""From a signal to the end of the process, at most; it is less than what container runtimes and systemd wait."""

log = structlog.get_logger()


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
@click.option(
    "--web.enable-lifecycle",
    "lifecycle",
    is_flag=True,
    help="Let POST and PUT to /-/reload have the configuration read anew, as SIGHUP does.",
)
def serve(config_file: Path, listen: tuple[str, ...], web_file: Path | None, *, lifecycle: bool) -> None:
    """Read the database and serve /metrics."""
    config = load(config_file)
    gone = left_out(config.metrics)
    guard = Guard(web_file)
    take_over(config.log)
    hand_back_large()
    if gone or config.metrics.drop_labels:
        _tell(config.metrics, gone)
    if not run(config, listen, limit=_END_SECONDS, guard=guard, config_file=config_file, lifecycle=lifecycle):
        drain()
        os._exit(0)  # a refresh is still at work, and the interpreter would wait for it


def _tell(settings: MetricsConfig, gone: Sequence[str]) -> None:
    """Name who misses what is left out."""
    from exporter.commands.dependents import of_what_is_left_out  # boards and rules take a second to import

    missed = of_what_is_left_out(settings)
    log.warning(
        "metrics are left out, as metrics in the configuration says",
        metrics=len(gone),
        labels=sum(map(len, settings.drop_labels.values())),
        alerts=", ".join(missed.alerts) or "none rests on them",
        panels=", ".join(f"{count} of {board}" for board, count in missed.boards.items()) or "none rests on them",
        remedy="turn these alerts off, or export what they rest on; `campaign-exporter check` names the panels",
    )
