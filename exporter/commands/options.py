"""What several commands have in common: their options, and whether they write in colour."""

from __future__ import annotations

import os
from pathlib import Path

import click

from exporter.config.durations import parse_duration
from exporter.config.listening import parse_address, parse_listening
from exporter.contract.codes import clean_name
from exporter.errors import ConfigError

LONGEST_SPAN = 31 * 86_400.0

CONFIG_FILE = click.option(
    "--config.file",
    "config_file",
    type=click.Path(path_type=Path, dir_okay=False),
    required=True,
    help="The configuration, see docs/configuration.md.",
)
WEB_FILE = click.option(
    "--web.config.file",
    "web_file",
    type=click.Path(path_type=Path, dir_okay=False),
    help="What guards the port: TLS and passwords, see docs/web-security.md.",
)
CAMPAIGN = click.option("--campaign", "campaign_id", metavar="ID", required=True, help="The campaign's id.")
TASK = click.option("--task", "task_id", metavar="ID", help="A task of the campaign: why is this one not dialled?")


def listen_address(_: click.Context, option: click.Parameter, value: str | None) -> str | None:
    """Refused by its name, before the log is begun."""
    try:
        if value is not None:
            parse_address(value)
    except ValueError as error:
        raise ConfigError(f"{option.opts[0]}: {error}") from None
    return value


def listen_addresses(_: click.Context, option: click.Parameter, values: tuple[str, ...]) -> tuple[str, ...]:
    """The same for several, sockets of Unix among them."""
    try:
        for each in values:
            parse_listening(each)
    except ValueError as error:
        raise ConfigError(f"{option.opts[0]}: {error}") from None
    return values


def colour() -> bool | None:
    """`None`: where it is a terminal."""
    return False if os.environ.get("NO_COLOR") else None


def span_of(text: str, option: str = "--since") -> float:
    """The seconds of an option."""
    try:
        span = parse_duration(text)
    except ValueError as error:
        raise ConfigError(f"{option}: {clean_name(text, 40)!r}: {error}") from None
    if not isinstance(span, float) or not 0 < span <= LONGEST_SPAN:
        raise ConfigError(f"{option}: {clean_name(text, 40)!r}: must be more than 0 and at most 31d; write such as 2h")
    return span
