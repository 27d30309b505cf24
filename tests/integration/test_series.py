"""Which series there are: budgets, masks, campaigns that come and go, and what is encoded again."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import psycopg
import pytest

from exporter.metrics.exposition import Exposed, FamilyEncoder
from tests.support import contract, platforms
from tests.support.exporting import NOW, Exporter, exporting

Owner = psycopg.Connection[Any]


def set_campaign(owner: Owner, key: int, **values: Any) -> None:
    for name, value in values.items():
        owner.execute(
            psycopg.sql.SQL("UPDATE campaign_monitoring.campaigns SET {} = %s WHERE campaign_id = %s").format(
                psycopg.sql.Identifier(name)
            ),
            (value, key),
        )


def test_label_values_over_the_budget_are_summed_into_other(owner: Owner, database_url: str) -> None:
    for index, code in enumerate(("486", "486", "486", "503", "503", "404", "500")):
        platforms.call(owner, 500 + index, 2, outcome="failed", error_code=code)
    with exporting(database_url, series={"errors": 2}) as exporter:
        scrape = exporter.refresh()
        # what is at fault is told of folded codes too
        contact = {"campaign": "2", "fault": "invalid_number"}
        assert scrape.by("campaign_call_errors_total", "code", **contact) == {"486": 3, "other": 1}
        provider = {"campaign": "2", "fault": "provider_error"}
        assert scrape.by("campaign_call_errors_total", "code", **provider) == {"503": 2, "other": 1}
        assert exporter.counted("series_folded", family="campaign_call_errors_total") == 2


def test_a_label_value_that_comes_when_the_budget_is_spent_stays_in_other(owner: Owner, database_url: str) -> None:
    platforms.call(owner, 500, 2, outcome="failed", error_code="486")
    with exporting(database_url, series={"errors": 1}) as exporter:
        exporter.refresh()
        for index in range(3):
            platforms.call(owner, 501 + index, 2, outcome="failed", error_code="503", created_at=NOW, updated_at=NOW)
        scrape = exporter.refresh()
        assert scrape.by("campaign_call_errors_total", "code", campaign="2") == {"486": 1, "other": 3}


def test_attempts_past_the_budget_are_other(owner: Owner, database_url: str) -> None:
    for attempt in (1, 2, 3, 4):
        platforms.call(owner, 500 + attempt, 2, attempt=attempt, outcome="busy")
    with exporting(database_url, series={"attempts": 2}) as exporter:
        scrape = exporter.refresh()
        busy = scrape.by("campaign_attempt_calls_total", "attempt", campaign="2", outcome="busy")
        assert busy == {"1": 1, "2": 1, "other": 2}


def test_a_tenants_number_is_shown_with_its_phone(owner: Owner, exporter: Exporter) -> None:
    del owner
    assert exporter.refresh().value("campaign_number_info", number="1", phone="+4930") == 1


def test_phones_can_be_masked(owner: Owner, database_url: str) -> None:
    del owner
    with exporting(database_url, numbers={"mask_phone": True}) as exporter:
        assert exporter.refresh().value("campaign_number_info", number="1", phone="+**30") == 1


def test_a_draft_is_not_exported(owner: Owner, exporter: Exporter) -> None:
    set_campaign(owner, 2, status="draft")
    assert exporter.refresh().of(campaign="2") == {}


@pytest.mark.parametrize(("ended", "shown"), [(timedelta(days=6), True), (timedelta(days=8), False)])
def test_an_ended_campaign_is_exported_for_the_retention(
    owner: Owner, exporter: Exporter, ended: timedelta, shown: bool
) -> None:
    set_campaign(owner, 2, status="completed", ended_at=NOW - ended)
    assert bool(exporter.refresh().of(campaign="2")) is shown


def test_a_campaign_that_leaves_takes_all_its_series_with_it(owner: Owner, exporter: Exporter) -> None:
    assert exporter.refresh().of(campaign="2")
    set_campaign(owner, 2, status="draft")
    scrape = exporter.refresh()
    assert scrape.of(campaign="2") == {}
    platforms.assert_intact(scrape)


def test_a_campaign_that_comes_back_shows_what_happened_meanwhile(owner: Owner, exporter: Exporter) -> None:
    set_campaign(owner, 2, status="draft")
    exporter.refresh()
    platforms.call(owner, 500, 2, outcome="busy", created_at=NOW, updated_at=NOW)
    exporter.refresh()
    set_campaign(owner, 2, status="running")
    assert exporter.refresh().by("campaign_calls_total", "outcome", campaign="2") == {"answered": 1, "busy": 1}


def test_a_task_that_moves_to_another_campaign_is_counted_there(owner: Owner, exporter: Exporter) -> None:
    exporter.refresh()
    owner.execute("UPDATE campaign_monitoring.tasks SET campaign_id = 1, updated_at = %s WHERE campaign_id = 2", (NOW,))
    scrape = exporter.refresh()
    assert scrape.by("campaign_tasks", "status", campaign="1")["pending"] == 4
    assert scrape.by("campaign_tasks", "status", campaign="2") == {}


def test_a_settled_row_that_changes_is_counted_once(owner: Owner, database_url: str) -> None:
    with exporting(database_url, audit={"period": "7d"}) as exporter:
        exporter.refresh()
        owner.execute(
            "UPDATE campaign_monitoring.calls SET sentiment = 'negative', updated_at = %s WHERE call_id = 1", (NOW,)
        )
        scrape = exporter.refresh()
        assert scrape.by("campaign_call_sentiment_total", "sentiment", campaign="2")["negative"] == 1
        assert scrape.by("campaign_calls_total", "outcome", campaign="2") == {"answered": 1}
        assert exporter.counted("campaigns_loaded_total", cause="dirty") == 1


def test_calls_of_today_end_at_the_tenants_midnight(owner: Owner, exporter: Exporter) -> None:
    owner.execute("UPDATE campaign_monitoring.tenants SET timezone = 'Asia/Kolkata'")  # 17:30 there at noon
    exporter.refresh()
    today = {"tenant": "1", "number": "1"}
    assert exporter.refresh().value("campaign_number_calls_today", **today) == 5
    exporter.seconds = (NOW + timedelta(hours=6, minutes=29)).timestamp()
    assert exporter.refresh().value("campaign_number_calls_today", **today) == 5
    exporter.seconds = (NOW + timedelta(hours=6, minutes=30)).timestamp()
    assert exporter.refresh().value("campaign_number_calls_today", **today) == 0


def test_a_retry_becomes_ready_when_its_time_comes_without_its_row_changing(owner: Owner, exporter: Exporter) -> None:
    platforms.task(owner, 500, 2, next_eligible_at=NOW + timedelta(minutes=10))
    waiting = exporter.refresh()
    assert waiting.by("campaign_tasks_blocked", "blocker", campaign="2") == {"none": 1, "retry_wait": 1}
    assert waiting.value("campaign_tasks_eligible_within", campaign="2", horizon="5m") == 1
    assert waiting.value("campaign_tasks_eligible_within", campaign="2", horizon="15m") == 2
    exporter.seconds = (NOW + timedelta(minutes=10)).timestamp()
    assert exporter.refresh().by("campaign_tasks_blocked", "blocker", campaign="2") == {"none": 2}


def test_what_did_not_change_is_not_encoded_again(
    owner: Owner, exporter: Exporter, monkeypatch: pytest.MonkeyPatch
) -> None:
    encoded: list[tuple[str, tuple[str, ...]]] = []
    samples = FamilyEncoder.samples

    def noting(self: FamilyEncoder, owner: tuple[str, ...], *values: Any, **more: Any) -> Exposed:
        encoded.append((self.family.name, owner))
        return samples(self, owner, *values, **more)

    monkeypatch.setattr(FamilyEncoder, "samples", noting)
    exporter.refresh()
    encoded.clear()
    exporter.refresh()
    assert encoded == []
    platforms.call(owner, 500, 2, outcome="busy", error_code="486", created_at=NOW, updated_at=NOW)
    exporter.refresh()
    assert ("campaign_call_errors_total", ("1", "2")) in encoded
    assert {owner for _, owner in encoded} <= {("1", "2"), ("1",)}


def test_a_number_and_its_calls_may_change_in_the_same_refresh(owner: Owner, exporter: Exporter) -> None:
    exporter.refresh()
    owner.execute("UPDATE campaign_monitoring.numbers SET status = 'flagged'")
    platforms.call(owner, 500, 2, outcome="busy", created_at=NOW, updated_at=NOW)
    scrape = exporter.refresh()
    assert scrape.by("campaign_number_status", "status", number="1") == {"flagged": 1}
    assert scrape.by("campaign_number_calls_total", "outcome", campaign="2", number="1") == {"answered": 1, "busy": 1}


def test_two_exporters_show_the_same(owner: Owner, exporter: Exporter, database_url: str) -> None:
    exporter.refresh()
    for index in range(5):
        platforms.call(owner, 500 + index, 2, outcome="busy", created_at=NOW, updated_at=NOW)
        exporter.refresh()
    with exporting(database_url) as other:
        other.seconds = exporter.seconds
        theirs, ours = other.refresh().samples, exporter.refresh().samples
    # Since when a verdict is so, only the one that watched can tell; the other says nothing.
    watched = {series for series in ours if series[0] == "campaign_dispatch_since_timestamp_seconds"}
    seen = {series for series in {*ours, *theirs} if series[0] == "campaign_dispatch_at_least_since_timestamp_seconds"}
    of_both = ours.keys() - (watched - theirs.keys()) - seen
    assert {series: ours[series] for series in of_both} == {series: theirs[series] for series in theirs.keys() - seen}


def test_uuid_and_text_ids_work_as_whole_numbers_do(database_url: str) -> None:
    with contract.session(database_url) as connection:
        contract.create(connection, "text")
        platforms.populate(connection)
        with exporting(database_url) as exporter:
            platforms.assert_intact(exporter.refresh())
