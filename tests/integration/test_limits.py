"""Of a small relation that is too large, the rows of campaigns that go on are read before any others."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import psycopg
import pytest
from structlog.testing import capture_logs

from exporter.source import reader, small_reader
from tests.support import contract, platforms
from tests.support.exporting import NOW, Exporter, Scrape, exporting

Owner = psycopg.Connection[Any]

LONG_AGO, LATELY = NOW - timedelta(days=400), NOW - timedelta(days=1)


@pytest.fixture(autouse=True)
def few(monkeypatch: pytest.MonkeyPatch) -> None:
    """Ten rows of a relation are read."""
    for module in (reader, small_reader):
        monkeypatch.setattr(module, "SMALL_LIMIT", 10)
    made_with_this_limit = reader._statements_of.__wrapped__
    monkeypatch.setattr(reader, "_statements_of", made_with_this_limit)


def ended(owner: Owner, keys: range, at: object, **values: Any) -> None:
    for key in keys:
        platforms.campaign(owner, str(key), status="completed", ended_at=at, **values)


def pool(owner: Owner, campaign: Any, numbers: range) -> None:
    for number in numbers:
        contract.insert(owner, "campaign_numbers", campaign_id=campaign, number_id=number, weight=1)


def weights(scrape: Scrape, campaign: str) -> int:
    return len(scrape.of("campaign_number_weight", campaign=campaign))


def test_pools_of_campaigns_long_over_crowd_out_nobody(owner: Owner, exporter: Exporter) -> None:
    ended(owner, range(-9, 0), LONG_AGO)
    for key in range(-9, 0):
        pool(owner, key, range(2, 7))
    pool(owner, 2, range(2, 7))
    assert weights(exporter.refresh(), "2") == 5
    assert exporter.counted("rows_left_out", relation="campaign_numbers") == 0


def test_drafts_and_campaigns_long_over_crowd_out_none_that_goes_on(owner: Owner, exporter: Exporter) -> None:
    ended(owner, range(-20, -5), LONG_AGO)
    for key in range(-5, 0):
        platforms.campaign(owner, str(key), status="draft")
    assert exporter.refresh().of("campaign_info", campaign="2")
    assert exporter.counted("rows_left_out", relation="campaigns") == 0


def test_campaigns_that_ended_lately_are_left_out_before_those_that_go_on(owner: Owner, exporter: Exporter) -> None:
    ended(owner, range(-20, 0), LATELY)
    scrape = exporter.refresh()
    shown = {int(dict(labels)["campaign"]) for _, labels in scrape.of("campaign_info")}
    assert shown == {1, 2, *sorted(range(-20, 0), key=str)[:8]}
    assert exporter.counted("rows_left_out", relation="campaigns") == 12


def test_numbers_of_tenants_without_a_campaign_are_left_out_first(owner: Owner, exporter: Exporter) -> None:
    for number in range(-20, 0):
        contract.insert(owner, "numbers", number_id=number, tenant_id=7, phone=f"+{number}", status="active")
    assert exporter.refresh().of("campaign_number_info", number="1", tenant="1")
    assert exporter.counted("rows_left_out", relation="numbers") == 11


def test_numbers_of_all_tenants_are_shown_where_they_are_not_too_many(owner: Owner, exporter: Exporter) -> None:
    contract.insert(owner, "tenants", tenant_id=7, name="Without", timezone="UTC")
    contract.insert(owner, "numbers", number_id=70, tenant_id=7, phone="+1", status="active")
    assert exporter.refresh().of("campaign_number_info", number="70", tenant="7")


def test_what_is_left_out_is_the_same_wherever_rows_lie(owner: Owner, exporter: Exporter) -> None:
    pool(owner, 2, range(2, 30))
    before = exporter.refresh().of("campaign_number_weight")
    assert exporter.counted("rows_left_out", relation="campaign_numbers") == 18
    owner.execute("UPDATE campaign_monitoring.campaign_numbers SET weight = 1 WHERE number_id % 2 = 0")  # moves them
    assert exporter.refresh().of("campaign_number_weight") == before


def test_what_is_left_out_is_named_once(owner: Owner, exporter: Exporter) -> None:
    pool(owner, 2, range(2, 30))
    with capture_logs() as logs:
        exporter.refresh()
        exporter.refresh()
    named = [entry for entry in logs if entry["event"] == "too many rows"]
    assert [(entry["relation"], entry["left_out"]) for entry in named] == [("campaign_numbers", 18)]
    owner.execute("DELETE FROM campaign_monitoring.campaign_numbers WHERE number_id > 5")
    exporter.refresh()
    assert exporter.counted("rows_left_out", relation="campaign_numbers") == 0


@pytest.mark.parametrize("references", ["bigint", "text", "integer"])
def test_references_of_another_type_than_the_ids_are_followed(
    owner: Owner, exporter: Exporter, references: str
) -> None:
    for relation, column in (("campaign_numbers", "campaign_id"), ("numbers", "tenant_id")):
        owner.execute(
            psycopg.sql.SQL("ALTER TABLE campaign_monitoring.{} ALTER {} TYPE {}").format(
                psycopg.sql.Identifier(relation), psycopg.sql.Identifier(column), psycopg.sql.SQL(references)
            )
        )
    ended(owner, range(-9, 0), LONG_AGO)
    for key in range(-9, 0):
        pool(owner, key, range(2, 7))
    for number in range(-20, 0):
        contract.insert(owner, "numbers", number_id=number, tenant_id=7, phone=f"+{number}", status="active")
    pool(owner, 2, range(2, 7))
    scrape = exporter.refresh()
    assert weights(scrape, "2") == 5
    assert scrape.of("campaign_number_info", number="1", tenant="1")


@pytest.fixture(params=["text", "uuid"])
def other_ids(database_url: str, request: pytest.FixtureRequest) -> Iterator[tuple[Owner, str, str]]:
    """A platform with ids of another type: one campaign that goes on, and one that ended long ago."""
    mine, old = (f"00000000-0000-4000-8000-{n:012d}" for n in (9, 1))
    if request.param == "text":
        mine, old = "Zoë's", "zoë's "
    tenant = mine
    with contract.session(database_url) as connection:
        contract.create(connection, request.param)
        for key, status, at in ((mine, "running", None), (old, "completed", LONG_AGO)):
            contract.insert(
                connection, "campaigns", campaign_id=key, tenant_id=tenant, name="N", status=status, ended_at=at,
                timezone="UTC",
            )  # fmt: skip
        yield connection, mine, old


def test_ids_of_other_types_are_told_apart_exactly(other_ids: tuple[Owner, str, str], database_url: str) -> None:
    connection, mine, old = other_ids
    for index in range(30):
        contract.insert(connection, "goals", campaign_id=old, goal=f"g{index}", target=1, achieved=0)
    contract.insert(connection, "goals", campaign_id=mine, goal="mine", target=1, achieved=0)
    with exporting(database_url) as exporter:
        assert list(exporter.refresh().by("campaign_goal_target", "goal")) == ["mine"]


def test_a_view_that_cannot_show_some_row_shows_the_others_up_to_the_limit(owner: Owner, exporter: Exporter) -> None:
    owner.execute("ALTER TABLE campaign_monitoring.campaign_numbers RENAME TO pool_entries")
    owner.execute(
        "CREATE VIEW campaign_monitoring.campaign_numbers AS "
        "SELECT campaign_id, number_id, weight / abs(number_id - 5) AS weight FROM campaign_monitoring.pool_entries"
    )
    ended(owner, range(-9, 0), LONG_AGO)
    for key in range(-9, 0):
        for number in range(2, 7):
            contract.insert(owner, "pool_entries", campaign_id=key, number_id=number, weight=1)
    for number in range(4, 7):
        contract.insert(owner, "pool_entries", campaign_id=2, number_id=number, weight=1)
    assert weights(exporter.refresh(), "2") == 2
    assert exporter.counted("rows_unreadable_total", relation="campaign_numbers") == 1
