"""A dialler whose adapter was run: its own tables, what the exporter shows of them, and what `check` says."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import psycopg
import yaml
from click.testing import CliRunner
from psycopg import sql
from psycopg.conninfo import make_conninfo

from exporter.commands.check.examine import check
from exporter.commands.check.report import Level, Report
from exporter.commands.cli import main
from exporter.config import parse
from exporter.contract.relations import RELATIONS
from exporter.demo.runtime.server import EmbeddedServer
from tests.support import oracle
from tests.support.contract import SCHEMA, create, session
from tests.support.exporting import Exporter, Scrape, exporting

FAMILIES = ("campaign_calls_total", "campaign_tasks", "campaign_tasks_blocked", "campaign_attempt_calls_total")
"""Families that each adapter has rows for."""

Build = Callable[[psycopg.Connection[Any], Callable[[], None]], Mapping[str, object]]
"""Makes a dialler and lets it dial; is given what runs the adapter. Returns its campaigns by name."""


@dataclass(frozen=True, slots=True)
class World:
    """A dialler that has dialled for a while."""

    connection: psycopg.Connection[Any]
    campaigns: Mapping[str, str]
    exporter: Exporter
    scrape: Scrape
    report: Report

    def own(self, query: str) -> dict[str, float]:
        """Plain SQL over the dialler's own tables, of the campaign `dialling`."""
        rows = self.connection.execute(query.encode(), {"campaign": self.campaigns["dialling"]})
        return {str(name): float(value) for name, value in rows}

    def shown(self, family: str, label: str, campaign: str = "dialling") -> dict[str, float]:
        """A family by one of its labels, summed over the others."""
        found: dict[str, float] = {}
        for (name, labels), value in self.scrape.of(family, campaign=self.campaigns[campaign]).items():
            key = dict(labels).get(label)
            if name == family and key is not None and value:
                found[key] = found.get(key, 0) + value
        return found

    def verdict(self, campaign: str) -> list[str]:
        """What is said of a campaign, as a list of one."""
        return list(self.scrape.by("campaign_dispatch_verdict", "verdict", campaign=self.campaigns[campaign]))

    def problems(self) -> list[str]:
        """What `check` says is wrong."""
        return [
            f"{each.about}, {each.thing}: {each.value}" for each in self.report.findings if each.level is Level.PROBLEM
        ]

    def differences(self) -> Mapping[Any, tuple[float, float]]:
        """All samples that are not what plain SQL over the views says, theirs and SQL's."""
        snapshot = self.exporter.snapshot
        assert snapshot is not None
        ours = oracle.samples(snapshot)
        assert {name for name, _ in ours} >= set(FAMILIES), "there is too little to compare"
        with self.connection.transaction(force_rollback=True):
            _completed(self.connection)
            expected = oracle.expected(self.connection, self.exporter.seconds - 1, 4 * 3600)
        names = {name for name, _ in ours}
        return oracle.differences(ours, {key: value for key, value in expected.items() if key[0] in names})


def _completed(connection: psycopg.Connection[Any]) -> None:
    """The rows of the views as tables that have every column of the contract."""
    connection.execute(sql.SQL("ALTER SCHEMA {} RENAME TO shown").format(sql.Identifier(SCHEMA)))
    create(connection, "text")
    for relation in RELATIONS:
        found = connection.execute(
            "SELECT attname FROM pg_attribute WHERE attrelid = to_regclass('shown.' || %s) AND attnum > 0", (relation,)
        )
        columns = sql.SQL(", ").join(sql.Identifier(name) for (name,) in found)
        if found.rowcount:
            statement = "INSERT INTO {0} ({1}) SELECT {1} FROM {2}"
            connection.execute(
                sql.SQL(statement).format(sql.Identifier(SCHEMA, relation), columns, sql.Identifier("shown", relation))
            )


@contextmanager
def adopted(server: EmbeddedServer, adapter: str, build: Build, *options: str) -> Iterator[World]:
    """A database with the dialler that `build` makes, and the adapter run on it as it is printed with some options."""
    server.create_database(adapter)
    url, role = server.url(adapter), f"{adapter}_monitor"
    with session(url) as connection:

        def adopt() -> None:
            wanted = ["adopt", "--adapter", adapter, "--role", role, *options]
            printed = CliRunner().invoke(main, wanted, catch_exceptions=False)
            connection.execute(printed.stdout.encode())

        campaigns = {name: str(id_) for name, id_ in build(connection, adopt).items()}
        connection.execute("ANALYZE")
        report = check(parse(yaml.safe_dump({"database": {"url": make_conninfo(url, user=role)}}), "test.yaml"))
        with exporting(url) as exporter:
            yield World(connection, campaigns, exporter, exporter.refresh(), report)
    server.drop_database(adapter)
