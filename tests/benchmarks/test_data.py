"""The data that is measured: filled at any size, and changed in the ways that the figures are named by."""

from __future__ import annotations

import itertools
import os
import sys
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import psycopg
import pytest

from benchmarks import bulk, trickle, truth
from benchmarks.database import Connection, Target, another
from benchmarks.ours import config
from benchmarks.page import made_by
from benchmarks.sql import script, statements
from exporter.demo.platform.install import MONITOR_ROLE
from exporter.demo.runtime.server import EmbeddedServer
from exporter.metrics.self_metrics import Telemetry
from exporter.refresh.refresher import Refresher
from exporter.source.database import Database
from tests.benchmarks.small import OPTIONS


@pytest.fixture(scope="module")
def target(server: EmbeddedServer) -> Iterator[Target]:
    with another(Target(server.url(), server.url(user=MONITOR_ROLE), server.url()), "bench", OPTIONS) as made:
        yield made


@pytest.fixture
def owner(target: Target) -> Iterator[Connection]:
    """A connection whose changes are taken back."""
    with psycopg.connect(target.owner) as connection:
        yield connection
        connection.rollback()


def value(connection: Connection, query: str) -> Any:
    row = connection.execute(query.encode()).fetchone()
    assert row is not None
    return row[0]


def test_a_result_says_by_which_command_it_was_made_when_and_where(
    target: Target, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "argv", ["python -m benchmarks", "--tasks", "10000000", "--live", "3000000", "--write"])
    made = made_by(target, OPTIONS, datetime(2026, 3, 4, tzinfo=UTC))
    assert all(len(line) <= 120 for line in made.splitlines()), "pages have lines of this length"
    words = " ".join(made.split())
    assert words.startswith('`make bench ARGS="--tasks 10000000 --live 3000000"` on 04 March 2026: ')
    assert f" {os.cpu_count()} cores, " in words
    assert " PostgreSQL " in words


def test_twenty_million_calls_lie_within_the_two_weeks_before_the_newest(owner: Connection) -> None:
    dialled_at = next(part for part in script("large").split(";\n") if "FUNCTION pg_temp.dialled_at" in part)
    owner.execute(dialled_at.replace("%%", "%").encode())
    at = datetime(2026, 3, 4, 12, tzinfo=UTC)
    rows = owner.execute(
        "SELECT min(d), max(d) FROM (SELECT pg_temp.dialled_at(n, 20000000, 666667, %s) AS d"
        " FROM unnest(ARRAY[1, 10000000, 19333333, 19333334, 20000000]) AS n) AS calls",
        [at],
    ).fetchone()
    assert rows is not None
    assert [round((at - each).total_seconds() / 3600) for each in rows] == [14 * 24, 0]


def test_what_the_exporter_shows_is_what_sql_says_of_the_families_that_are_compared(target: Target) -> None:
    refresher = Refresher(config(target), Database(config(target)), Telemetry())
    families = truth.comparable(target)
    try:
        ours = truth.shown(refresher.refresh().text, families)
    finally:
        refresher.disconnect()
    sql = truth.by_sql(target, families)
    assert list(truth.differing(ours, sql, {})) == []
    assert len({name for name, _ in sql}) > 40
    calls = next(series for series in sql if series[0] == "campaign_calls_total")
    assert list(truth.differing(ours, sql | {calls: sql[calls] + 1}, {})) == [calls]


def test_a_counter_may_stay_where_it_was_and_a_gauge_may_not() -> None:
    counter: truth.Series = ("campaign_calls_total", frozenset())
    gauge: truth.Series = ("campaign_tasks", frozenset())
    shown = {counter: 7.0, gauge: 7.0}
    assert list(truth.differing(shown, {counter: 5.0, gauge: 5.0}, shown)) == [gauge]


def test_settled_changes_are_late_scores_corrected_costs_and_reviews_of_all_campaigns(
    target: Target, owner: Connection
) -> None:
    changes = list(itertools.islice(trickle.settled(target, OPTIONS, 100), 100))
    assert Counter(name for name, _ in changes).keys() == {"score", "cost", "review"}
    assert len(changes) == len(set(changes)), "one that changed lately is settled no longer"
    for name, key in changes:
        assert owner.execute(statements("trickle")[name], {"id": key}).rowcount == 1
    touched = "FROM dialler.{} WHERE updated_at = now()"
    assert value(owner, f"SELECT count(DISTINCT campaign_id) {touched.format('attempt')}") == OPTIONS.campaigns
    ended = f"SELECT bool_and(hung_up_at < now() - interval '1 hour') {touched.format('attempt')}"
    assert value(owner, ended)
    assert value(owner, f"SELECT bool_and(state_code IN ('C', 'F', 'X')) {touched.format('lead')}")


def test_live_changes_are_of_pending_tasks(target: Target, owner: Connection) -> None:
    for name, key in itertools.islice(trickle.live(target, OPTIONS, 20), 20):
        owner.execute(statements("trickle")[name], {"id": key})
    assert value(owner, "SELECT bool_and(state_code = 'Q') FROM dialler.lead WHERE updated_at = now()")


def test_while_audits_are_to_run_rows_are_deleted_under_the_views(target: Target) -> None:
    deleted = "SELECT pg_stat_get_tuples_deleted('dialler.person'::regclass)"
    with psycopg.connect(target.owner, autocommit=True) as connection:
        for name in ("arrive", "leave"):
            assert connection.execute(statements("trickle")[name], {"id": -1}).rowcount == 1
        connection.execute("SELECT pg_stat_force_next_flush()")
        assert value(connection, deleted) == 1


def test_a_batch_corrects_costs_upwards(owner: Connection) -> None:
    before = value(owner, "SELECT sum(carrier_cost) FROM dialler.attempt")
    key, *_ = trickle.sample(owner, "settled_calls", OPTIONS.calls, 100)
    owner.execute(statements("bulk")["corrected"], {"ids": [key]})
    assert value(owner, "SELECT sum(carrier_cost) FROM dialler.attempt") > before


def test_a_recycled_list_is_pending_again(owner: Connection) -> None:
    pending = "SELECT count(*) FROM campaign_monitoring.tasks WHERE status = 'pending'"
    before = value(owner, pending)
    assert bulk.recycle(owner, OPTIONS) == 300
    assert value(owner, pending) == before + 300


def test_a_purge_deletes_a_fifth_of_the_tasks_with_their_calls(owner: Connection) -> None:
    deleted = bulk.purge(owner, OPTIONS)
    calls = value(owner, "SELECT count(*) FROM dialler.attempt")
    assert value(owner, "SELECT count(*) FROM dialler.lead") == OPTIONS.tasks * 4 // 5
    assert deleted == OPTIONS.tasks // 5 + OPTIONS.calls - calls
