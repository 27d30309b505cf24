"""Views over foreign tables and materialized views: what arrives late is read, and what cannot be known is not said."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psycopg
import pytest
from click.testing import CliRunner
from psycopg import sql

from exporter.commands.cli import main
from exporter.contract.relations import RELATIONS
from exporter.refresh.explaining import explain
from exporter.source.query_time import Meter
from tests.support import contract, platforms
from tests.support.cluster import Cluster, binaries, cluster
from tests.support.exporting import Exporter, exporting

Session = psycopg.Connection[Any]
SETTINGS: Any = {"audit": {"period": "7d"}, "refresh": {"overlap": "10s", "clock_allowance": "1ms"}}


@pytest.fixture(scope="module")
def debian() -> Iterator[Cluster]:
    if binaries() is None:
        pytest.skip("Debian's PostgreSQL is not installed: scripts/debian-packages.sh postgresql")
    with cluster() as made:
        yield made


@pytest.fixture(scope="module")
def there(debian: Cluster) -> Iterator[Session]:
    """The dialler's own database."""
    debian.create_database("dialler")
    with contract.session(debian.url("dialler")) as connection:
        platforms.create(connection)
        yield connection


@pytest.fixture(scope="module")
def here(debian: Cluster, there: Session) -> Iterator[Session]:
    """A database whose views are foreign tables of the other."""
    debian.create_database("reports")
    with contract.session(debian.url("reports")) as connection:
        connection.execute("CREATE EXTENSION postgres_fdw")
        connection.execute(
            sql.SQL("CREATE SERVER dialler FOREIGN DATA WRAPPER postgres_fdw OPTIONS (host {}, dbname {})").format(
                sql.Literal(there.info.host), sql.Literal(there.info.dbname)
            )
        )
        connection.execute("CREATE USER MAPPING FOR PUBLIC SERVER dialler OPTIONS (user 'postgres')")
        connection.execute("CREATE SCHEMA campaign_monitoring")
        connection.execute("IMPORT FOREIGN SCHEMA campaign_monitoring FROM SERVER dialler INTO campaign_monitoring")
        yield connection


@pytest.fixture
def exporter(debian: Cluster, here: Session) -> Iterator[Exporter]:
    with exporting(debian.url(here.info.dbname), **SETTINGS) as made:
        made.refresher._clock = lambda now: now
        yield made


def pending(exporter: Exporter) -> float:
    return exporter.refresh().value("campaign_tasks", campaign="1", status="pending")


def source(exporter: Exporter) -> dict[str, str]:
    ((_, labels),) = exporter.own().of("campaign_exporter_source_info")
    return dict(labels)


def test_a_transaction_of_the_server_behind_that_commits_late_is_read(there: Session, exporter: Exporter) -> None:
    before = pending(exporter)
    with psycopg.connect(there.info.dsn) as slow:
        platforms.task(slow, 9001, 1, **dict.fromkeys(("created_at", "updated_at"), now(slow)))
        exporter.refresh()
        exporter.refresh()
        slow.commit()
    exporter.refresh()
    assert pending(exporter) == before + 1
    assert exporter.corrections() == 0


def now(session: Session) -> Any:
    ((at,),) = session.execute("SELECT now()").fetchall()
    return at


def test_what_cannot_be_promised_of_foreign_tables_is_said(exporter: Exporter) -> None:
    exporter.refresh()
    assert source(exporter)["foreign_tables"] == "true"
    (caveat,) = exporter.refresher.promise.caveats
    assert caveat.thing == "foreign tables"
    assert "deleted rows are found by the audit" in caveat.said


def test_a_server_behind_that_is_away_is_told_as_that(here: Session, exporter: Exporter) -> None:
    exporter.refresh()
    with _reached_by(here, "port", "1"):
        kind, text = explain(_refused(exporter))
    assert kind == "unavailable"
    assert text.startswith('could not connect to server "dialler" (08001) (while campaign_monitoring.campaigns was')
    assert "; that is another server" in text
    exporter.refresh()


def test_check_names_the_view_whose_server_is_away(debian: Cluster, here: Session, tmp_path: Path) -> None:
    (tmp_path / "config.yaml").write_text(f'database: {{url: "{debian.url(here.info.dbname)}"}}\n')
    with _reached_by(here, "port", "1"):
        found = CliRunner().invoke(main, ["check", f"--config.file={tmp_path / 'config.yaml'}", "--all"])
    assert found.exit_code == 1
    said = " ".join(found.output.split())
    assert 'could not connect to server "dialler" (08001)' in said
    assert "the server behind the foreign tables below campaign_monitoring.calls, and its user mapping" in said


def test_a_timeout_of_the_server_behind_stays_a_timeout(here: Session, exporter: Exporter) -> None:
    with _reached_by(here, "options", "-c statement_timeout=1ms"):
        kind, text = explain(_refused(exporter))
    assert kind == "timeout"
    assert "another server" not in text
    exporter.refresh()


@contextmanager
def _reached_by(here: Session, option: str, value: str) -> Iterator[None]:
    """The server behind is reached with this option of its connections, for a while."""
    name = sql.Identifier(option)
    here.execute(sql.SQL("ALTER SERVER dialler OPTIONS (ADD {} {})").format(name, sql.Literal(value)))
    try:
        yield
    finally:
        here.execute(sql.SQL("ALTER SERVER dialler OPTIONS (DROP {})").format(name))


def _refused(exporter: Exporter) -> Exception:
    with pytest.raises(psycopg.Error) as raised:
        exporter.refresh()
    return raised.value


def test_all_is_loaded_by_one_connection_as_each_would_see_another_moment(debian: Cluster, here: Session) -> None:
    with exporting(debian.url(here.info.dbname), database={"load_connections": 3}, **SETTINGS) as exporter:
        exporter.refresher._database.connect = only(exporter.refresher._database.connect)  # type: ignore[method-assign]
        assert pending(exporter) > 0


def only(connect: Any) -> Any:
    """Connect once, and fail at the second time."""
    made: list[Session] = []

    def once() -> Any:
        assert not made, "a second connection"
        made.append(connect())
        return made[0]

    return once


def test_inserts_that_nobody_counts_are_no_suspicion(exporter: Exporter) -> None:
    exporter.refresh()
    assert exporter.refresher._session is not None
    structure = exporter.refresher._session.structure(Meter())
    assert {under.inserted for under in structure.values()} == {None}


def test_figures_of_materialized_views_are_of_no_date_and_nobody_stalls(database_url: str) -> None:
    with contract.session(database_url) as owner:
        platforms.create(owner)
        for relation in ("tasks", "calls"):
            owner.execute(f"ALTER TABLE campaign_monitoring.{relation} RENAME TO {relation}_now".encode())
            columns = ", ".join(column.name for column in RELATIONS[relation].columns)
            owner.execute(
                f"CREATE MATERIALIZED VIEW campaign_monitoring.{relation} AS "
                f"SELECT {columns} FROM campaign_monitoring.{relation}_now".encode()
            )
    with exporting(database_url) as exporter:
        for _ in range(4):
            scrape = exporter.refresh()
            exporter.seconds += 400
        verdicts = scrape.by("campaign_dispatch_verdict", "verdict", campaign="1")
        assert "stalled" not in verdicts
        assert not exporter.own().of("campaign_exporter_data_timestamp_seconds")
        assert not scrape.of("campaign_forecast_completion_timestamp_seconds", campaign="1")
        assert (source(exporter)["materialized_views"], source(exporter)["state"]) == ("true", "undated")
