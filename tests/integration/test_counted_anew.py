"""Relations without a stamp are counted anew at each refresh: as exact, and said how often that is."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import count
from typing import Any

import psycopg
import pytest
from structlog.testing import capture_logs

from exporter.config import parse
from exporter.refresh.unstamped import Recounting
from exporter.source.database import fetch
from tests.support import contract, platforms
from tests.support.exporting import Exporter, exporting

Owner = psycopg.Connection[Any]
BOTH = frozenset({"tasks", "calls"})
EVENTS = ("everything is counted at each refresh", "everything is counted too seldom")


@pytest.fixture
def owner(database_url: str) -> Iterator[Owner]:
    """Campaign 1 with ten tasks and ten calls that are over since long, and no stamp on either."""
    with contract.session(database_url) as connection:
        contract.create(connection)
        platforms.campaign(connection, "1")
        for key in range(1, 11):
            platforms.task(connection, key, 1, status="completed")
            platforms.call(connection, key, 1, outcome="answered")
        connection.execute("ALTER TABLE campaign_monitoring.tasks DROP COLUMN updated_at")
        connection.execute("ALTER TABLE campaign_monitoring.calls DROP COLUMN updated_at")
        yield connection


@pytest.fixture
def exporter(database_url: str, owner: Owner) -> Iterator[Exporter]:
    del owner
    with exporting(database_url) as made:
        yield made


def test_whatever_changes_is_shown_by_the_next_refresh(owner: Owner, exporter: Exporter) -> None:
    assert exporter.refresh().value("campaign_tasks", status="completed") == 10
    owner.execute("UPDATE campaign_monitoring.tasks SET status = 'failed' WHERE task_id <= 4")
    owner.execute("UPDATE campaign_monitoring.calls SET outcome = 'busy' WHERE call_id = 1")
    scrape = exporter.refresh()
    assert scrape.value("campaign_tasks", status="completed") == 6
    assert scrape.value("campaign_tasks", status="failed") == 4
    assert scrape.value("campaign_calls_total", outcome="busy") == 1
    assert exporter.corrections() == 0, "audits have nothing to find"


def test_rows_that_come_and_go_are_counted(owner: Owner, exporter: Exporter) -> None:
    exporter.refresh()
    contract.insert(
        owner, "tasks", task_id=99, campaign_id=1, status="pending", attempts=0, max_attempts=3,
        created_at="2020-01-01T00:00:00Z",
    )  # fmt: skip
    owner.execute("DELETE FROM campaign_monitoring.calls WHERE call_id > 5; SELECT pg_stat_force_next_flush()")
    scrape = exporter.refresh()
    assert scrape.value("campaign_tasks", status="pending") == 1
    assert scrape.value("campaign_calls_total", outcome="answered") == 10, "a purge lowers no counter"


def test_a_view_is_worked_out_once_for_its_totals_however_many_campaigns_there_are(
    monkeypatch: pytest.MonkeyPatch, owner: Owner, exporter: Exporter
) -> None:
    for key in ("2", "3", "4"):
        platforms.campaign(owner, key)
    exporter.refresh()
    statements = count()

    def counted(connection: Any, query: Any, **values: Any) -> Any:
        next(statements)
        return fetch(connection, query, **values)

    monkeypatch.setattr("exporter.source.totals_reader.fetch", counted)
    exporter.refresh()
    assert next(statements) == 2, "one of tasks, one of calls"


def test_of_a_relation_with_a_stamp_only_what_changed_is_read(owner: Owner, exporter: Exporter) -> None:
    owner.execute("ALTER TABLE campaign_monitoring.calls ADD updated_at timestamptz DEFAULT '2020-01-01Z'")
    owner.execute("UPDATE campaign_monitoring.calls SET outcome = 'in_progress' WHERE call_id = 1")
    exporter.refresh()
    before = exporter.counted("rows_read_total", relation="calls")
    owner.execute("UPDATE campaign_monitoring.tasks SET status = 'failed' WHERE task_id <= 4")
    assert exporter.refresh().value("campaign_tasks", status="failed") == 4
    assert exporter.counted("rows_read_total", relation="calls") == before


def test_pages_and_the_log_say_how_often_all_is_counted(exporter: Exporter) -> None:
    with capture_logs() as logs:
        exporter.refresh()
        exporter.refresh()
    said = next(each for each in logs if each["event"] in EVENTS)  # again, where the machine became slower
    assert "tasks and calls have no updated_at" in said["why"]
    (note,) = exporter.refresher.notes
    assert note.startswith("tasks and calls have no updated_at: all of them are counted anew, about every ")


def test_a_column_that_appears_is_used_at_once(owner: Owner, exporter: Exporter) -> None:
    exporter.refresh()
    for relation in ("tasks", "calls"):
        owner.execute(
            f"ALTER TABLE campaign_monitoring.{relation} ADD updated_at timestamptz DEFAULT '2020-01-01Z'".encode()
        )
    exporter.refresher.disconnect()
    exporter.refresh()
    assert exporter.refresher.notes == ()
    assert exporter.refresh().value("campaign_tasks", status="completed") == 10


@pytest.mark.parametrize(
    ("seconds", "event", "every"),
    [(0.02, EVENTS[0], 1.0), (2.0, EVENTS[0], 20.0), (60.0, EVENTS[1], 600.0)],
)
def test_a_count_that_takes_long_comes_seldom_and_one_too_seldom_is_a_warning(
    seconds: float, event: str, every: float
) -> None:
    config = parse(
        'database: {url: "postgresql://localhost/x"}\nrefresh: {interval: 1s, max_share: 0.1}\nmax_staleness: 5m',
        "test",
    )
    recounting = Recounting()
    with capture_logs() as logs:
        recounting.note(config, BOTH, seconds)
        recounting.note(config, BOTH, seconds * 1.2)
    assert [(each["event"], each["every_seconds"]) for each in logs] == [(event, every)]
