"""Attempts that are used up: a pending task that nobody will dial is not ready, wherever that is counted."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import psycopg
import pytest

from dashboards.grants import Choice, looked_at, script
from exporter.commands.check.examine import check
from exporter.commands.explain.reading import open_reading
from exporter.commands.explain.task import find_task
from exporter.contract.codes import READY
from tests.support import contract, platforms
from tests.support.exporting import NOW, Exporter, Scrape, config, exporting

Owner = psycopg.Connection[Any]
SOON = NOW + timedelta(days=36_500)
TASKS: dict[int, tuple[dict[str, Any], str]] = {
    10: ({"attempts": 2, "max_attempts": 3}, READY),
    11: ({"attempts": 3, "max_attempts": 3}, "attempts_exhausted"),
    12: ({"attempts": 57, "max_attempts": 3}, "attempts_exhausted"),
    13: ({"attempts": 3, "max_attempts": 3, "next_eligible_at": SOON}, "attempts_exhausted"),
    14: ({"attempts": 3, "max_attempts": 3, "blocker": "dnc"}, "dnc"),
    15: ({"attempts": 3, "max_attempts": 3, "blocker": ""}, "attempts_exhausted"),
    16: ({"attempts": 9, "max_attempts": 0}, READY),
    17: ({"attempts": 9, "max_attempts": -1}, READY),
    18: ({"attempts": 0, "max_attempts": 3, "next_eligible_at": SOON}, "retry_wait"),
    19: ({"attempts": None, "max_attempts": 3}, READY),
    20: ({"attempts": 4, "max_attempts": None}, "attempts_exhausted"),
    21: ({"attempts": 3, "max_attempts": None}, READY),
}
"""Tasks of a campaign that allows four attempts, and what holds each."""


@pytest.fixture
def owner(database_url: str) -> Iterator[Owner]:
    with contract.session(database_url) as connection:
        contract.create(connection)
        contract.insert(connection, "tenants", tenant_id=1, name="Tenant")
        platforms.campaign(connection, "1", max_attempts=4, started_at=NOW - timedelta(days=1))
        for key, (values, _) in TASKS.items():
            platforms.task(connection, key, 1, **values)
        yield connection


@pytest.fixture
def exporter(owner: Owner, database_url: str) -> Iterator[Exporter]:
    assert owner.info.dbname in database_url
    with exporting(database_url) as found:
        yield found


def allow(owner: Owner, attempts: int | None) -> None:
    owner.execute("UPDATE campaign_monitoring.campaigns SET max_attempts = %s", [attempts])


def held(scrape: Scrape) -> dict[str, float]:
    return scrape.by("campaign_tasks_blocked", "blocker", campaign="1")


def counts(*codes: str) -> dict[str, float]:
    return {code: float(codes.count(code)) for code in codes}


def test_every_pending_task_has_one_effective_blocker(exporter: Exporter) -> None:
    scrape = exporter.refresh()
    assert held(scrape) == counts(*(code for _, code in TASKS.values()))
    assert sum(held(scrape).values()) == scrape.value("campaign_tasks", campaign="1", status="pending")
    assert scrape.value("campaign_dispatch_tasks_dialable", campaign="1") == held(scrape)[READY]
    assert scrape.value("campaign_tasks_eligible_within", campaign="1", horizon="24h") == held(scrape)[READY]


def test_the_audit_counts_the_same_in_sql(exporter: Exporter) -> None:
    exporter.refresh()
    exporter.refresh()
    assert exporter.counted("audits_total") >= 1
    assert exporter.corrections() == 0


@pytest.mark.usefixtures("owner")
def test_explain_says_the_same_of_each_task(database_url: str) -> None:
    with open_reading(config(database_url), "1", clock=lambda _: NOW.timestamp()) as reading:
        view = reading.judge().shown.views["1"]
        found = {key: find_task(reading, str(key), view).effective(NOW.timestamp()) for key in TASKS}
    assert found == {key: code for key, (_, code) in TASKS.items()}


def test_the_masking_view_says_the_same_of_each_task(owner: Owner) -> None:
    owner.execute(script(looked_at(owner, contract.SCHEMA), Choice()).encode())
    rows = owner.execute("SELECT task_id, held_by FROM campaign_grafana.tasks").fetchall()
    assert dict(rows) == {key: code for key, (_, code) in TASKS.items()}


def test_what_the_campaign_allows_counts_for_tasks_without_a_maximum_of_their_own(
    exporter: Exporter, owner: Owner
) -> None:
    expected = {None: 4, 0: 4, 3: 6, 4: 5, 5: 4}
    found = {}
    for attempts in (4, 3, None, 5, 0):
        allow(owner, attempts)
        found[attempts] = held(exporter.refresh())["attempts_exhausted"]
    assert found == expected
    exporter.refresh()
    assert exporter.corrections() == 0


def test_attempts_above_the_maximum_break_the_contract(exporter: Exporter, database_url: str) -> None:
    exporter.refresh()
    assert exporter.violations()[("tasks", "attempts", "above_maximum")] == 1
    (finding,) = [each for each in check(config(database_url)).findings if "max_attempts allows" in each.value]
    assert finding.value == "1 row has more attempts than max_attempts allows"
