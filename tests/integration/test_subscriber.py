"""On a logical subscriber: figures are as of what was applied, and what arrives late is read when it is here."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import psycopg
import pytest
from psycopg import sql

from exporter.commands.check.examine import check
from exporter.commands.check.report import Level
from exporter.demo.runtime.server import EmbeddedServer
from exporter.source import promise
from tests.support import contract, platforms
from tests.support.exporting import Exporter, Scrape, exporting, looping
from tests.support.prometheus import wait_for

Session = psycopg.Connection[Any]
SETTINGS: Any = {"audit": {"period": "7d"}, "refresh": {"overlap": "1s", "clock_allowance": "1ms"}}
"""Nothing is audited, and little is read again."""

TABLES = ("campaigns", "tasks", "calls")
TRUTH = """
SELECT 'campaign_tasks', status, count(*) FROM campaign_monitoring.tasks WHERE campaign_id = 1 GROUP BY 1, 2
UNION ALL
SELECT 'campaign_calls_total', outcome, count(*) FROM campaign_monitoring.calls
WHERE campaign_id = 1 AND outcome <> 'in_progress' GROUP BY 1, 2
"""

WRITE = """
UPDATE campaign_monitoring.tasks SET status = 'completed', updated_at = now() WHERE status = 'pending';
INSERT INTO campaign_monitoring.calls
    (call_id, task_id, campaign_id, attempt, started_at, outcome, created_at, updated_at)
SELECT 5000 + n, 1, 1, 1, now(), 'answered', now(), now() FROM generate_series(1, 7) AS n
"""


@pytest.fixture(autouse=True)
def hurry(monkeypatch: pytest.MonkeyPatch) -> None:
    """These publishers have no way to go back."""
    monkeypatch.setattr(promise, "FIRST_SECONDS", promise.QUIET_SECONDS)


@pytest.fixture
def subscriber(owner: Session, server: EmbeddedServer) -> Iterator[Session]:
    """A database that has a subscription `dialler` to the owner's; both are of one server."""
    name = f"{owner.info.dbname}_subscriber"
    server.create_database(name)
    for relation, key in zip(TABLES, ("campaign_id", "task_id", "call_id"), strict=True):
        owner.execute(f"ALTER TABLE campaign_monitoring.{relation} ADD PRIMARY KEY ({key})".encode())
    owner.execute(f"CREATE PUBLICATION dialler FOR TABLE {', '.join(map(table, TABLES))}".encode())
    owner.execute("SELECT pg_create_logical_replication_slot(%s, 'pgoutput')", (name,))
    with contract.session(server.url(name)) as here:
        platforms.create(here)
        here.execute(f"TRUNCATE {', '.join(map(table, TABLES))}".encode())
        for relation, key in zip(TABLES, ("campaign_id", "task_id", "call_id"), strict=True):
            here.execute(f"ALTER TABLE campaign_monitoring.{relation} ADD PRIMARY KEY ({key})".encode())
        here.execute(
            sql.SQL(
                "CREATE SUBSCRIPTION dialler CONNECTION {} PUBLICATION dialler "
                "WITH (create_slot = false, slot_name = {})"
            ).format(sql.Literal(server.url(owner.info.dbname)), sql.Identifier(name))
        )
        yield here
        here.execute("ALTER SUBSCRIPTION dialler DISABLE")
        here.execute("ALTER SUBSCRIPTION dialler SET (slot_name = NONE)")
        here.execute("DROP SUBSCRIPTION dialler")
    wait_for("the slot", lambda: not owner.execute(
        "SELECT FROM pg_replication_slots WHERE slot_name = %s AND active", (name,)).fetchall())  # fmt: skip
    owner.execute("SELECT pg_drop_replication_slot(%s)", (name,))
    server.drop_database(name)


@pytest.fixture
def copied(subscriber: Session) -> Session:
    """Its tables are copied, and all is applied."""
    wait_for("the first copy", lambda: not subscriber.execute(
        "SELECT FROM pg_subscription_rel WHERE srsubstate <> 'r'").fetchall())  # fmt: skip
    return subscriber


@pytest.fixture
def exporter(subscriber: Session, server: EmbeddedServer) -> Iterator[Exporter]:
    """An exporter of the subscriber, on the database's own clock."""
    with exporting(server.url(subscriber.info.dbname), **SETTINGS) as made:
        made.refresher._clock = lambda now: now
        yield made


def table(relation: str) -> str:
    return f"campaign_monitoring.{relation}"


def source(exporter: Exporter) -> dict[str, str]:
    ((_, labels),) = exporter.own().of("campaign_exporter_source_info")
    return dict(labels)


def in_state(exporter: Exporter, state: str) -> Scrape | None:
    scrape = exporter.refresh()
    return scrape if source(exporter)["state"] == state and not exporter.refresher.promise.withheld else None


