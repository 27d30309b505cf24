"""The command `campaign-exporter dashboards`: writes the boards, prints the SQL of Grafana's role."""

from __future__ import annotations

from pathlib import Path

import click

from dashboards import build, grants
from dashboards.settings import load
from exporter import config
from exporter.commands.building import GROUP_LABELS, building
from exporter.commands.printing import say
from exporter.config import Config
from exporter.contract.availability import Available
from exporter.source.database import Database

_CONFIG = click.option(
    "--config",
    "config_file",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Names, datasources, links and shared boards; see docs/dashboards.md. Defaults without it.",
)


@click.group("dashboards")
def dashboards() -> None:
    """Make the Grafana dashboards."""


@dashboards.command("build")
@_CONFIG
@GROUP_LABELS
@click.option("--out", type=click.Path(path_type=Path, file_okay=False), required=True, help="The folder to write to.")
def build_boards(config_file: Path | None, group_labels: str | None, out: Path) -> None:
    """Write each board as a file for Grafana's provisioning, or to import by hand."""
    settings = load(config_file, group_labels)
    with building(config_file, out):
        written = build.build(settings, out)
    for path in written:
        say(str(path))


@dashboards.command("sql")
@click.option(
    "--config.file",
    "config_file",
    type=click.Path(path_type=Path, dir_okay=False),
    required=True,
    help="The exporter's configuration: where the database is, and as whom to look at it.",
)
@click.option("--role", default=grants.ROLE, show_default=True, help="The role that Grafana signs in as.")
@click.option("--schema", help="The contract's schema, if it is not the one of the configuration.")
@click.option("--unmasked", is_flag=True, help="Show every viewer contacts' phones, and free text as it is.")
def print_sql(config_file: Path, role: str, schema: str | None, unmasked: bool) -> None:
    """Print SQL that makes Grafana's role and its views, for a DBA to read and to pipe to psql.

    It looks at the live database to learn what there is, and changes nothing itself. See docs/grafana-database.md.
    """
    settings = config.load(config_file)
    choice = grants.Choice(role, masked=not unmasked, own_masked=settings.numbers.mask_phone)
    click.echo(grants.document(discover(settings, schema), choice).encode(), nl=False)  # exact, whatever the terminal


def discover(config: Config, schema: str | None = None) -> Available:
    """What the database has of the contract, be it readable for the exporter's role or not.

    `ContractError` when a required part is missing; `DatabaseUnavailableError` says where and why not.
    """
    schema = schema or config.database.schema_
    database = Database(config)
    connection = database.connect()
    try:
        with database.snapshot(connection):
            return grants.looked_at(connection, schema)
    finally:
        database.close(connection)
