"""The command line of `campaign-exporter adopt`."""

from __future__ import annotations

from pathlib import Path

import click

from adapters import ADAPTERS, Adapter, adapter
from exporter.calendar.days import zone
from exporter.commands.adopt.draft import draft, granted
from exporter.commands.adopt.from_log import from_log
from exporter.commands.adopt.stamps import script
from exporter.commands.adopt.version import fitting
from exporter.commands.adopt.view import comment
from exporter.commands.printing import say
from exporter.config import load
from exporter.contract.codes import clean_name
from exporter.errors import ConfigError

ROLE = "campaign_monitor"
SCHEMA = "campaign_monitoring"


@click.command("adopt")
@click.option("--draft", "draft_wanted", is_flag=True, help="Views proposed from the tables that a database has.")
@click.option("--list", "list_wanted", is_flag=True, help="The diallers whose views are ready.")
@click.option("--adapter", "name", metavar="NAME", help="The views of one of them.")
@click.option(
    "--stamps", "stamped", metavar="TABLE", multiple=True, help="A stamp for a table, schema.table; repeatable."
)
@click.option("--from-log", "log", metavar="TABLE", help="The view of calls out of a log of events, schema.table.")
@click.option(
    "--log-columns",
    metavar="CALL,EVENT,TIME",
    default="",
    help="With --from-log: its columns, where their names do not tell.",
)
@click.option("--timezone", metavar="ZONE", help="With --adapter: the dialler's zone, where no table tells it.")
@click.option("--undo", is_flag=True, help="With --stamps: what takes the stamps away again.")
@click.option(
    "--config.file",
    "config_file",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Where the database is, and as whom to look at it. With --adapter it is seen whether its tables are the ones.",
)
@click.option("--role", default=ROLE, show_default=True, help="The role that the exporter will sign in as.")
def adopt(
    draft_wanted: bool,
    list_wanted: bool,
    name: str | None,
    stamped: tuple[str, ...],
    log: str | None,
    log_columns: str,
    timezone: str | None,
    undo: bool,
    config_file: Path | None,
    role: str,
) -> None:
    """Print SQL that makes a dialler's tables the contract's views, for a DBA to read. Nothing is run.

    See docs/adopt.md.
    """
    if draft_wanted + list_wanted + (name is not None) + bool(stamped) + (log is not None) != 1:
        raise ConfigError("adopt: say which one: --draft, --list, --adapter NAME, --stamps TABLE or --from-log TABLE")
    if list_wanted:
        for each, what in ADAPTERS.items():
            say(f"{each}: {what}")
    elif name is not None:
        click.echo(_ready(name, role, config_file, timezone).encode(), nl=False)
    elif config_file is None:
        wanted = "--stamps" if stamped else "--from-log" if log is not None else "--draft"
        raise ConfigError(f"adopt {wanted}: --config.file says where the database is")
    elif stamped:
        click.echo(script(load(config_file), stamped, undo=undo).encode(), nl=False)
    elif log is not None:
        columns = [each.strip() for each in log_columns.split(",") if each.strip()]
        click.echo(from_log(load(config_file), log, columns).encode(), nl=False)
    else:
        click.echo(draft(load(config_file), role).encode(), nl=False)  # exact, whatever the terminal


def _ready(name: str, role: str, config_file: Path | None, timezone: str | None) -> str:
    """The views of an adapter with what is to be known of them above, the role and its rights."""
    try:
        found = adapter(name)
    except KeyError:
        known = ", ".join(ADAPTERS)
        raise ConfigError(
            f"--adapter {clean_name(name, 40)!r}: there is none of that name; known are: {known}"
        ) from None
    if config_file is not None:
        fitting(load(config_file), found)
    views = found.views if timezone is None else _in_zone(found, timezone)
    notes = [line for text in found.readme.splitlines() for line in (comment(text) if text.strip() else ["--"])]
    return "\n".join([*notes, "", views, granted(SCHEMA, role), "", "COMMIT;", ""])


def _in_zone(found: Adapter, timezone: str) -> str:
    """The views in a zone that somebody named."""
    if zone(timezone) is None:
        raise ConfigError(
            f"--timezone {clean_name(timezone, 40)!r}: there is no such zone; write such as Europe/Madrid"
        )
    try:
        return found.zoned(timezone)
    except ValueError:
        raise ConfigError(f"--timezone: the tables of {found.name} tell their zones themselves") from None
