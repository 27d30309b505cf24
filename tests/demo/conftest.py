"""What the demo's tests share: an installed platform with its history, and dialled days in memory."""

from __future__ import annotations

import pickle
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import psycopg
import pytest

from exporter.demo.dialler.creation import create
from exporter.demo.dialler.dialler import Dialler
from exporter.demo.platform.install import install
from exporter.demo.platform.world import DEMO, WorldSpec
from exporter.demo.runtime import history
from exporter.demo.runtime import remembered as memory
from exporter.demo.runtime.server import EmbeddedServer
from tests.support.effort import PROVING

# A Wednesday, 15:00 in Berlin, 10:00 in New York, one in the morning in Sydney.
ORIGIN = datetime(2026, 3, 4, 15, 0, tzinfo=UTC)
DATABASE = "demo_tests"
DAYS = 14 if PROVING else 1
# The demo's world with short lists: quick to copy, and as busy.
SMALL = replace(
    DEMO,
    campaigns=tuple(
        replace(each, lists=tuple(replace(file, rows=file.rows // 6 + 5) for file in each.lists))
        for each in DEMO.campaigns
    ),
)


@pytest.fixture(scope="session")
def installed(server: EmbeddedServer) -> str:
    """A database with the platform and the demo's history; tests must leave it as it is."""
    server.create_database(DATABASE)
    url = server.url(DATABASE)
    with psycopg.connect(url) as connection:
        install(connection)
        history.fill(connection, DEMO if PROVING else SMALL, ORIGIN, DAYS, "1", lambda _: None)
        memory.remember_world(connection, memory.World("1", ORIGIN))
        memory.remember_progress(connection, ORIGIN, ORIGIN)
    return url


@pytest.fixture
def owner(installed: str) -> Iterator[psycopg.Connection[Any]]:
    """As the database's owner; whatever a test changes is rolled back."""
    with psycopg.connect(installed) as connection:
        yield connection
        connection.rollback()


@pytest.fixture(scope="session")
def dialled() -> Callable[..., Dialler]:
    """A dialler in memory that has worked for some hours up to `until`, rows still waiting to be written."""

    finished: dict[tuple[object, ...], bytes] = {}

    def work(
        hours: float = 6, seed: str = "1", until: datetime = ORIGIN, spec: WorldSpec = DEMO, seconds: int = 15
    ) -> Dialler:
        key = (hours, seed, until, id(spec), seconds)
        if key not in finished:
            dialler = create(spec, until, until - timedelta(hours=hours), seed, timedelta(seconds=seconds))
            dialler.state.log_since = until - timedelta(minutes=30)
            dialler.step(until)
            if hours > 3:
                return dialler
            finished[key] = pickle.dumps(dialler)
        # Each test gets a copy of its own to go on with: much quicker than dialling the same hours again.
        copy: Dialler = pickle.loads(finished[key])
        return copy

    return work


def value(connection: psycopg.Connection[Any], query: str, *values: Any) -> Any:
    """What a query finds: the one column of its first row."""
    row = connection.execute(query, values).fetchone()
    assert row is not None
    return row[0]


def assert_consistent(owner: psycopg.Connection[Any]) -> None:
    """Calls are of tasks in progress, and what campaigns spent is what calls cost."""
    assert value(owner, "SELECT count(*) FROM campaign_monitoring.tasks WHERE status = 'in_progress'") == value(
        owner, "SELECT count(*) FROM campaign_monitoring.calls WHERE outcome = 'in_progress'"
    )
    drift = (
        "SELECT count(*) FROM dialler.campaign AS c WHERE abs(spent - (SELECT coalesce(sum(coalesce(ai_cost, 0) + "
        "coalesce(carrier_cost, 0)), 0) FROM dialler.attempt AS a WHERE a.campaign_id = c.campaign_id)) > 0.001"
    )
    assert value(owner, drift) == 0
