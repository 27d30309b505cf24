"""A list is recycled or imported by one commit: others are fresh at once, and it is exact when it was counted anew."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import psycopg
import pytest
from structlog.testing import capture_logs

from exporter.source.query_time import Meter
from exporter.source.reader import Reader
from exporter.source.records import Records
from exporter.source.totals_reader import Scope, TotalsReader
from tests.support import contract, oracle, platforms
from tests.support.exporting import NOW, Exporter, exporting
from tests.support.restarts import restarted

Owner = psycopg.Connection[Any]

QUIET: dict[str, Any] = {
    "audit": {"period": "7d"}, "refresh": {"max_share": 1, "clock_allowance": "100ms"}, "stale_after": 300.0,
}  # fmt: skip
"""No audit is due, nothing rests, and no row is read twice for the sake of slow clocks."""

BEHIND = "being counted anew: very many of the rows changed at once, and figures are as of before 12:00:02 UTC"


@pytest.fixture(autouse=True)
def three_rows_are_many(monkeypatch: pytest.MonkeyPatch) -> None:
    """Four are left out; of one campaign three are needed for that; and two are read all the same."""
    monkeypatch.setattr("exporter.refresh.parking.MANY_ROWS", 3)
    monkeypatch.setattr("exporter.refresh.parking.ROOM_ROWS", 2)
    monkeypatch.setattr("exporter.refresh.parking.LEAST_ROWS", 3)


@pytest.fixture
def owner(database_url: str) -> Iterator[Owner]:
    """Campaigns 1 and 2, each with six tasks that are over and a call of each, and a task to be dialled."""
    with contract.session(database_url) as connection:
        contract.create(connection)
        contract.insert(connection, "tenants", tenant_id="1", name="Tenant", timezone="UTC")
        contract.insert(connection, "connections", connection_id="1", tenant_id="1", provider="acme")
        contract.insert(
            connection, "numbers", number_id="1", tenant_id="1", connection_id="1", phone="+4930", status="active"
        )
        for campaign, first in (("1", 10), ("2", 20)):
            platforms.campaign(connection, campaign)
            platforms.task(connection, first, campaign)
            for row in range(first + 1, first + 7):
                platforms.task(connection, row, campaign, status="completed", disposition="sold")
                platforms.call(connection, row, campaign, task_id=row)
        yield connection


@pytest.fixture
def exporter(database_url: str, owner: Owner) -> Iterator[Exporter]:
    """One that has counted all that, and found out that nothing was deleted."""
    with exporting(database_url, **QUIET) as made:
        made.refresh(), made.refresh()
        made.refresher.wait()
        assert made.refresher.pending == {}
        assert owner.info.dbname in database_url
        yield made


def now(exporter: Exporter) -> datetime:
    """A stamp that the next refresh reads, and none after it."""
    return datetime.fromtimestamp(exporter.seconds - 0.5, UTC)


def recycle(owner: Owner, exporter: Exporter, campaign: int = 1) -> None:
    """All that ended are pending again."""
    owner.execute(
        "UPDATE campaign_monitoring.tasks SET status = 'pending', disposition = NULL, attempts = 0, updated_at = %s "
        "WHERE campaign_id = %s AND status = 'completed'",
        (now(exporter), campaign),
    )


def tasks(exporter: Exporter, campaign: str) -> dict[str, float]:
    """By status, after one refresh."""
    return exporter.refresh().by("campaign_tasks", "status", campaign=campaign)


def wrong(exporter: Exporter, owner: Owner) -> dict[oracle.Series, tuple[float, float]]:
    """What differs from SQL when nothing is left to be counted anew: ours and SQL's."""
    for _ in range(30):
        exporter.refresh()
        if not exporter.refresher.busy:
            break
        exporter.refresher.wait()
    assert not exporter.refresher.busy, exporter.refresher.pending
    assert exporter.snapshot is not None
    return oracle.differences(
        oracle.samples(exporter.snapshot), oracle.expected(owner, exporter.snapshot.at, QUIET["stale_after"])
    )


