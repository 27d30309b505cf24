"""Rows that change without their stamp: seen within seconds, put right, said, and said when it is over."""

from __future__ import annotations

import math
import time
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import psycopg
import pytest
from structlog.testing import capture_logs

from exporter.refresh.probe import EVERY_SECONDS, LASTS_SECONDS
from tests.support import contract, platforms
from tests.support.exporting import NOW, Exporter, Scrape, exporting
from tests.support.restarts import restarted

Owner = psycopg.Connection[Any]
JUST_NOW = NOW - timedelta(seconds=20)
TRIGGER = """
    CREATE FUNCTION campaign_monitoring.stamp() RETURNS trigger LANGUAGE plpgsql
        AS 'BEGIN NEW.updated_at := now(); RETURN NEW; END';
    CREATE TRIGGER stamp BEFORE UPDATE ON campaign_monitoring.{0}
        FOR EACH ROW EXECUTE FUNCTION campaign_monitoring.stamp();
"""


@pytest.fixture(params=["bigint", "uuid", "text"])
def owner(database_url: str, request: pytest.FixtureRequest) -> Iterator[Owner]:
    """Campaign 1, ten calls in progress and ten tasks, whose ids are of a type."""
    with contract.session(database_url) as connection:
        contract.create(connection, request.param)
        platforms.campaign(connection, key(connection, 1), tenant_id=key(connection, 1))
        add_live_rows(connection, 10)
        for relation, column in (("tasks", "task_id"), ("calls", "call_id")):
            connection.execute(f"CREATE UNIQUE INDEX ON campaign_monitoring.{relation} ({column})".encode())
        yield connection


@pytest.fixture
def whole(database_url: str) -> Iterator[Owner]:
    """The same with whole numbers for ids."""
    with contract.session(database_url) as connection:
        contract.create(connection)
        platforms.campaign(connection, "1")
        add_live_rows(connection, 10)
        yield connection