def ready(exporter: Exporter) -> Scrape:
    return wait_for("the subscription to have caught up", lambda: in_state(exporter, "current"))


def newer(exporter: Exporter, as_of: float) -> bool:
    return exporter.counted("data_timestamp_seconds") > as_of


def truth(session: Session) -> dict[tuple[str, str], float]:
    return {(family, label): float(count) for family, label, count in session.execute(TRUTH.encode()).fetchall()}


def served(scrape: Scrape) -> dict[tuple[str, str], float]:
    labels = {"campaign_tasks": "status", "campaign_calls_total": "outcome"}
    return {
        (family, value): count
        for family, label in labels.items()
        for value, count in scrape.by(family, label, campaign="1").items()
    }


def write(owner: Session) -> None:
    """What a dialler does: pending tasks are over, and calls were made."""
    owner.execute(WRITE.encode())


def arrived(owner: Session, here: Session) -> None:
    wait_for("all to arrive", lambda: truth(here) == truth(owner))


@contextmanager
def disabled(here: Session) -> Iterator[None]:
    here.execute("ALTER SUBSCRIPTION dialler DISABLE")
    wait_for("the worker's end", lambda: not here.execute(
        "SELECT FROM pg_stat_subscription WHERE subname = 'dialler' AND pid IS NOT NULL").fetchall())  # fmt: skip
    try:
        yield
    finally:
        here.execute("ALTER SUBSCRIPTION dialler ENABLE")


@contextmanager
def held_up(here: Session) -> Iterator[None]:
    """Somebody's lock keeps rows from being applied."""
    with psycopg.connect(here.info.dsn) as other:
        other.execute("LOCK TABLE campaign_monitoring.tasks IN EXCLUSIVE MODE")
        yield


@pytest.mark.parametrize("late", [disabled, held_up])
def test_rows_that_arrive_long_after_their_stamps_are_right_when_they_are_here(
    owner: Session, copied: Session, exporter: Exporter, late: Any
) -> None:
    before = served(ready(exporter))
    with late(copied):
        write(owner)
        owner.execute("SELECT pg_sleep(1.5)")
        assert served(exporter.refresh()) == before
        as_of = exporter.counted("data_timestamp_seconds")
        exporter.refresh()
        assert exporter.counted("data_timestamp_seconds") == as_of
    arrived(owner, copied)
    wait_for("them to be seen", lambda: served(exporter.refresh()) == truth(copied))
    assert exporter.corrections() == 0
    wait_for("it to have caught up", lambda: exporter.refresh() and newer(exporter, as_of))


def test_a_disabled_subscription_is_named_with_its_remedy(copied: Session, exporter: Exporter) -> None:
    ready(exporter)
    with disabled(copied):
        exporter.refresh()
        (caveat, *_) = exporter.refresher.promise.caveats
        assert (caveat.thing, caveat.remedy) == ("subscription dialler", "ALTER SUBSCRIPTION dialler ENABLE;")
        assert source(exporter)["state"] == "disconnected"
        found = [each for each in check(exporter.config).findings if each.thing == caveat.thing]
        assert [(each.level, each.remedy) for each in found] == [(Level.PROBLEM, caveat.remedy)]
        copied.execute(caveat.remedy.encode())
    ready(exporter)
    things = {each.thing: each.level for each in check(exporter.config).findings if each.about == "server"}
    assert things["logical replication"] is Level.ADVICE
    assert things["as of"] is Level.OK
    assert caveat.thing not in things


def test_one_that_begins_on_a_disabled_subscription_withholds_all(copied: Session, server: EmbeddedServer) -> None:
    with looping(server.url(copied.info.dbname), **SETTINGS) as loop, disabled(copied):
        assert loop.step()
        assert loop.service.stale(loop.service.page)
        assert "of no moment that is known" in loop.service.state


def test_while_a_table_is_copied_for_the_first_time_all_is_withheld_and_then_loaded(
    owner: Session, copied: Session, exporter: Exporter
) -> None:
    ready(exporter)
    owner.execute("ALTER PUBLICATION dialler DROP TABLE campaign_monitoring.tasks")
    copied.execute("ALTER SUBSCRIPTION dialler REFRESH PUBLICATION")
    copied.execute("TRUNCATE campaign_monitoring.tasks")
    owner.execute("ALTER PUBLICATION dialler ADD TABLE campaign_monitoring.tasks")
    with held_up(copied):
        copied.execute("ALTER SUBSCRIPTION dialler REFRESH PUBLICATION")
        exporter.refresh()
        assert source(exporter)["state"] == "copying"
        assert exporter.refresher.promise.withheld
        assert "campaign_monitoring.tasks" in exporter.refresher.promise.caveats[0].said
    arrived(owner, copied)
    wait_for("it to be loaded", lambda: served(ready(exporter)) == truth(copied))