def test_a_recycled_list_shows_what_it_showed_while_all_else_is_fresh(owner: Owner, exporter: Exporter) -> None:
    recycle(owner, exporter)
    platforms.task(owner, 100, 2, created_at=NOW, updated_at=now(exporter))
    assert tasks(exporter, "2") == {"pending": 2, "completed": 6}
    assert exporter.refresher.pending == {"1": "bulk"}
    assert exporter.counted("campaigns_pending", cause="bulk") == 1
    assert exporter.refresher.notes == (f"campaign 1 is {BEHIND}",)
    assert tasks(exporter, "1") == {"pending": 1, "completed": 6}
    assert wrong(exporter, owner) == {}
    assert tasks(exporter, "1") == {"pending": 7}
    assert not exporter.refresher.notes


def test_of_a_recycled_list_no_row_is_read_within_a_refresh(owner: Owner, exporter: Exporter) -> None:
    recycle(owner, exporter)
    platforms.call(owner, 100, 1, outcome="in_progress", created_at=NOW, updated_at=now(exporter))
    scrape = exporter.refresh()
    assert scrape.value("campaign_calls_in_progress", campaign="1") == 1, "its calls are not left out"
    assert scrape.by("campaign_tasks", "status", campaign="1") == {"pending": 1, "completed": 6}
    assert wrong(exporter, owner) == {}
    assert exporter.counted("campaigns_loaded_total", cause="bulk") == 1


def test_what_changes_while_a_list_is_counted_is_there_when_it_is_exact(owner: Owner, exporter: Exporter) -> None:
    recycle(owner, exporter)
    exporter.refresh()
    for row in (11, 12):  # before the reading begins, and while it goes on
        owner.execute(
            "UPDATE campaign_monitoring.tasks SET status = 'in_progress', updated_at = %s WHERE task_id = %s",
            (now(exporter), row),
        )
        exporter.refresh()
    owner.execute("DELETE FROM campaign_monitoring.tasks WHERE task_id = 13")
    owner.execute("SELECT pg_stat_force_next_flush()")
    assert wrong(exporter, owner) == {}
    assert tasks(exporter, "1") == {"pending": 4, "in_progress": 2}


def test_a_list_that_is_recycled_again_while_it_is_read_is_read_again(owner: Owner, exporter: Exporter) -> None:
    recycle(owner, exporter)
    exporter.refresh(), exporter.refresh()
    exporter.refresher.wait()  # for the connection
    exporter.refresh()
    owner.execute(
        "UPDATE campaign_monitoring.tasks SET status = 'failed', updated_at = %s WHERE campaign_id = 1",
        (now(exporter),),
    )
    exporter.refresher.wait()
    assert tasks(exporter, "1") == {"pending": 1, "completed": 6}, "what was read is of before"
    assert wrong(exporter, owner) == {}
    assert tasks(exporter, "1") == {"failed": 7}


def test_an_imported_list_makes_nobody_suspect_that_rows_moved(
    owner: Owner, exporter: Exporter, monkeypatch: pytest.MonkeyPatch
) -> None:
    counted: set[str] = set()
    totals = TotalsReader.of_each

    def noted(self: TotalsReader, connection: Any, projections: Any, scope: Scope, meter: Meter) -> Any:
        counted.update(scope.campaigns)
        return totals(self, connection, projections, scope, meter)

    monkeypatch.setattr(TotalsReader, "of_each", noted)
    for row in range(100, 110):
        platforms.task(owner, row, 1, created_at=NOW, updated_at=now(exporter))
    assert tasks(exporter, "1") == {"pending": 1, "completed": 6}
    assert wrong(exporter, owner) == {}
    assert tasks(exporter, "1") == {"pending": 11, "completed": 6}
    assert counted == {"1"}


