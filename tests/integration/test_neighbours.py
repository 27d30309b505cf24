"""Nobody pays for somebody else's rows: neither their labels, nor their campaigns, nor their memory."""

from __future__ import annotations

from typing import Any

import psycopg
import pytest

from tests.support import platforms
from tests.support.exporting import NOW, Exporter

Owner = psycopg.Connection[Any]

FREE_TEXTS = """
INSERT INTO campaign_monitoring.tasks (task_id, campaign_id, status, blocker, attempts, max_attempts, disposition,
                                       created_at, updated_at)
SELECT 10000 + n, 1, CASE WHEN n %% 2 = 0 THEN 'completed' ELSE 'pending' END, 'code_' || n, 1, 3, 'note ' || n,
       %(stamp)s, %(stamp)s
FROM generate_series(1, 12000) AS n
"""
FREE_CALLS = """
INSERT INTO campaign_monitoring.calls (call_id, task_id, campaign_id, attempt, outcome, number_id, variant, provider,
                                       error_code, sentiment, started_at, created_at, updated_at)
SELECT 10000 + n, 1, 1, 1, 'failed', 1, 'v ' || n, 'p' || n, 'e' || n, 's ' || n, %(stamp)s, %(stamp)s, %(stamp)s
FROM generate_series(1, 12000) AS n
"""
ORPHANS = """
INSERT INTO campaign_monitoring.tasks (task_id, campaign_id, status, attempts, max_attempts, disposition,
                                       created_at, updated_at)
SELECT 200000 + n, 100000 + n, 'pending', 1, 3, 'orphan ' || n, %(stamp)s, %(stamp)s
FROM generate_series(1, 3000) AS n
"""


@pytest.mark.parametrize("stamp", [NOW, platforms.SETTLED], ids=["changed", "settled"])
def test_free_texts_of_one_campaign_turn_nothing_of_another_into_other(
    owner: Owner, exporter: Exporter, stamp: object
) -> None:
    owner.execute(FREE_TEXTS, {"stamp": stamp})
    owner.execute(FREE_CALLS, {"stamp": stamp})
    exporter.refresh()
    platforms.task(owner, 500, 2, status="completed", disposition="callback booked", created_at=NOW, updated_at=NOW)
    platforms.task(owner, 501, 2, blocker="lines_down", created_at=NOW, updated_at=NOW)
    platforms.call(
        owner, 500, 2, outcome="failed", variant="B", provider="acme", error_code="486", sentiment="moved",
        created_at=NOW, updated_at=NOW,
    )  # fmt: skip
    scrape = exporter.refresh()
    assert scrape.by("campaign_task_dispositions", "disposition", campaign="2")["callback booked"] == 1
    assert scrape.by("campaign_tasks_blocked", "blocker", campaign="2")["lines_down"] == 1
    assert scrape.by("campaign_variant_calls_total", "variant", campaign="2")["B"] == 1
    assert scrape.by("campaign_call_errors_total", "code", campaign="2") == {"486": 1}
    assert scrape.by("campaign_call_sentiment_total", "sentiment", campaign="2")["moved"] == 1


def test_the_audit_finds_no_difference_where_texts_are_past_their_room(
    owner: Owner, exporter: Exporter, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("exporter.refresh.beside.LARGE_ROWS", 1_000_000)
    owner.execute(FREE_TEXTS, {"stamp": platforms.SETTLED})
    owner.execute(FREE_CALLS, {"stamp": NOW})
    exporter.refresh()
    for _ in range(3):
        exporter.refresh()
    assert exporter.counted("audits_total") > 3
    assert exporter.corrections() == 0


def test_the_largest_of_a_campaigns_settled_texts_have_room_first(owner: Owner, exporter: Exporter) -> None:
    owner.execute(FREE_TEXTS, {"stamp": platforms.SETTLED})
    owner.execute("DELETE FROM campaign_monitoring.tasks WHERE campaign_id = 1 AND status = 'pending'")
    owner.execute("UPDATE campaign_monitoring.tasks SET disposition = 'sold' WHERE task_id > 21500")
    found = exporter.refresh().by("campaign_task_dispositions", "disposition", campaign="1")
    assert found["sold"] == 250


def test_rows_of_campaigns_that_do_not_exist_leave_nothing_behind(owner: Owner, exporter: Exporter) -> None:
    exporter.refresh()
    ledger = exporter.refresher.ledger
    assert ledger is not None
    disposition = ledger.vocabulary.of("disposition")
    assert disposition is not None
    before = (list(ledger.vocabulary.campaign.labels), list(disposition.labels), len(disposition._cache))
    owner.execute(ORPHANS, {"stamp": NOW})
    exporter.refresh()
    assert exporter.counted("rows_ignored_total", relation="tasks") >= 3000
    assert (ledger.vocabulary.campaign.labels, disposition.labels, len(disposition._cache)) == before


def test_numbers_and_labels_of_campaigns_that_left_are_used_again(owner: Owner, exporter: Exporter) -> None:
    owner.execute(FREE_TEXTS, {"stamp": platforms.SETTLED})  # so that nothing more is everybody's
    exporter.refresh()
    ledger = exporter.refresher.ledger
    assert ledger is not None
    disposition = ledger.vocabulary.of("disposition")
    assert disposition is not None
    sizes = set()
    for round_ in range(5):
        key = str(900 + round_)
        platforms.campaign(owner, key)
        for task in range(3):
            platforms.task(
                owner, 2000 + round_ * 10 + task, int(key), status="completed", disposition=f"of {key} {task}"
            )
        scrape = exporter.refresh()
        shown = scrape.by("campaign_task_dispositions", "disposition", campaign=key)
        assert shown == {f"of {key} {task}": 1 for task in range(3)}
        sizes.add((len(ledger.vocabulary.campaign.labels), len(disposition.labels)))
        owner.execute("UPDATE campaign_monitoring.campaigns SET status = 'draft' WHERE campaign_id = %s", (key,))
        exporter.refresh()
    assert len(sizes) == 1
    assert exporter.corrections() == 0
