"""Loading at the start: over several connections at one snapshot, with fewer where the database refuses more."""

from __future__ import annotations

from typing import Any

import psycopg
import pytest
from psycopg import sql

from exporter.config import parse
from exporter.metrics.self_metrics import Telemetry
from exporter.refresh.refresher import Refresher
from exporter.source.database import Database
from tests.support import platforms
from tests.support.exporting import NOW, parse_text

Owner = psycopg.Connection[Any]


@pytest.fixture
def narrow_url(owner: Owner, database_url: str) -> str:
    """The URL of a role that may have two connections."""
    owner.execute("DROP ROLE IF EXISTS narrow")
    owner.execute("CREATE ROLE narrow LOGIN CONNECTION LIMIT 2 IN ROLE pg_monitor")
    owner.execute("GRANT USAGE ON SCHEMA campaign_monitoring TO narrow")
    owner.execute("GRANT SELECT ON ALL TABLES IN SCHEMA campaign_monitoring TO narrow")
    return database_url.replace("postgres@", "narrow@")


def load(url: str, connections: int) -> tuple[bytes, list[float]]:
    config = parse(f'{{database: {{url: "{url}", load_connections: {connections}}}}}', "test", {})
    shares: list[float] = []
    refresher = Refresher(config, Database(config), Telemetry(), lambda _: NOW.timestamp(), shares.append)
    try:
        return refresher.refresh().text, shares
    finally:
        refresher.end()


@pytest.mark.parametrize("connections", [1, 4])
def test_the_totals_do_not_depend_on_the_number_of_connections(
    owner: Owner, database_url: str, connections: int
) -> None:
    del owner
    platforms.assert_intact(parse_text(load(database_url, connections)[0]))


def test_where_the_database_refuses_more_connections_fewer_do(narrow_url: str) -> None:
    platforms.assert_intact(parse_text(load(narrow_url, 8)[0]))


def test_where_the_database_allows_one_connection_that_one_does(owner: Owner, narrow_url: str) -> None:
    owner.execute(sql.SQL("ALTER ROLE narrow CONNECTION LIMIT 1"))
    platforms.assert_intact(parse_text(load(narrow_url, 2)[0]))


def test_progress_is_told_from_the_beginning_to_the_end(owner: Owner, database_url: str) -> None:
    del owner
    _, shares = load(database_url, 2)
    assert shares == sorted(shares)
    assert shares[-1] == 1.0
    assert len(shares) > 10