def test_a_campaign_that_a_row_left_for_a_parked_one_is_counted_anew_too(owner: Owner, exporter: Exporter) -> None:
    recycle(owner, exporter)
    owner.execute(
        "UPDATE campaign_monitoring.tasks SET campaign_id = 1, updated_at = %s WHERE task_id = 20", (now(exporter),)
    )
    exporter.refresh()
    assert exporter.refresher.pending == {"1": "bulk", "2": "bulk"}
    assert wrong(exporter, owner) == {}
    assert tasks(exporter, "1") == {"pending": 8}
    assert tasks(exporter, "2") == {"completed": 6}


def test_a_settled_row_that_moved_into_a_parked_campaign_is_found_by_an_audit(owner: Owner, exporter: Exporter) -> None:
    recycle(owner, exporter)
    owner.execute(
        "UPDATE campaign_monitoring.tasks SET campaign_id = 1, updated_at = %s WHERE task_id = 21", (now(exporter),)
    )
    exporter.refresh()
    assert exporter.refresher.pending == {"1": "bulk"}, "nobody knows where a forgotten row was"
    assert wrong(exporter, owner) == {}
    assert tasks(exporter, "2") == {"pending": 1, "completed": 5}


def test_a_row_that_leaves_a_parked_campaign_counts_where_it_is_at_once(owner: Owner, exporter: Exporter) -> None:
    recycle(owner, exporter)
    exporter.refresh()
    owner.execute(
        "UPDATE campaign_monitoring.tasks SET campaign_id = 2, updated_at = %s WHERE task_id = 10", (now(exporter),)
    )
    assert tasks(exporter, "2") == {"pending": 2, "completed": 6}
    assert wrong(exporter, owner) == {}
    assert tasks(exporter, "1") == {"pending": 6}


def test_rows_that_move_at_once_leave_both_campaigns_to_be_counted_anew(owner: Owner, exporter: Exporter) -> None:
    for row in range(30, 35):
        platforms.task(owner, row, 2, created_at=NOW, updated_at=now(exporter))
        exporter.refresh()
    owner.execute(
        "UPDATE campaign_monitoring.tasks SET campaign_id = 1, updated_at = %s WHERE task_id >= 30", (now(exporter),)
    )
    exporter.refresh()
    assert exporter.refresher.pending == {"1": "bulk", "2": "bulk"}
    assert wrong(exporter, owner) == {}
    assert tasks(exporter, "1") == {"pending": 6, "completed": 6}
    assert tasks(exporter, "2") == {"pending": 1, "completed": 6}


def test_a_list_that_moves_to_a_draft_leaves_where_it_was_exact(owner: Owner, exporter: Exporter) -> None:
    platforms.campaign(owner, "3", status="draft")
    for row in range(30, 35):
        platforms.task(owner, row, 2, created_at=NOW, updated_at=now(exporter))
        exporter.refresh()
    owner.execute(
        "UPDATE campaign_monitoring.tasks SET campaign_id = 3, updated_at = %s WHERE task_id >= 30", (now(exporter),)
    )
    exporter.refresh()
    assert exporter.refresher.pending == {"2": "bulk"}
    assert wrong(exporter, owner) == {}
    assert tasks(exporter, "2") == {"pending": 1, "completed": 6}


def test_a_parked_campaign_that_ends_and_comes_back_is_exact(owner: Owner, exporter: Exporter) -> None:
    recycle(owner, exporter)
    exporter.refresh()
    owner.execute("UPDATE campaign_monitoring.campaigns SET status = 'draft' WHERE campaign_id = 1")
    assert exporter.refresh().of(campaign="1") == {}
    assert exporter.refresher.pending == {}
    owner.execute("UPDATE campaign_monitoring.campaigns SET status = 'running' WHERE campaign_id = 1")
    assert tasks(exporter, "1") == {"pending": 7}
    assert wrong(exporter, owner) == {}


