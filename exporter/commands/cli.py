"""The command line."""

from __future__ import annotations

import errno
import math
import os
import shutil
import sys
from pathlib import Path
from typing import Any

import click
import yaml

from exporter import __version__
from exporter.commands.alerts import alerts
from exporter.commands.capture.command import Request, capture, span_of
from exporter.commands.check.examine import check
from exporter.commands.check.report import as_json, as_text
from exporter.commands.check.watch import watched, with_watched
from exporter.commands.dashboards import dashboards
from exporter.commands.explain.command import as_json as explained_as_json
from exporter.commands.explain.command import explain, printable
from exporter.commands.explain.terminal import WIDTH
from exporter.commands.explain.terminal import as_text as explained_as_text
from exporter.commands.printing import plain, say, say_json
from exporter.config import DEFAULT_PORT, load
from exporter.config.listening import parse_address
from exporter.errors import CampaignExporterError, ConfigError
from exporter.logs import drain, take_over
from exporter.web.server import run

_CONFIG_FILE = click.option(
    "--config.file",
    "config_file",
    type=click.Path(path_type=Path, dir_okay=False),
    required=True,
    help="The configuration, see docs/configuration.md.",
)


def _address(_: click.Context, option: click.Parameter, value: str | None) -> str | None:
    """Refused by its name, before the log is begun."""
    try:
        if value is not None:
            parse_address(value)
    except ValueError as error:
        raise ConfigError(f"{option.opts[0]}: {error}") from None
    return value


_END_SECONDS = 4.5
"""From a signal to the end of the process, at most; it is less than what container runtimes and systemd wait."""


_DISK = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EIO, errno.EROFS)


class _Commands(click.Group):
    """Turns errors that a person can mend into a line and exit status 1."""

    def invoke(self, ctx: click.Context) -> Any:
        try:
            return super().invoke(ctx)
        except CampaignExporterError as error:
            raise click.ClickException(plain(str(error), sys.stderr)) from None
        except OSError as error:
            if error.errno not in _DISK:
                raise
            raise click.ClickException(f"cannot write: {error.strerror}; is the disk full?") from None


@click.group(cls=_Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="campaign-exporter")
def main() -> None:
    """Prometheus metrics of outbound calling campaigns, from PostgreSQL."""


@main.command()
@_CONFIG_FILE
@click.option(
    "--web.listen-address", "listen", metavar="HOST:PORT", callback=_address, help="Instead of the configuration's."
)
def serve(config_file: Path, listen: str | None) -> None:
    """Read the database and serve /metrics."""
    config = load(config_file)
    take_over(config.log)
    if not run(config, listen, limit=_END_SECONDS):
        drain()
        os._exit(0)  # a refresh is still at work, and the interpreter would wait for it


@main.command("check")
@_CONFIG_FILE
@click.option("--json", "json_wanted", is_flag=True, help="For a program; the shape is in docs/operating.md.")
@click.option("--watch", metavar="DURATION", help="See the newest rows again after so long: do changes stamp them?")
def check_database(config_file: Path, json_wanted: bool, watch: str | None) -> None:
    """Say whether the exporter would work well on the database, and what to mend. Exit status 1: it would not."""
    config = load(config_file)
    seconds = None if watch is None else span_of(watch, "--watch")
    report = check(config)
    if seconds is not None:
        report = with_watched(report, watched(config, seconds))
    if json_wanted:
        say_json(as_json(report))
    else:
        say(as_text(report), color=_colour())
    sys.exit(0 if report.good else 1)


def _colour() -> bool | None:
    """`None`: where it is a terminal."""
    return False if os.environ.get("NO_COLOR") else None


_CAMPAIGN = click.option("--campaign", "campaign_id", metavar="ID", required=True, help="The campaign's id.")
_TASK = click.option("--task", "task_id", metavar="ID", help="A task of the campaign: why is this one not dialled?")


