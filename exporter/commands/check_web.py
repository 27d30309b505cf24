"""`campaign-exporter check-web`."""

from __future__ import annotations

from pathlib import Path

import click

from exporter.web.guard.guard import Guard


@click.command("check-web")
@click.argument("web_file", metavar="FILE", type=click.Path(path_type=Path))
def check_web(web_file: Path) -> None:
    """Look at a file for --web.config.file as `serve` would, and say what it guards by."""
    policy = Guard(web_file).policy
    click.echo(f"{web_file}: guards by {policy.said}")
    for remark in policy.remarks:
        click.echo(f"advice: {remark}")
