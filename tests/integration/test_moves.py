"""What moves beneath the exporter: owners, currencies, midnights, failures half way through a refresh."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import psycopg
import pytest

from exporter.metrics.encoding import Encoder
from tests.support import contract, platforms
from tests.support.exporting import NOW, Exporter, exporting

Owner = psycopg.Connection[Any]


def test_a_campaign_that_changes_its_tenant_takes_its_use_along(owner: Owner, exporter: Exporter) -> None:
    contract.insert(owner, "tenants", tenant_id=2, name="Other", timezone="UTC")
    exporter.refresh()
    owner.execute("UPDATE campaign_monitoring.campaigns SET tenant_id = 2 WHERE campaign_id = 1")
    scrape = exporter.refresh()
    assert scrape.value("campaign_tenant_calls_in_progress", tenant="1") == 0
    assert scrape.value("campaign_tenant_calls_in_progress", tenant="2") == 1


def test_a_campaign_that_changes_its_currency_leaves_no_cost_in_the_old_one(owner: Owner, exporter: Exporter) -> None:
    exporter.refresh()
    owner.execute("UPDATE campaign_monitoring.campaigns SET currency = 'USD' WHERE campaign_id = 1")
    scrape = exporter.refresh()
    assert scrape.of("campaign_call_cost_total", campaign="1", currency="EUR") == {}
    assert scrape.by("campaign_call_cost_total", "component", campaign="1", currency="USD") == {
        "ai": 2.0, "telephony": 1.0,
    }  # fmt: skip


def test_a_call_counted_ahead_for_tomorrow_counts_when_tomorrow_comes(owner: Owner, exporter: Exporter) -> None:
    midnight = NOW + timedelta(hours=12)
    exporter.seconds = (midnight - timedelta(seconds=1)).timestamp()
    exporter.refresh()
    just_before = midnight - timedelta(seconds=0.5)
    platforms.call(owner, 500, 2, started_at=midnight + timedelta(seconds=1), created_at=NOW, updated_at=just_before)
    exporter.seconds = just_before.timestamp()
    assert exporter.refresh().value("campaign_number_calls_today", number="1") == 5
    exporter.seconds = (midnight + timedelta(seconds=2)).timestamp()
    assert exporter.refresh().value("campaign_number_calls_today", number="1") == 1


def test_what_changed_is_shown_although_the_encoding_failed_once(
    owner: Owner, exporter: Exporter, monkeypatch: pytest.MonkeyPatch
) -> None:
    exporter.refresh()
    platforms.call(owner, 500, 2, outcome="busy", created_at=NOW, updated_at=NOW)
    owner.execute("UPDATE campaign_monitoring.campaigns SET budget = 777 WHERE campaign_id = 2")

    def fail(*_: object) -> None:
        raise MemoryError

    with monkeypatch.context() as patched:
        patched.setattr(Encoder, "_totals", fail)
        with pytest.raises(MemoryError):
            exporter.refresh()
    scrape = exporter.refresh()
    assert scrape.by("campaign_calls_total", "outcome", campaign="2") == {"answered": 1, "busy": 1}
    assert scrape.value("campaign_budget", campaign="2") == 777


def test_a_backlog_that_cannot_be_read_in_time_is_counted_by_sql_instead(owner: Owner, database_url: str) -> None:
    with exporting(database_url, database={"statement_timeout": "300ms"}, audit={"period": "7d"}) as exporter:
        exporter.refresh()
        owner.execute(
            "INSERT INTO campaign_monitoring.calls (call_id, task_id, campaign_id, attempt, outcome, started_at, "
            "created_at, updated_at) SELECT 1000 + n, 1, 2, 1, 'busy', %s, %s, %s FROM generate_series(1, 100000) AS n",
            (platforms.SETTLED, platforms.SETTLED, NOW),
        )
        shown = 0.0
        for _ in range(4):
            try:
                shown = exporter.refresh().by("campaign_calls_total", "outcome", campaign="2").get("busy", 0.0)
            except psycopg.errors.QueryCanceled:
                continue
        assert shown == 100_000


def test_a_reason_that_names_a_contact_is_shown_without_it(owner: Owner, exporter: Exporter) -> None:
    owner.execute(
        "UPDATE campaign_monitoring.campaigns SET status = 'paused', "
        "pause_reason = 'Complaint of +49 170 5550123, anna@example.com' WHERE campaign_id = 2"
    )
    (series,) = exporter.refresh().of("campaign_pause_info", campaign="2")
    assert dict(series[1])["reason"] == "Complaint of +… , …"


def test_the_pool_is_cut_by_identity_not_by_where_rows_lie(owner: Owner, database_url: str) -> None:
    for number in (1, 2, 3):
        contract.insert(owner, "campaign_numbers", campaign_id=1, number_id=number, weight=1)
    with exporting(database_url, series={"numbers": 2}) as exporter:
        assert set(exporter.refresh().by("campaign_number_weight", "number", campaign="1")) == {"1", "2"}
        owner.execute("UPDATE campaign_monitoring.campaign_numbers SET weight = 2 WHERE number_id = 1")
        assert set(exporter.refresh().by("campaign_number_weight", "number", campaign="1")) == {"1", "2"}