def test_a_restart_counts_what_was_parked(owner: Owner, exporter: Exporter) -> None:
    recycle(owner, exporter)
    exporter.refresh()
    with restarted(exporter, **QUIET) as after:
        assert tasks(after, "1") == {"pending": 1, "completed": 6}
        assert after.refresher.pending == {"1": "bulk"}
        assert wrong(after, owner) == {}
        assert tasks(after, "1") == {"pending": 7}


def test_a_refresh_that_fails_after_rows_were_left_out_loses_none(
    owner: Owner, exporter: Exporter, monkeypatch: pytest.MonkeyPatch
) -> None:
    recycle(owner, exporter)

    def fail(*_: object) -> None:
        raise psycopg.OperationalError("the connection is lost")

    with monkeypatch.context() as patched:
        patched.setattr("exporter.refresh.probe.Probe.run", fail)
        with pytest.raises(psycopg.OperationalError):
            exporter.refresh()
    assert wrong(exporter, owner) == {}
    assert tasks(exporter, "1") == {"pending": 7}


def test_a_campaign_that_is_always_that_busy_is_read_as_it_comes(owner: Owner, exporter: Exporter) -> None:
    for _ in range(70):
        owner.execute("UPDATE campaign_monitoring.tasks SET score = 7, updated_at = %s WHERE campaign_id = 1",
                      (now(exporter),))  # fmt: skip
        exporter.refresh()
    exporter.refresher.wait()
    owner.execute("UPDATE campaign_monitoring.tasks SET status = 'failed', updated_at = %s WHERE campaign_id = 1",
                  (now(exporter),))  # fmt: skip
    exporter.refresh()
    exporter.refresher.wait()
    assert tasks(exporter, "1") == {"failed": 7}


