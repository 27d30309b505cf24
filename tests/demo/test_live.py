"""What is written to the database: the live dialler, restarts, and what people change by SQL."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import psycopg
import pytest

from exporter.demo.dialler.dialler import Dialler
from exporter.demo.dialler.restore import forget_deleted_leads, refresh_settings, restore
from exporter.demo.platform.model import Attempt, Lead
from exporter.demo.platform.store import flush
from exporter.demo.platform.world import DEMO
from exporter.demo.runtime import remembered as memory
from exporter.demo.runtime.clock import ManualClock, ScaledClock
from exporter.demo.runtime.server import EmbeddedServer, ServerBusyError
from exporter.demo.runtime.worker import Worker
from tests.demo.conftest import DATABASE, ORIGIN, assert_consistent, value

Connection = psycopg.Connection[Any]
TICK = timedelta(seconds=5)
OUTAGE = "(SELECT campaign_id FROM dialler.campaign WHERE title = 'Outage notices, round the clock')"


@pytest.fixture
def restored(owner: Connection) -> Dialler:
    return restore(owner, DEMO, ORIGIN, ORIGIN, "again", TICK)


def go_on(connection: Connection, dialler: Dialler, until: datetime) -> set[int]:
    """Dial and write until then; the leads that were called."""
    called: set[int] = set()
    while dialler.time < until:
        dialler.step(min(dialler.time + timedelta(seconds=30), until))
        called.update(attempt.lead_id for attempt in dialler.state.new[Attempt])
        flush(connection, dialler.state, dialler.time)
        dialler.state.saved()
    return called


def delete_leads(connection: Connection, condition: str) -> set[int]:
    rows = connection.execute(f"DELETE FROM dialler.lead WHERE {condition} RETURNING lead_id".encode())
    return {row[0] for row in rows}


def test_a_restart_goes_on_with_queues_calls_and_costs(owner: Connection, restored: Dialler) -> None:
    on_air = value(owner, "SELECT count(*) FROM dialler.attempt WHERE result_code = 'LIVE'")
    queued = value(owner, "SELECT count(*) FROM dialler.lead WHERE state_code = 'Q'")
    before = value(owner, "SELECT count(*) FROM dialler.attempt")
    assert sum(campaign.on_air for campaign in restored.state.campaigns.values()) == on_air > 0
    assert len(restored.state.leads) == on_air + queued
    go_on(owner, restored, ORIGIN + timedelta(minutes=20))
    assert value(owner, "SELECT count(*) FROM dialler.attempt") > before + 50
    old = "SELECT count(*) FROM dialler.attempt WHERE dialled_at <= %s AND (result_code = 'LIVE' OR ai_cost IS NULL)"
    assert value(owner, old, ORIGIN) == 0
    assert_consistent(owner)


def test_a_restart_goes_on_with_the_next_free_ids(owner: Connection, restored: Dialler) -> None:
    assert restored.state.next_id(Lead) == value(owner, "SELECT max(lead_id) + 1 FROM dialler.lead")


def test_each_flush_stamps_its_rows_with_the_transactions_start(owner: Connection, restored: Dialler) -> None:
    stamp = ORIGIN + timedelta(minutes=1)
    restored.step(stamp)
    changed = {a.attempt_id for a in restored.state.new[Attempt]} | {
        a.attempt_id for a in restored.state.changed[Attempt, "state"]
    }
    flush(owner, restored.state, stamp)
    count = value(owner, "SELECT count(*) FROM campaign_monitoring.calls WHERE updated_at = %s", stamp)
    assert count == len(changed) > 0
    assert value(owner, "SELECT max(updated_at) FROM campaign_monitoring.tasks") == stamp


def test_a_late_score_moves_updated_at(owner: Connection, restored: Dialler) -> None:
    go_on(owner, restored, ORIGIN + timedelta(minutes=15))
    late = "SELECT count(*) FROM campaign_monitoring.calls WHERE score IS NOT NULL AND updated_at > ended_at + %s"
    assert value(owner, late, timedelta(seconds=20)) > 5


def test_a_flush_that_failed_is_written_by_the_next(owner: Connection, restored: Dialler) -> None:
    restored.step(ORIGIN + timedelta(minutes=5))
    with owner.transaction(force_rollback=True):
        flush(owner, restored.state, restored.time)
    flush(owner, restored.state, restored.time)
    assert value(owner, "SELECT count(*) FROM dialler.attempt WHERE dialled_at > %s", ORIGIN) > 10
    assert_consistent(owner)


def test_a_pause_by_sql_takes_effect_and_is_journalled(owner: Connection, restored: Dialler) -> None:
    owner.execute(f"UPDATE dialler.campaign SET state_code = 'HALTED' WHERE campaign_id = {OUTAGE}")
    refresh_settings(owner, restored.state, ORIGIN)
    restored.settings_changed()
    go_on(owner, restored, ORIGIN + timedelta(minutes=5))
    started = f"SELECT count(*) FROM dialler.attempt WHERE dialled_at > %s AND campaign_id = {OUTAGE}"
    assert value(owner, started, ORIGIN) == 0
    query = "SELECT paused_at, pause_reason FROM campaign_monitoring.campaigns WHERE name LIKE 'Outage%'"
    assert owner.execute(query).fetchone() == (ORIGIN, "paused by operator")
    event = f"SELECT kind FROM campaign_monitoring.campaign_events WHERE at = %s AND campaign_id = {OUTAGE}"
    assert value(owner, event, ORIGIN) == "paused"


def test_a_number_removed_by_sql_is_not_dialled_from(owner: Connection, restored: Dialler) -> None:
    owner.execute(f"DELETE FROM dialler.pool_member WHERE did_id = 11 AND campaign_id = {OUTAGE}")
    refresh_settings(owner, restored.state, ORIGIN)
    go_on(owner, restored, ORIGIN + timedelta(minutes=10))
    used = f"SELECT count(*) FILTER (WHERE did_id = 11), count(*) FROM dialler.attempt WHERE dialled_at > %s AND campaign_id = {OUTAGE}"  # noqa: E501
    removed, others = owner.execute(used, [ORIGIN]).fetchone() or (1, 0)
    assert removed == 0
    assert others > 20


def test_contacts_deleted_by_sql_are_called_no_more(owner: Connection, restored: Dialler) -> None:
    gone = delete_leads(owner, f"lead_id % 2 = 0 AND campaign_id = {OUTAGE}")
    assert forget_deleted_leads(owner, restored.state) > 10
    called = go_on(owner, restored, ORIGIN + timedelta(minutes=10))
    assert len(called) > 20
    assert called.isdisjoint(gone)


def test_contacts_deleted_just_before_a_flush_do_not_stop_it(owner: Connection, restored: Dialler) -> None:
    restored.step(ORIGIN + timedelta(minutes=3))
    gone = delete_leads(owner, f"campaign_id = {OUTAGE}")
    assert not gone.isdisjoint(attempt.lead_id for attempt in restored.state.new[Attempt])
    flush(owner, restored.state, restored.time)
    restored.state.saved()
    forget_deleted_leads(owner, restored.state)
    called = go_on(owner, restored, ORIGIN + timedelta(minutes=6))
    assert len(called) > 10
    assert called.isdisjoint(gone)


def test_a_top_up_by_sql_survives_the_next_flush(owner: Connection, restored: Dialler) -> None:
    before = float(value(owner, "SELECT credit_balance FROM dialler.account WHERE account_id = 1"))
    restored.step(ORIGIN + timedelta(minutes=2))
    owner.execute("UPDATE dialler.account SET credit_balance = credit_balance + 5000 WHERE account_id = 1")
    flush(owner, restored.state, restored.time)
    after = float(value(owner, "SELECT credit_balance FROM dialler.account WHERE account_id = 1"))
    assert before + 4900 < after < before + 5000


@pytest.fixture
def working(server: EmbeddedServer, installed: str) -> Iterator[Callable[..., Worker]]:
    """Workers on a copy of the installed database, which they may change."""
    with psycopg.connect(server.url(), autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE demo_worker TEMPLATE {DATABASE}")
    opened: list[Connection] = []
    del installed

    def start(gap: timedelta, *scenarios: str) -> Worker:
        connection = psycopg.connect(server.url("demo_worker"))
        opened.append(connection)
        now = datetime.now(UTC)
        progress = memory.recall_progress(connection)
        assert progress is not None
        memory.remember_clock(connection, ScaledClock(now, progress[0] + gap, 1.0))
        return Worker(connection, scenarios)

    yield start
    for connection in opened:
        connection.close()
    server.drop_database("demo_worker")


def test_the_worker_catches_up_a_days_gap_and_then_keeps_pace(working: Callable[..., Worker]) -> None:
    worker = working(timedelta(days=1))
    turns = 1
    while worker.turn() > timedelta():
        turns += 1
    assert 40 < turns < 60
    assert worker.dialler.time >= ORIGIN + timedelta(days=1)
    calls = [call for call in worker.dialler.state.attempts.values() if call.hung_up_at is None]
    assert len(calls) < 60


def test_the_worker_obeys_its_scenarios_and_remembers_what_to_put_back(working: Callable[..., Worker]) -> None:
    worker = working(timedelta(seconds=30), "credits_out", "silent_agent:rate=1")
    worker.turn()
    assert worker.dialler.state.accounts[1].topup_below is None
    again = working(timedelta(seconds=60))
    again.turn()
    assert again.dialler.state.accounts[1].topup_below is not None
    assert not again.dialler.conditions.silence


def test_a_scaled_clock_translates_both_ways() -> None:
    clock = ScaledClock(ORIGIN, ORIGIN + timedelta(days=3), 60.0)
    real = ORIGIN + timedelta(minutes=2, microseconds=7)
    assert clock(real) == ORIGIN + timedelta(days=3, hours=2, microseconds=420)
    assert clock.real(clock(real)) == real
    assert ManualClock(ORIGIN).now() == ORIGIN


def test_a_clock_goes_on_where_it_was_and_counts_the_time_away() -> None:
    progress = (ORIGIN + timedelta(days=9), ORIGIN)
    clock = memory.continued_clock(progress, ORIGIN + timedelta(minutes=5), 60.0)
    assert clock(ORIGIN + timedelta(minutes=6)) == ORIGIN + timedelta(days=9, minutes=65)


@pytest.mark.parametrize("speed", [0.0, -1.0, 1e9, float("nan")])
def test_an_absurd_speed_is_refused(speed: float) -> None:
    with pytest.raises(ValueError, match="give a factor above 0"):
        ScaledClock(ORIGIN, ORIGIN, speed)


def test_a_directory_in_use_is_refused(tmp_path: Path) -> None:
    with EmbeddedServer(tmp_path, {"fsync": "off"}), pytest.raises(ServerBusyError, match="in use"):
        EmbeddedServer(tmp_path).start()


def test_a_server_starts_again_with_other_settings_and_the_same_data(tmp_path: Path) -> None:
    with EmbeddedServer(tmp_path, {"fsync": "off"}) as server:
        server.create_database("kept")
    with (
        EmbeddedServer(tmp_path, {"fsync": "off", "work_mem": "7MB"}) as server,
        psycopg.connect(server.url("kept")) as connection,
    ):
        assert value(connection, "SHOW work_mem") == "7MB"


def test_a_stale_postmaster_file_does_not_stop_the_start(tmp_path: Path) -> None:
    with EmbeddedServer(tmp_path, {"fsync": "off"}):
        pass
    # The process of this id lives and is no PostgreSQL.
    (tmp_path / "postgres" / "postmaster.pid").write_text("1\n/elsewhere\n0\n5432\n/tmp\n\n 1 2\nready\n")
    with EmbeddedServer(tmp_path, {"fsync": "off"}) as server, psycopg.connect(server.url()) as connection:
        assert value(connection, "SELECT 1") == 1
