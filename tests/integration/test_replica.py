"""On a replica: what is replayed late is read all the same, and a promotion begins anew."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import psycopg
import pytest
from psycopg.conninfo import conninfo_to_dict

from exporter.demo.runtime.server import EmbeddedServer
from tests.support import contract
from tests.support.exporting import Exporter, exporting
from tests.support.standby import Standby, standby

Owner = psycopg.Connection[Any]


@pytest.fixture
def replica(owner: Owner, server: EmbeddedServer) -> Iterator[Standby]:
    """A replica that has what the owner has."""
    with standby(server.url()) as made:
        made.follow(owner)
        yield made


@pytest.fixture
def exporter(replica: Standby, database_url: str) -> Iterator[Exporter]:
    """An exporter of the replica, on the database's own clock, that audits nothing."""
    name = str(conninfo_to_dict(database_url)["dbname"])
    settings: Any = {"audit": {"period": "7d"}, "refresh": {"overlap": "1s", "clock_allowance": "1ms"}}
    with exporting(replica.url(name), **settings) as made:
        made.refresher._clock = lambda now: now
        yield made


def pending(exporter: Exporter) -> float:
    return exporter.refresh().value("campaign_tasks", campaign="1", status="pending")


def add(owner: Owner, key: int, stamp: str = "now()") -> None:
    owner.execute(
        "INSERT INTO campaign_monitoring.tasks (task_id, campaign_id, status, attempts, max_attempts, created_at, "
        f"updated_at) VALUES (%s, 1, 'pending', 0, 3, {stamp}, {stamp})".encode(),
        (key,),
    )


def test_what_was_written_while_replay_was_paused_for_longer_than_the_overlap_is_read(
    owner: Owner, replica: Standby, exporter: Exporter
) -> None:
    assert pending(exporter) == 3
    with contract.session(replica.url("postgres")) as there:
        there.execute("SELECT pg_wal_replay_pause()")
        add(owner, 1001)
        exporter.refresh()
        owner.execute("SELECT pg_sleep(1.5)")
        exporter.refresh()
        assert pending(exporter) == 3
        there.execute("SELECT pg_wal_replay_resume()")
    replica.follow(owner)
    assert pending(exporter) == 4


def test_after_a_promotion_under_a_kept_session_slow_transactions_are_seen(
    replica: Standby, exporter: Exporter, database_url: str
) -> None:
    assert pending(exporter) == 3
    name = str(conninfo_to_dict(database_url)["dbname"])
    replica.promote()
    with psycopg.connect(replica.url(name)) as slow:
        add(slow, 1001)
        assert pending(exporter) == 3
        assert exporter.counted("transactions_watched") == 1
        slow.execute("SELECT pg_sleep(1.5)")
        assert pending(exporter) == 3
        slow.commit()
    assert pending(exporter) == 4