def test_rows_of_a_parked_campaign_are_no_sign_of_stamps_that_do_not_tell(
    owner: Owner, exporter: Exporter, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("exporter.refresh.probe.EVERY_SECONDS", 0.0)
    monkeypatch.setattr("exporter.refresh.probe.MAX_SHARE", float("inf"))
    monkeypatch.setattr("exporter.refresh.echo.EVERY_SECONDS", 0.0)
    with capture_logs() as logs:
        owner.execute("UPDATE campaign_monitoring.tasks SET status = 'failed', updated_at = %s WHERE campaign_id = 1",
                      (now(exporter),))  # fmt: skip
        exporter.refresh(), exporter.refresh()
        exporter.seconds += 60
        exporter.refresh()
    assert [each["event"] for each in logs if each["log_level"] == "warning"] == []
    own = exporter.own()
    assert sum(own.of("campaign_exporter_late_rows_total").values()) == 0
    assert sum(own.of("campaign_exporter_unstamped_changes_total").values()) == 0
    assert wrong(exporter, owner) == {}


def test_of_rows_that_lie_mixed_on_disk_the_first_do_not_decide(
    owner: Owner, exporter: Exporter, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("exporter.source.copying.BATCH", 2)
    for row in (key for pair in zip(range(11, 17), range(21, 27), strict=True) for key in pair):
        owner.execute(
            "UPDATE campaign_monitoring.tasks SET status = 'pending', updated_at = %s WHERE task_id = %s",
            (now(exporter), row),
        )
    exporter.refresh()
    assert exporter.refresher.pending == {"1": "bulk", "2": "bulk"}
    assert wrong(exporter, owner) == {}


def test_many_rows_all_over_the_campaigns_are_read(
    owner: Owner, exporter: Exporter, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("exporter.refresh.parking.LEAST_ROWS", 8)
    recycle(owner, exporter, 1)
    recycle(owner, exporter, 2)
    exporter.refresh()
    assert "bulk" not in exporter.refresher.pending.values()
    assert wrong(exporter, owner) == {}


def test_where_that_is_always_so_it_is_asked_now_and_then_whose_they_are(
    owner: Owner, exporter: Exporter, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[str] = []
    whose = Reader.whose

    def counted(self: Reader, connection: Owner, relation: str, *rest: Any) -> Iterator[Records]:
        asked.append(relation)
        return whose(self, connection, relation, *rest)

    monkeypatch.setattr(Reader, "whose", counted)
    monkeypatch.setattr("exporter.refresh.parking.LEAST_ROWS", 8)
    for passed, times in ((0, 1), (60, 1), (600, 2)):
        exporter.seconds += passed
        owner.execute("UPDATE campaign_monitoring.tasks SET status = 'pending', updated_at = %s", (now(exporter),))
        exporter.refresh()
        assert asked == ["tasks"] * times


def test_where_no_other_connection_is_to_be_had_the_list_is_read(
    owner: Owner, exporter: Exporter, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("exporter.refresh.beside.Beside.possible", property(lambda _: False))
    recycle(owner, exporter)
    assert tasks(exporter, "1") == {"pending": 7}


def test_a_purged_list_that_is_restored_at_once_does_not_count_twice(owner: Owner, exporter: Exporter) -> None:
    owner.execute("CREATE TEMP TABLE bin AS SELECT * FROM campaign_monitoring.calls WHERE campaign_id = 1")
    owner.execute("DELETE FROM campaign_monitoring.calls WHERE campaign_id = 1")
    owner.execute("SELECT pg_stat_force_next_flush()")
    wrong(exporter, owner)
    assert exporter.refresh().by("campaign_calls_total", "outcome", campaign="1") == {"answered": 6}
    assert exporter.snapshot is not None
    assert exporter.snapshot.carried
    exporter.seconds += 1
    owner.execute("UPDATE bin SET updated_at = %s", (now(exporter),))
    owner.execute("INSERT INTO campaign_monitoring.calls SELECT * FROM bin")
    assert wrong(exporter, owner) == {}
    assert exporter.refresh().by("campaign_calls_total", "outcome", campaign="1") == {"answered": 6}


def test_a_row_that_a_view_cannot_show_leaves_the_others_readable(owner: Owner, exporter: Exporter) -> None:
    owner.execute("ALTER TABLE campaign_monitoring.tasks RENAME TO raw_tasks")
    columns = [row[0] for row in owner.execute(
        "SELECT column_name FROM information_schema.columns WHERE table_name = 'raw_tasks' ORDER BY ordinal_position"
    )]  # fmt: skip
    shown = ", ".join(f"{each} / (task_id - 12) * (task_id - 12) AS {each}" if each == "attempts" else each
                      for each in columns)  # fmt: skip
    owner.execute(
        f"CREATE VIEW campaign_monitoring.tasks AS SELECT {shown} FROM campaign_monitoring.raw_tasks".encode()
    )
    for _ in range(3):
        exporter.refresh()
        exporter.refresher.wait()
    owner.execute("UPDATE campaign_monitoring.raw_tasks SET status = 'failed', updated_at = %s WHERE campaign_id = 1",
                  (now(exporter),))  # fmt: skip
    for _ in range(8):
        exporter.refresh()
        exporter.refresher.wait()
    assert tasks(exporter, "1") == {"failed": 6}


@pytest.mark.parametrize("index", [0, 1])
def test_a_shard_parks_its_own_campaigns_alone(index: int, database_url: str, owner: Owner) -> None:
    contract.insert(owner, "tenants", tenant_id="2", name="Other", timezone="UTC")
    owner.execute("UPDATE campaign_monitoring.campaigns SET tenant_id = 2 WHERE campaign_id = 2")
    with exporting(database_url, shard={"index": index, "total": 2}, **QUIET) as shard:
        shard.refresh(), shard.refresh()
        mine = sorted(shard.refresher.platform.campaigns)
        recycle(owner, shard, 1)
        recycle(owner, shard, 2)
        shard.refresh()
        assert shard.refresher.pending == dict.fromkeys(mine, "bulk")
        for _ in range(8):
            shard.refresh()
            shard.refresher.wait()
        assert [tasks(shard, campaign) for campaign in mine] == [{"pending": 7}] * len(mine)
