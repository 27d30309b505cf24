"""Purged, corrected, restored: what campaigns lose or get back, and what their counters make of it."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import psycopg
import pytest

from exporter.source.structure import structure
from tests.support import platforms
from tests.support.exporting import NOW, Exporter, exporting

Owner = psycopg.Connection[Any]


@pytest.fixture
def exporter(database_url: str, owner: Owner) -> Any:
    """An exporter that audits every campaign at each refresh; campaign 1 has ten more answered calls."""
    for number in range(10):
        platforms.call(owner, 1000 + number, 1)
    with exporting(database_url, audit={"period": "1s", "max_share": 1}) as made:
        made.refresh()
        yield made


def answered(exporter: Exporter, campaign: str = "1") -> float:
    return exporter.refresh().by("campaign_calls_total", "outcome", campaign=campaign).get("answered", 0.0)


def delete(owner: Owner, where: str) -> None:
    owner.execute(f"DELETE FROM campaign_monitoring.calls WHERE {where}".encode())
    owner.execute("SELECT pg_stat_force_next_flush()")


def new_call(owner: Owner, exporter: Exporter, key: int) -> None:
    now = datetime.fromtimestamp(exporter.seconds, UTC)
    platforms.call(owner, key, 1, created_at=now, updated_at=now)


def test_what_was_deleted_is_carried_so_that_what_happens_next_counts(owner: Owner, exporter: Exporter) -> None:
    delete(owner, "call_id BETWEEN 1000 AND 1003")
    assert answered(exporter) == 12
    new_call(owner, exporter, 2000)
    assert answered(exporter) == 13
    assert exporter.counted("counters_carried") > 0


def test_what_moved_to_another_campaign_is_held_and_not_carried(owner: Owner, exporter: Exporter) -> None:
    owner.execute(
        "UPDATE campaign_monitoring.calls SET campaign_id = 2, updated_at = %s WHERE call_id BETWEEN 1000 AND 1003",
        (NOW,),
    )
    assert answered(exporter, "2") == 5
    assert answered(exporter, "1") == 12
    for number in range(6):
        new_call(owner, exporter, 2000 + number)
    assert answered(exporter) == 14
    assert exporter.counted("counters_carried") == 0


def test_what_moved_away_is_found_although_its_campaign_changed_in_nothing_else(
    owner: Owner, database_url: str
) -> None:
    with exporting(database_url, audit={"period": "7d"}) as exporter:
        exporter.refresh()
        owner.execute(
            "UPDATE campaign_monitoring.tasks SET campaign_id = 2, updated_at = %s WHERE status = 'failed'", (NOW,)
        )
        exporter.refresh()
        assert "failed" not in exporter.refresh().by("campaign_tasks", "status", campaign="1")


@pytest.mark.parametrize("away", ["a draft", "nobody"])
def test_what_moved_away_to_a_campaign_that_is_not_exported_is_found(
    away: str, owner: Owner, database_url: str
) -> None:
    if away == "a draft":
        platforms.campaign(owner, "9", status="draft")
    with exporting(database_url, audit={"period": "7d"}) as exporter:
        exporter.refresh()
        owner.execute(
            "UPDATE campaign_monitoring.tasks SET campaign_id = 9, updated_at = %s WHERE status = 'failed'", (NOW,)
        )
        exporter.refresh()
        assert "failed" not in exporter.refresh().by("campaign_tasks", "status", campaign="1")


def test_calls_that_are_restored_after_a_deletion_do_not_count_twice(owner: Owner, exporter: Exporter) -> None:
    owner.execute("CREATE TABLE copy AS SELECT * FROM campaign_monitoring.calls WHERE call_id BETWEEN 1000 AND 1003")
    delete(owner, "call_id BETWEEN 1000 AND 1003")
    assert answered(exporter) == 12
    owner.execute("UPDATE copy SET updated_at = %s", (NOW,))
    owner.execute("INSERT INTO campaign_monitoring.calls SELECT * FROM copy")
    assert answered(exporter) == 12
    assert exporter.counted("counters_carried") == 0
    new_call(owner, exporter, 2000)
    assert answered(exporter) == 13


def test_a_table_that_was_emptied_is_carried(owner: Owner, exporter: Exporter) -> None:
    owner.execute("TRUNCATE campaign_monitoring.calls")
    assert answered(exporter) == 12
    new_call(owner, exporter, 2000)
    assert answered(exporter) == 13


def test_a_deletion_that_statistics_tell_late_is_carried_when_they_do(
    owner: Owner, exporter: Exporter, monkeypatch: pytest.MonkeyPatch
) -> None:
    earlier: dict[str, Any] = {}

    def late(*given: Any) -> Any:
        return earlier.setdefault("first", structure(*given))

    with monkeypatch.context() as patched:
        patched.setattr("exporter.refresh.session.structure", late)
        exporter.refresh()
        delete(owner, "call_id BETWEEN 1000 AND 1003")
        assert answered(exporter) == 12
        assert exporter.counted("counters_carried") == 0
    exporter.refresh()
    new_call(owner, exporter, 2000)
    assert answered(exporter) == 13


def test_a_settled_row_that_moved_to_a_campaign_with_settled_rows_of_its_age_counts_once(
    owner: Owner, database_url: str
) -> None:
    platforms.call(owner, 2001, 2, outcome="busy")
    with exporting(database_url, audit={"period": "7d"}) as exporter:
        exporter.refresh()
        owner.execute(
            "UPDATE campaign_monitoring.calls SET campaign_id = 1, updated_at = %s WHERE call_id = 2001", (NOW,)
        )
        exporter.refresh()
        truth = exporter.refresher.ledger
        assert truth is not None
        assert (truth.rows("1")["calls"], truth.rows("2")["calls"]) == (5, 1)
