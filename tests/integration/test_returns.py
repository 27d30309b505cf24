"""No counter falls, whatever comes and goes: campaigns, tenants, currencies, budgets, and the ledger itself."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import psycopg
import pytest

from exporter.diagnosis.diagnoser import Diagnoser
from exporter.ledger.loading import Loader
from exporter.metrics.stale import Changed
from tests.support import contract, platforms
from tests.support.exporting import NOW, Exporter, Scrape, exporting
from tests.support.exposition import Series

Owner = psycopg.Connection[Any]

COUNTED = ("_total", "_bucket", "_count", "_sum")


@pytest.fixture
def busy(owner: Owner) -> Owner:
    """Campaign 2 has ten more calls."""
    for key in range(500, 510):
        platforms.call(owner, key, 2, outcome="failed", error_code=("486", "503", "503")[key % 3], talk_seconds=5)
    contract.insert(owner, "tenants", tenant_id=2, name="Other", timezone="UTC")
    return owner


class Watched:
    """An exporter of which every scrape is held against the highest value that each counter ever showed."""

    def __init__(self, exporter: Exporter) -> None:
        self.exporter = exporter
        self.highest: dict[Series, float] = {}

    def refresh(self) -> Scrape:
        """The next scrape, in which no counter is lower than in any before."""
        scrape = self.exporter.refresh()
        for series, value in scrape.samples.items():
            if series[0].endswith(COUNTED):
                assert value >= self.highest.get(series, 0.0), (series, self.highest[series], value)
                self.highest[series] = value
        return scrape


@pytest.fixture
def watched(exporter: Exporter) -> Watched:
    return Watched(exporter)


@pytest.fixture
def narrow(database_url: str) -> Iterator[Watched]:
    """One with room for one error code."""
    with exporting(database_url, series={"errors": 1}) as made:
        yield Watched(made)


def set_campaign(owner: Owner, **values: Any) -> None:
    for name, value in values.items():
        query = psycopg.sql.SQL("UPDATE campaign_monitoring.campaigns SET {} = %s WHERE campaign_id = 2")
        owner.execute(query.format(psycopg.sql.Identifier(name)), (value,))


def purge(owner: Owner, below: int = 506) -> None:
    owner.execute("DELETE FROM campaign_monitoring.calls WHERE campaign_id = 2 AND call_id < %s", (below,))
    owner.execute("SELECT pg_stat_force_next_flush()")


def calls(scrape: Scrape, **labels: str) -> float:
    return sum(scrape.by("campaign_calls_total", "outcome", campaign="2", **labels).values())


def errors(scrape: Scrape) -> dict[str, float]:
    return scrape.by("campaign_call_errors_total", "code", campaign="2")


def test_a_draft_for_two_seconds_costs_no_counter_what_purged_rows_had_counted(busy: Owner, watched: Watched) -> None:
    assert calls(watched.refresh()) == 11
    purge(busy)
    assert calls(watched.refresh()) == 11
    carried = watched.exporter.counted("counters_carried")
    assert carried > 0
    set_campaign(busy, status="draft")
    assert watched.refresh().of(campaign="2") == {}
    assert watched.exporter.counted("counters_carried") == 0
    set_campaign(busy, status="running")
    assert calls(watched.refresh()) == 11
    assert watched.exporter.counted("counters_carried") == carried
    platforms.call(busy, 600, 2, outcome="busy", created_at=NOW, updated_at=NOW)
    assert calls(watched.refresh()) == 12


def test_what_is_purged_while_a_campaign_is_away_is_held_until_the_truth_overtakes(
    busy: Owner, watched: Watched
) -> None:
    watched.refresh()
    set_campaign(busy, status="draft")
    watched.refresh()
    purge(busy)
    set_campaign(busy, status="running")
    assert calls(watched.refresh()) == 11
    assert watched.exporter.counted("counters_held") > 0


def test_a_campaign_that_ended_long_ago_and_is_taken_up_again_goes_on(busy: Owner, watched: Watched) -> None:
    watched.refresh()
    set_campaign(busy, status="completed", ended_at=NOW - timedelta(days=8))
    assert watched.refresh().of(campaign="2") == {}
    purge(busy)
    set_campaign(busy, status="running", ended_at=None)
    assert calls(watched.refresh()) == 11


def test_a_campaign_moved_to_another_tenant_and_back_while_rows_are_purged(busy: Owner, watched: Watched) -> None:
    watched.refresh()
    set_campaign(busy, tenant_id=2)
    assert calls(watched.refresh(), tenant="2") == 11
    purge(busy)
    assert calls(watched.refresh(), tenant="2") == 11
    set_campaign(busy, tenant_id=1)
    scrape = watched.refresh()
    assert calls(scrape, tenant="1") == 11
    assert scrape.of(campaign="2", tenant="2") == {}


def test_costs_that_fell_while_another_currency_was_shown(busy: Owner, watched: Watched) -> None:
    before = watched.refresh().by("campaign_call_cost_total", "component", campaign="2", currency="EUR")
    set_campaign(busy, currency="USD")
    watched.refresh()
    busy.execute("UPDATE campaign_monitoring.calls SET ai_cost = 0, updated_at = %s WHERE campaign_id = 2", (NOW,))
    watched.refresh()
    set_campaign(busy, currency="EUR")
    scrape = watched.refresh()
    assert scrape.by("campaign_call_cost_total", "component", campaign="2", currency="EUR") == before
    assert scrape.of("campaign_call_cost_total", campaign="2", currency="USD") == {}


def test_a_campaign_deleted_and_made_again_with_the_same_id(busy: Owner, watched: Watched) -> None:
    watched.refresh()
    busy.execute("DELETE FROM campaign_monitoring.campaigns WHERE campaign_id = 2")
    busy.execute("DELETE FROM campaign_monitoring.calls WHERE campaign_id = 2")
    watched.refresh()
    platforms.campaign(busy, "2")
    platforms.call(busy, 600, 2, outcome="failed", error_code="486", created_at=NOW, updated_at=NOW)
    assert errors(watched.refresh()) == {"486": 3, "503": 7}


def test_who_has_a_series_within_the_budget_has_it_after_a_return(busy: Owner, narrow: Watched) -> None:
    assert errors(narrow.refresh()) == {"503": 7, "other": 3}
    set_campaign(busy, status="draft")
    narrow.refresh()
    for key in range(600, 620):
        platforms.call(busy, key, 2, outcome="failed", error_code="486", created_at=NOW, updated_at=NOW)
    set_campaign(busy, status="running")
    assert errors(narrow.refresh()) == {"503": 7, "other": 23}


def test_who_has_a_series_within_the_budget_has_it_when_the_ledger_starts_over_meanwhile(
    busy: Owner, narrow: Watched
) -> None:
    assert errors(narrow.refresh()) == {"503": 7, "other": 3}
    set_campaign(busy, status="draft")
    narrow.refresh()
    busy.execute("UPDATE campaign_monitoring.calls SET error_code = '486' WHERE campaign_id = 2 AND call_id < 508")
    busy.execute("ALTER TABLE campaign_monitoring.calls DROP COLUMN score")  # other columns: all is loaded anew
    narrow.exporter.refresher.disconnect()
    ledger = narrow.exporter.refresher.ledger
    set_campaign(busy, status="running")
    found = errors(narrow.refresh())
    assert narrow.exporter.refresher.ledger is not ledger
    assert found["503"] == 7
    assert found["other"] >= 3


@pytest.mark.parametrize("broken", [(Loader, "load"), (Changed, "note_totals"), (Diagnoser, "update")])
def test_a_draft_while_a_refresh_fails(
    busy: Owner, watched: Watched, monkeypatch: pytest.MonkeyPatch, broken: tuple[type, str]
) -> None:
    watched.refresh()

    def fail(*_: object) -> None:
        raise MemoryError

    set_campaign(busy, status="draft")
    platforms.campaign(busy, "3")
    with monkeypatch.context() as patched:
        patched.setattr(*broken, fail)
        with pytest.raises(MemoryError):
            watched.exporter.refresh()
    purge(busy)
    assert watched.refresh().of(campaign="2") == {}
    set_campaign(busy, status="running")
    assert calls(watched.refresh()) == 11


@pytest.mark.parametrize("error", [psycopg.OperationalError, MemoryError], ids=["known", "unknown"])
def test_a_campaign_that_left_and_came_back_between_two_refreshes_that_failed(
    busy: Owner, watched: Watched, monkeypatch: pytest.MonkeyPatch, error: type[Exception]
) -> None:
    """After an error that nobody knows the totals begin anew; the counters do not."""
    watched.refresh()

    def fail(*_: object) -> None:
        raise error

    platforms.campaign(busy, "3")
    with monkeypatch.context() as patched:
        patched.setattr(Loader, "load", fail)
        patched.setattr(Loader, "load_in_parallel", fail)
        for status in ("draft", "running"):
            set_campaign(busy, status=status)
            with pytest.raises(error):
                watched.exporter.refresh()
    purge(busy)
    assert calls(watched.refresh()) == 11
    assert calls(watched.refresh()) == 11
