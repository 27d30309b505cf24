"""The command line."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import click
import yaml

from exporter import __version__
from exporter.check.examine import check
from exporter.check.report import as_json, as_text
from exporter.config import DEFAULT_PORT, load
from exporter.errors import CampaignExporterError, ConfigError
from exporter.logs import configure
from exporter.serving import parse_address, run

_CONFIG_FILE = click.option(
    "--config.file",
    "config_file",
    type=click.Path(path_type=Path, dir_okay=False),
    required=True,
    help="The configuration, see docs/configuration.md.",
)


class _Commands(click.Group):
    """Turns errors that a person can mend into a line and exit status 1."""

    def invoke(self, ctx: click.Context) -> Any:
        try:
            return super().invoke(ctx)
        except CampaignExporterError as error:
            raise click.ClickException(str(error)) from None


@click.group(cls=_Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="campaign-exporter")
def main() -> None:
    """Prometheus metrics of outbound calling campaigns, from PostgreSQL."""


@main.command()
@_CONFIG_FILE
@click.option("--web.listen-address", "listen", metavar="HOST:PORT", help="Instead of the configuration's.")
def serve(config_file: Path, listen: str | None) -> None:
    """Read the database and serve /metrics."""
    config = load(config_file)
    configure(config.log)
    run(config, listen or config.web.listen_address)


@main.command("check")
@_CONFIG_FILE
@click.option("--json", "json_wanted", is_flag=True, help="For a program; the shape is in docs/operating.md.")
def check_database(config_file: Path, json_wanted: bool) -> None:
    """Say whether the exporter would work well on the database, and what to mend. Exit status 1: it would not."""
    report = check(load(config_file))
    click.echo(as_json(report) if json_wanted else as_text(report))
    sys.exit(0 if report.good else 1)


@main.command("config")
@_CONFIG_FILE
def show_config(config_file: Path) -> None:
    """Print the effective configuration, with every default; secrets hidden."""
    config = load(config_file)
    text = yaml.safe_dump(config.model_dump(mode="json", by_alias=True), sort_keys=False)
    click.echo(text, nl=False)


@main.command()
@click.option(
    "--scenario", "scenarios", multiple=True, metavar="NAME[:KEY=VALUE,…]", help="Change one thing; repeatable."
)
@click.option("--list-scenarios", is_flag=True, help="Say what --scenario knows, and end.")
@click.option("--seed", help="Another seed, another history; needs --fresh if there is one already.")
@click.option(
    "--speed", type=click.FloatRange(0, 86_400, min_open=True), default=1.0, help="Times as fast as real time."
)
@click.option("--fresh", is_flag=True, help="Delete an earlier demo first.")
@click.option("--data-dir", type=click.Path(path_type=Path, file_okay=False), default=Path(".demo"), show_default=True)
@click.option("--web.listen-address", "listen", default=f"127.0.0.1:{DEFAULT_PORT}", show_default=True)
def demo(
    scenarios: tuple[str, ...],
    list_scenarios: bool,
    seed: str | None,
    speed: float,
    fresh: bool,
    data_dir: Path,
    listen: str,
) -> None:
    """A simulated dialler on an embedded PostgreSQL, and the exporter on it."""
    try:
        from exporter.demo.command import list_all, start
    except ImportError as error:
        raise ConfigError(f"the demo needs {error.name}: pip install 'campaign-exporter[demo]'") from None
    if list_scenarios:
        click.echo(list_all())
        return
    parse_address(listen)
    sys.exit(start(scenarios, seed, speed, fresh, data_dir, listen))


if __name__ == "__main__":
    sys.exit(main())