@main.command("explain")
@_CONFIG_FILE
@_CAMPAIGN
@_TASK
@click.option("--json", "json_wanted", is_flag=True, help="The card as the page gives it; see docs/pages.md.")
def explain_campaign(config_file: Path, campaign_id: str, task_id: str | None, json_wanted: bool) -> None:
    """Say why a campaign, or one task, is not dialled. Reads the database itself: works while the exporter is down."""
    explained = explain(load(config_file), campaign_id, task_id)
    if json_wanted:
        say_json(explained_as_json(explained))
        return
    width = max(60, min(100, shutil.get_terminal_size((WIDTH, 24)).columns)) if sys.stdout.isatty() else WIDTH
    text = printable(explained_as_text(explained.card, explained.task, width))
    say(text, nl=False, color=_colour())


@main.command("capture")
@_CONFIG_FILE
@_CAMPAIGN
@_TASK
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


@main.command("config")
@_CONFIG_FILE
def show_config(config_file: Path) -> None:
    """Print the effective configuration, with every default; secrets hidden."""
    config = load(config_file)
    text = yaml.safe_dump(config.model_dump(mode="json", by_alias=True), sort_keys=False)
    click.echo(text, nl=False)


class _Speed(click.FloatRange):
    """More than none, and a number: `nan` is within any range."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> float:
        speed: float = super().convert(value, param, ctx)
        if math.isnan(speed):
            self.fail("nan is no speed; write a number such as 60", param, ctx)
        return speed


_PORT = click.IntRange(1, 65_535)
_NEXT_FREE = "If it is in use, the next free one."


@main.command()
@click.option(
    "--scenario", "scenarios", multiple=True, metavar="NAME[:KEY=VALUE,...]", help="Change one thing; repeatable."
)
@click.option("--list-scenarios", is_flag=True, help="Say what --scenario knows, and end.")
@click.option("--seed", help="Another seed, another history; needs --fresh if there is one already.")
@click.option("--speed", type=_Speed(0, 86_400, min_open=True), default=1.0, help="Times as fast as real time.")
@click.option("--fresh", is_flag=True, help="Delete an earlier demo first.")
@click.option("--data-dir", type=click.Path(path_type=Path, file_okay=False), default=Path(".demo"), show_default=True)
@click.option(
    "--web.listen-address", "listen", default=f"127.0.0.1:{DEFAULT_PORT}", show_default=True, callback=_address
)
@click.option(
    "--stack/--no-stack", default=True, help="Prometheus, Alertmanager and Grafana beside it, if they are installed."
)
@click.option("--prometheus.port", "prometheus_port", type=_PORT, default=9090, show_default=True, help=_NEXT_FREE)
@click.option("--alertmanager.port", "alertmanager_port", type=_PORT, default=9093, show_default=True, help=_NEXT_FREE)
@click.option("--grafana.port", "grafana_port", type=_PORT, default=3000, show_default=True, help=_NEXT_FREE)
def demo(
    scenarios: tuple[str, ...],
    list_scenarios: bool,
    seed: str | None,
    speed: float,
    fresh: bool,
    data_dir: Path,
    listen: str,
    stack: bool,
    prometheus_port: int,
    alertmanager_port: int,
    grafana_port: int,
) -> None:
    """A simulated dialler on an embedded PostgreSQL, and the exporter on it."""
    try:
        from exporter.demo.command import list_all, start
        from exporter.demo.stack.stack import Ports
    except ImportError as error:
        raise ConfigError(f"the demo needs {error.name}: pip install 'campaign-exporter[demo]'") from None
    if list_scenarios:
        say(list_all())
        return
    ports = Ports(prometheus=prometheus_port, alertmanager=alertmanager_port, grafana=grafana_port) if stack else None
    sys.exit(start(scenarios, seed, speed, fresh, data_dir, listen, ports))


main.add_command(alerts)
main.add_command(dashboards)

if __name__ == "__main__":
    sys.exit(main())