@pytest.fixture
def exporter(database_url: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[Exporter]:
    """An exporter whose audits come too late to help, and whose probes come in time however busy the machine is."""
    monkeypatch.setattr("exporter.refresh.probe.MAX_SHARE", math.inf)
    with exporting(database_url, audit={"period": "6h", "max_share": 0.01}) as made:
        yield made


def id_type(connection: Owner) -> str:
    query = "SELECT format_type(atttypid, null) FROM pg_attribute WHERE attrelid = %s::regclass AND attname = 'call_id'"
    return str(connection.execute(query, ("campaign_monitoring.calls",)).fetchall()[0][0])


def key(connection: Owner, number: int) -> str:
    return {"bigint": f"{number}", "text": f"row {number}"}.get(
        id_type(connection), f"00000000-0000-0000-0000-{number:012}"
    )


def add_live_rows(connection: Owner, count: int) -> None:
    one = key(connection, 1)
    stamps = {"created_at": JUST_NOW, "updated_at": JUST_NOW}
    for number in range(1, count + 1):
        row = key(connection, number)
        platforms.task(connection, row, one, number_id=one, status="in_progress", last_attempted_at=JUST_NOW, **stamps)
        platforms.call(
            connection, row, one, task_id=row, number_id=one, outcome="in_progress", started_at=JUST_NOW, **stamps
        )


def after_a_while(exporter: Exporter) -> Scrape:
    """What is shown after the next probe."""
    exporter.seconds += EVERY_SECONDS
    exporter.refresh()
    return exporter.refresh()


def outcomes(owner: Owner) -> dict[str, float]:
    """Calls that are over, by SQL."""
    rows = owner.execute(
        "SELECT outcome, count(*) FROM campaign_monitoring.calls WHERE outcome <> 'in_progress' GROUP BY outcome"
    )
    return {outcome: float(count) for outcome, count in rows}


def assert_as_in_sql(owner: Owner, scrape: Scrape) -> None:
    assert scrape.by("campaign_calls_total", "outcome") == outcomes(owner)
    statuses = owner.execute("SELECT status, count(*) FROM campaign_monitoring.tasks GROUP BY status")
    assert scrape.by("campaign_tasks", "status") == {status: float(count) for status, count in statuses}


def end_calls(owner: Owner, *numbers: int, stamp: str = "updated_at") -> None:
    owner.execute(
        f"UPDATE campaign_monitoring.calls SET outcome = 'answered', updated_at = {stamp} WHERE call_id = ANY (%s)"
        .encode(),
        ([key(owner, number) for number in numbers],),
    )  # fmt: skip


def test_a_call_that_ends_without_a_stamp_is_seen_within_seconds_and_said(owner: Owner, exporter: Exporter) -> None:
    exporter.refresh()
    end_calls(owner, 1, 2, 3)
    owner.execute("UPDATE campaign_monitoring.tasks SET status = 'completed' WHERE task_id = %s", (key(owner, 4),))
    with capture_logs() as logs:
        assert_as_in_sql(owner, after_a_while(exporter))
    assert exporter.counted("unstamped_changes_total", relation="calls") == 3
    assert exporter.counted("unstamped_changes_total", relation="tasks") == 1
    assert {each["relation"] for each in logs if each["event"] == "stamps do not tell of changes"} == {"tasks", "calls"}
    assert any(
        "calls: rows change without another updated_at (3 of 10 rows" in note for note in exporter.refresher.notes
    )


def test_a_process_that_goes_on_after_another_looks_at_its_rows_again(owner: Owner, exporter: Exporter) -> None:
    exporter.refresh()
    with restarted(exporter, audit={"period": "6h", "max_share": 0.01}) as after:
        after.refresh()
        end_calls(owner, 1, 2, 3)
        assert_as_in_sql(owner, after_a_while(after))
        assert after.counted("unstamped_changes_total", relation="calls") == 3


def test_a_trigger_that_is_dropped_while_serving_is_known_at_the_next_probe(whole: Owner, exporter: Exporter) -> None:
    whole.execute(TRIGGER.format("calls").encode())
    exporter.refresh()
    end_calls(whole, 1)
    assert_as_in_sql(whole, after_a_while(exporter))
    assert exporter.refresher.notes == ()
    whole.execute("DROP TRIGGER stamp ON campaign_monitoring.calls")
    end_calls(whole, 2)
    assert_as_in_sql(whole, after_a_while(exporter))
    assert len(exporter.refresher.notes) == 1


def test_a_view_whose_stamp_is_the_creation_shows_what_sql_shows(whole: Owner, exporter: Exporter) -> None:
    show_calls_stamped(whole, "created_at")
    exporter.refresh()
    for number in range(1, 11):
        whole.execute(
            "UPDATE campaign_monitoring.base SET outcome = 'busy', updated_at = now() WHERE call_id = %s", (number,)
        )
        assert_as_in_sql(whole, after_a_while(exporter))
    assert exporter.counted("unstamped_changes_total", relation="calls") == 10


def test_the_campaigns_of_what_was_found_are_audited_at_once(whole: Owner, exporter: Exporter) -> None:
    """What is not looked at again is counted anew: here a call of two hours ago, which is remembered by nobody."""
    platforms.call(whole, 77, 1)
    exporter.refresh()
    audits = exporter.counted("audits_total")
    end_calls(whole, 1)
    whole.execute("UPDATE campaign_monitoring.calls SET outcome = 'voicemail' WHERE call_id = 77")
    assert_as_in_sql(whole, after_a_while(exporter))
    assert exporter.counted("audits_total") > audits
    assert exporter.counted("audit_corrections_total", relation="calls") == 1


def test_stamps_that_go_backwards_are_unstamped_changes(whole: Owner, exporter: Exporter) -> None:
    exporter.refresh()
    end_calls(whole, 1, stamp="updated_at - interval '1 h'")
    assert_as_in_sql(whole, after_a_while(exporter))
    assert exporter.counted("unstamped_changes_total", relation="calls") == 1


def test_a_row_that_comes_late_with_a_new_stamp_is_late_and_not_unstamped(whole: Owner, exporter: Exporter) -> None:
    exporter.refresh()
    exporter.seconds += 100
    exporter.refresh()
    end_calls(whole, 1, stamp="updated_at + interval '1 s'")
    assert_as_in_sql(whole, after_a_while(exporter))
    assert exporter.counted("unstamped_changes_total", relation="calls") == 0
    assert exporter.counted("late_rows_total", relation="calls") == 1
    assert exporter.refresher.notes == ()


def test_changes_that_are_stamped_raise_no_alarm(whole: Owner, exporter: Exporter) -> None:
    exporter.refresh()
    for number in range(1, 11):
        stamp = NOW.timestamp() + 30 * number
        end_calls(whole, number, stamp=f"to_timestamp({stamp})")
        exporter.seconds = stamp
        assert_as_in_sql(whole, after_a_while(exporter))
    assert exporter.counted("rows_probed_total", relation="calls") > 20
    assert exporter.counted("unstamped_changes_total", relation="calls") == 0
    assert exporter.counted("late_rows_total", relation="calls") == 0


def test_it_is_said_when_it_is_over(whole: Owner, exporter: Exporter) -> None:
    exporter.refresh()
    end_calls(whole, 1)
    after_a_while(exporter)
    assert exporter.refresher.notes
    exporter.seconds += LASTS_SECONDS
    with capture_logs() as logs:
        after_a_while(exporter)
    assert exporter.refresher.notes == ()
    assert [each["relation"] for each in logs if each["event"] == "stamps and ids are in order again"] == ["calls"]


def show_calls_stamped(owner: Owner, stamp: str) -> None:
    owner.execute("ALTER TABLE campaign_monitoring.calls RENAME TO base")
    columns = owner.execute(
        "SELECT string_agg(quote_ident(attname), ', ') FROM pg_attribute "
        "WHERE attrelid = 'campaign_monitoring.base'::regclass AND attnum > 0 AND attname <> 'updated_at'"
    ).fetchall()[0][0]
    owner.execute(
        f"CREATE VIEW campaign_monitoring.calls AS SELECT {columns}, {stamp} AS updated_at "
        "FROM campaign_monitoring.base".encode()
    )


STRANGE = {
    "now()": "stamped with the time at which they are read",
    "clock_timestamp()": "stamped with the time at which they are read",
    "now() + interval '50 min'": "stamped with a time to come",
}


@pytest.mark.parametrize(("stamp", "said"), STRANGE.items())
def test_stamps_that_are_no_time_of_a_change_are_named(
    stamp: str, said: str, whole: Owner, exporter: Exporter, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("exporter.refresh.probe.EVERY_SECONDS", 0.0)
    whole.execute("DELETE FROM campaign_monitoring.calls")
    add_live_rows(whole, 30)
    show_calls_stamped(whole, stamp)
    for _ in range(3):
        exporter.seconds = time.time()
        exporter.refresh()
    assert any(said in note for note in exporter.refresher.notes)


def test_stamps_of_another_zone_are_named_and_what_they_hide_is_found(whole: Owner, exporter: Exporter) -> None:
    whole.execute("UPDATE campaign_monitoring.calls SET updated_at = created_at - interval '9 h'")
    exporter.refresh()
    exporter.seconds += 60
    exporter.refresh()
    end_calls(whole, 1, 2, 3, stamp="updated_at + interval '50 s'")
    assert_as_in_sql(whole, after_a_while(exporter))
    assert any("an updated_at of before the last look (3 of" in note for note in exporter.refresher.notes)


def test_where_no_index_serves_the_ids_of_a_big_table_that_is_said_and_not_tried(
    whole: Owner, exporter: Exporter, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("exporter.refresh.probe.MOST_COST", 500.0)
    whole.execute(
        "INSERT INTO campaign_monitoring.calls (call_id, task_id, campaign_id, attempt, started_at, outcome, "
        "created_at, updated_at) SELECT 1000 + n, n, 9, 1, now(), 'busy', now(), now() "
        "FROM generate_series(1, 40000) n"
    )
    whole.execute("ANALYZE campaign_monitoring.calls")
    with capture_logs() as logs:
        exporter.refresh()
        end_calls(whole, 1)
        after_a_while(exporter)
    said = [each for each in logs if each["event"] == "changes without a stamp cannot be looked for"]
    assert [each["relation"] for each in said] == ["calls"]
    assert exporter.counted("rows_probed_total", relation="calls") == 0
    assert exporter.counted("rows_probed_total", relation="tasks") > 0


def test_rows_that_share_an_id_are_named_as_that_and_not_as_changed_without_a_stamp(
    whole: Owner, exporter: Exporter
) -> None:
    whole.execute(
        "ALTER TABLE campaign_monitoring.calls RENAME TO shown; CREATE VIEW campaign_monitoring.calls AS "
        "SELECT c.* FROM campaign_monitoring.shown AS c, generate_series(1, CASE call_id WHEN 7 THEN 2 ELSE 1 END)"
    )
    with capture_logs() as logs:
        exporter.refresh()
    assert [line["event"] for line in logs if line["log_level"] == "warning"] == ["ids are not unique"]
    (note,) = exporter.refresher.notes
    assert note.startswith("calls: of the rows looked at last, several have the same id (1 id); ")
    assert exporter.own().of("campaign_exporter_unstamped_changes_total", relation="calls") == {
        ("campaign_exporter_unstamped_changes_total", (("relation", "calls"),)): 0
    }
