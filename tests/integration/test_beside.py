"""Large campaigns are loaded and audited beside the refreshes, which go on and show everything else."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import psycopg
import pytest
from structlog.testing import capture_logs

from exporter.ledger.loading import Loader
from exporter.source.totals_reader import TotalsReader
from tests.support import contract, platforms
from tests.support.exporting import NOW, Exporter, Scrape, exporting
from tests.support.platforms import SETTLED

Owner = psycopg.Connection[Any]


@pytest.fixture
def owner(database_url: str) -> Iterator[Owner]:
    """Campaign 1 with five tasks and five calls that are over since yesterday, campaign 2 with one of each."""
    with contract.session(database_url) as connection:
        contract.create(connection)
        for campaign, rows in (("1", range(1, 6)), ("2", range(6, 7))):
            platforms.campaign(connection, campaign)
            add_rows(connection, campaign, rows)
        yield connection


@pytest.fixture(autouse=True)
def three_rows_are_many(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("exporter.refresh.beside.LARGE_ROWS", 3)


@pytest.fixture
def exporter(database_url: str, owner: Owner) -> Iterator[Exporter]:
    with exporting(database_url, audit={"period": "6h", "max_share": 0.01}, refresh={"max_share": 1}) as made:
        made.refresh()
        assert owner.info.dbname in database_url
        yield made


def add_rows(connection: Owner, campaign: str, rows: range, status: str = "completed") -> None:
    stamps = {"created_at": SETTLED, "updated_at": SETTLED}
    for row in rows:
        platforms.task(connection, row, campaign, status=status, **stamps)
        platforms.call(connection, row, campaign, outcome="answered", **stamps)


def just_now(exporter: Exporter) -> datetime:
    """A stamp that the next refresh reads, and none after it if the clock moves on."""
    return datetime.fromtimestamp(exporter.seconds - 0.5, UTC)


def touch(connection: Owner, exporter: Exporter, call: int, outcome: str = "busy") -> None:
    """A call that was over long ago is corrected."""
    connection.execute(
        "UPDATE campaign_monitoring.calls SET outcome = %s, updated_at = %s WHERE call_id = %s",
        (outcome, just_now(exporter), call),
    )


def outcomes(scrape: Scrape, campaign: str) -> dict[str, float]:
    return scrape.by("campaign_calls_total", "outcome", campaign=campaign)


def pending(exporter: Exporter, cause: str) -> float:
    return exporter.counted("campaigns_pending", cause=cause)


def notes(exporter: Exporter) -> list[str]:
    return list(exporter.refresher.notes)


def after_all(exporter: Exporter) -> Scrape:
    """What is shown when nothing is left to be done beside."""
    for _ in range(20):
        scrape = exporter.refresh()
        if not exporter.refresher.busy:
            return scrape
        exporter.refresher.wait()
    raise AssertionError(f"still {exporter.refresher.pending}")


def test_a_late_change_in_a_large_campaign_waits_and_in_a_small_one_is_there_at_once(
    owner: Owner, exporter: Exporter
) -> None:
    owner.execute("DELETE FROM campaign_monitoring.tasks WHERE campaign_id = 2")
    touch(owner, exporter, 1)
    touch(owner, exporter, 6)
    scrape = exporter.refresh()
    assert outcomes(scrape, "2") == {"answered": 1, "busy": 1}, "the counter of what is corrected is held"
    assert outcomes(scrape, "1") == {"answered": 5}
    assert pending(exporter, "dirty") == 1
    assert exporter.refresher.notes == ("campaign 1 is being counted anew: what changed in old rows is not shown yet",)
    assert outcomes(after_all(exporter), "1") == {"answered": 5, "busy": 1}
    assert pending(exporter, "dirty") == 0
    assert notes(exporter) == []


def test_what_changes_while_a_campaign_is_read_beside_is_not_lost(
    owner: Owner, exporter: Exporter, monkeypatch: pytest.MonkeyPatch
) -> None:
    read, go_on, fetch = threading.Event(), threading.Event(), Loader.fetch

    def slowly(*arguments: Any) -> Any:
        loaded = fetch(*arguments)
        read.set()
        assert go_on.wait(20)
        return loaded

    monkeypatch.setattr(Loader, "fetch", slowly)
    touch(owner, exporter, 1)
    exporter.refresh()  # makes the connection
    exporter.refresher.wait()
    exporter.refresh()  # begins to read
    assert read.wait(20)
    stamps = {"created_at": NOW, "updated_at": just_now(exporter)}
    platforms.call(owner, 100, "1", outcome="in_progress", **stamps)
    platforms.call(owner, 101, "2", outcome="in_progress", **stamps)
    platforms.call(owner, 102, "1", outcome="in_progress", **stamps)
    during = exporter.refresh()
    assert during.value("campaign_calls_in_progress", campaign="1") == 2
    assert during.value("campaign_calls_in_progress", campaign="2") == 1
    touch(owner, exporter, 100, "failed")
    exporter.refresh()
    exporter.seconds += 60  # none of these is read again
    go_on.set()
    scrape = after_all(exporter)
    assert outcomes(scrape, "1") == {"answered": 5, "busy": 1, "failed": 1}
    assert scrape.value("campaign_calls_in_progress", campaign="1") == 1
    assert scrape.value("campaign_calls_in_progress", campaign="2") == 1


def test_of_a_large_campaign_that_comes_nothing_is_shown_until_it_is_loaded(owner: Owner, exporter: Exporter) -> None:
    platforms.campaign(owner, "3")
    add_rows(owner, "3", range(10, 20), status="pending")
    scrape = exporter.refresh()
    assert scrape.of(campaign="3") == {}
    assert pending(exporter, "new") == 1
    assert notes(exporter) == ["campaign 3 is being loaded, and not shown until then"]
    scrape = after_all(exporter)
    assert scrape.by("campaign_tasks", "status", campaign="3") == {"pending": 10}
    assert outcomes(scrape, "3") == {"answered": 10}
    assert pending(exporter, "new") == 0


def test_a_small_campaign_that_comes_is_shown_at_once(owner: Owner, exporter: Exporter) -> None:
    platforms.campaign(owner, "3")
    add_rows(owner, "3", range(10, 11))
    assert outcomes(exporter.refresh(), "3") == {"answered": 1}


def test_a_large_campaign_that_goes_away_while_it_is_loaded_is_forgotten(owner: Owner, exporter: Exporter) -> None:
    platforms.campaign(owner, "3")
    add_rows(owner, "3", range(10, 20))
    exporter.refresh()
    owner.execute("UPDATE campaign_monitoring.campaigns SET status = 'draft' WHERE campaign_id = 3")
    assert after_all(exporter).of(campaign="3") == {}
    assert exporter.refresher.pending == {}


def test_an_audit_beside_finds_what_no_stamp_told(database_url: str, owner: Owner) -> None:
    with exporting(database_url, audit={"period": "1s", "max_share": 1}, refresh={"max_share": 1}) as exporter:
        exporter.refresh()
        owner.execute("UPDATE campaign_monitoring.calls SET outcome = 'busy' WHERE call_id = 1")
        for _ in range(60):
            scrape = exporter.refresh()
            exporter.refresher.wait()
        assert outcomes(scrape, "1") == {"answered": 5, "busy": 1}
        assert exporter.corrections() == 1
        assert exporter.counted("audits_total") > 2


def test_where_no_other_connection_is_to_be_had_refreshes_do_it_and_say_so(
    owner: Owner, exporter: Exporter, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(exporter.refresher._database, "connect", _refused)
    touch(owner, exporter, 1)
    with capture_logs() as logs:
        scrape = after_all(exporter)
    assert outcomes(scrape, "1") == {"answered": 5, "busy": 1}
    (told,) = (each for each in logs if each["event"] == "large campaigns cannot be counted beside the refreshes")
    assert told["why"] == "too many connections for role"


def _refused() -> psycopg.Connection[Any]:
    raise psycopg.OperationalError("too many connections for role")


def test_a_failed_load_beside_is_told_and_tried_again(
    owner: Owner, exporter: Exporter, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("exporter.refresh.reading_beside._AFTER_ERROR_SECONDS", 0.0)
    fetch, failures = Loader.fetch, iter([True])

    def once(*arguments: Any) -> Any:
        if next(failures, False):
            raise psycopg.errors.QueryCanceled("canceling statement due to statement timeout")
        return fetch(*arguments)

    monkeypatch.setattr(Loader, "fetch", once)
    touch(owner, exporter, 1)
    with capture_logs() as logs:
        scrape = after_all(exporter)
    assert outcomes(scrape, "1") == {"answered": 5, "busy": 1}
    assert [each["campaign"] for each in logs if "could not be loaded" in each["event"]] == ["1"]


def test_after_the_first_late_change_a_campaigns_rows_are_remembered_where_there_is_room(
    database_url: str, owner: Owner
) -> None:
    room = {"remembered_rows": 100, "audit": {"period": "6h", "max_share": 0.01}, "refresh": {"max_share": 1}}
    with exporting(database_url, **room) as exporter:
        exporter.refresh()
        touch(owner, exporter, 1)
        after_all(exporter)
        exporter.seconds += 60
        touch(owner, exporter, 2)
        scrape = exporter.refresh()
        assert outcomes(scrape, "1") == {"answered": 5, "busy": 2}
        assert exporter.counted("campaigns_loaded_total", cause="dirty") == 1
        assert pending(exporter, "dirty") == 0


def test_a_connection_lost_at_rest_is_made_anew_and_nobody_is_told(owner: Owner, exporter: Exporter) -> None:
    touch(owner, exporter, 1)
    after_all(exporter)
    owner.execute(
        "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE usename = current_user "
        "AND datname = current_database() AND pid NOT IN (pg_backend_pid(), %s)",
        (backend(exporter),),
    )
    exporter.seconds += 60
    touch(owner, exporter, 2)
    with capture_logs() as logs:
        scrape = after_all(exporter)
    assert outcomes(scrape, "1") == {"answered": 5, "busy": 2}
    assert [each["event"] for each in logs if each["log_level"] == "warning"] == []


def backend(exporter: Exporter) -> int:
    """The process of the first connection."""
    session = exporter.refresher._session
    assert session is not None
    return session.connection.info.backend_pid


def test_an_audit_whose_connection_is_lost_is_done_again(
    database_url: str, owner: Owner, monkeypatch: pytest.MonkeyPatch
) -> None:
    with exporting(database_url, audit={"period": "6h", "max_share": 1}, refresh={"max_share": 1}) as exporter:
        exporter.refresh()
        owner.execute("UPDATE campaign_monitoring.calls SET outcome = 'busy' WHERE call_id = 1")
        totals, failures = TotalsReader.of_each, iter([True])

        def once(*arguments: Any, **named: Any) -> Any:
            if next(failures, False):
                raise psycopg.OperationalError("the connection is lost")
            return totals(*arguments, **named)

        exporter.refresher._rows._auditor.suspect(["1"])
        monkeypatch.setattr(TotalsReader, "of_each", once)
        assert outcomes(after_all(exporter), "1") == {"answered": 5, "busy": 1}
        assert next(failures, None) is None


def test_what_waited_for_another_ledger_is_forgotten_with_it(exporter: Exporter, owner: Owner) -> None:
    touch(owner, exporter, 1)
    exporter.refresh()
    assert exporter.refresher.pending == {"1": "dirty"}
    owner.execute("ALTER TABLE campaign_monitoring.calls DROP COLUMN error_code")
    exporter.refresher.disconnect()
    before = exporter.counted("rows_read_total", relation="calls")
    assert outcomes(exporter.refresh(), "1") == {"answered": 5, "busy": 1}
    assert exporter.counted("rows_read_total", relation="calls") - before == 1, "settled ones are counted, not read"


def late(exporter: Exporter) -> float:
    return exporter.counted("late_rows_total", relation="calls")


def test_changes_that_wait_for_their_campaign_are_not_late_when_they_are_read_again(
    owner: Owner, exporter: Exporter
) -> None:
    touch(owner, exporter, 1)
    exporter.refresh()
    exporter.seconds += 400
    exporter.refresh()
    assert (pending(exporter, "dirty"), late(exporter)) == (1, 0)
    assert outcomes(after_all(exporter), "1") == {"answered": 5, "busy": 1}


def test_a_change_of_a_large_campaign_with_a_stamp_of_minutes_ago_is_late(owner: Owner, exporter: Exporter) -> None:
    exporter.seconds += 600
    exporter.refresh()
    owner.execute(
        "UPDATE campaign_monitoring.calls SET outcome = 'busy', updated_at = %s WHERE call_id = 1",
        (just_now(exporter) - timedelta(minutes=5),),
    )
    exporter.seconds += 400
    assert outcomes(after_all(exporter), "1") == {"answered": 5, "busy": 1}
    assert late(exporter) == 1
