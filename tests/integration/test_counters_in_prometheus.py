"""What a real Prometheus makes of our counters: rows are purged, costs corrected, replicas taken for one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import psycopg
import pytest

from tests.support import platforms, prometheus
from tests.support.exporting import Exporter

STEP = 15
STEPS = 12


class History:
    """A platform on which things happen, scraped every fifteen seconds."""

    def __init__(self, owner: psycopg.Connection[Any], exporter: Exporter) -> None:
        self._owner = owner
        self._exporter = exporter
        self._calls = 1000
        self.scrapes: list[tuple[float, bytes]] = []

    @property
    def now(self) -> datetime:
        return datetime.fromtimestamp(self._exporter.seconds, UTC)

    def call(self, number: int, cost: float = 1.0) -> None:
        """Answered calls of campaign 1."""
        for _ in range(number):
            self._calls += 1
            platforms.call(
                self._owner, self._calls, 1, ai_cost=cost, telephony_cost=0, started_at=self.now,
                eligible_at=self.now, created_at=self.now, updated_at=self.now,
            )  # fmt: skip

    def purge(self) -> None:
        """Delete all calls that are older than half an hour, as a retention job does."""
        self._owner.execute(
            "DELETE FROM campaign_monitoring.calls WHERE started_at < %s", (self.now - timedelta(minutes=30),)
        )
        self._owner.execute("SELECT pg_stat_force_next_flush()")

    def correct(self, cost: float) -> None:
        """Lower the cost of the newest call."""
        self._owner.execute(
            "UPDATE campaign_monitoring.calls SET ai_cost = %s, updated_at = %s WHERE call_id = %s",
            (cost, self.now, self._calls),
        )

    def scrape(self) -> None:
        """Refresh and keep what a scrape would get, then let time pass."""
        at = self._exporter.seconds
        self._exporter.refresh()
        assert self._exporter.snapshot is not None
        self.scrapes.append((at, self._exporter.snapshot.text))
        self._exporter.seconds = at + STEP


@pytest.fixture
def history(owner: psycopg.Connection[Any], exporter: Exporter) -> History:
    return History(owner, exporter)


def increase(history: History, directory: Path, selector: str) -> float:
    """`increase()` over the whole history, whose samples stand exactly at both ends of the range."""
    prometheus.write_history(directory, history.scrapes)
    end = history.scrapes[-1][0]
    with prometheus.running(directory) as running:
        seconds = int(end - history.scrapes[0][0])
        (value,) = running.query(f"increase({selector}[{seconds}s])", end).values()
        assert running.query(f"sum(resets({selector}[{seconds}s]))", end) == {(): 0.0}
    return value


ANSWERED = 'campaign_calls_total{campaign="1",outcome="answered"}'
AI_COST = 'campaign_call_cost_total{campaign="1",component="ai"}'


def test_a_purge_of_old_rows_leaves_the_increase_to_what_happened(history: History, tmp_path: Path) -> None:
    happened = 0
    history.scrape()
    for step in range(STEPS):
        if step == 4:
            history.purge()
        history.call(step % 3)
        happened += step % 3
        history.scrape()
    assert increase(history, tmp_path, ANSWERED) == pytest.approx(happened)


def test_a_purge_shows_in_the_gauges_at_once(history: History, exporter: Exporter) -> None:
    history.scrape()
    history.purge()
    history.scrape()
    assert exporter.counted("counters_carried") > 0
    assert exporter.counted("audit_corrections_total", relation="calls") > 0
    assert exporter.refresh().value("campaign_calls_in_progress", campaign="1") == 0


def test_a_cost_corrected_downwards_leaves_the_increase_to_the_truth(history: History, tmp_path: Path) -> None:
    history.scrape()
    history.call(1, cost=50)
    history.scrape()
    history.correct(20)
    for _ in range(STEPS):
        history.call(1, cost=10)
        history.scrape()
    assert increase(history, tmp_path, AI_COST) == pytest.approx(20 + STEPS * 10)


def test_a_counter_holds_while_the_truth_is_below_it(history: History, exporter: Exporter) -> None:
    history.call(1, cost=50)
    before = exporter.refresh().value("campaign_call_cost_total", campaign="1", component="ai")
    history.correct(20)
    assert exporter.refresh().value("campaign_call_cost_total", campaign="1", component="ai") == before
    assert exporter.counted("counters_held") > 0
    history.call(1, cost=40)
    after = exporter.refresh().value("campaign_call_cost_total", campaign="1", component="ai")
    assert after == pytest.approx(before - 50 + 20 + 40)


def counted(directory: Path, shown: Sequence[Mapping[str, int]]) -> float:
    """What Prometheus takes calls to have grown by; `shown` are the totals by target, scrape after scrape."""
    start = 1_772_625_600.0
    bodies = (
        "".join(f'campaign_calls_total{{instance="{target}"}} {total}\n' for target, total in totals.items())
        for totals in shown
    )
    scrapes = [
        (start + STEP * step, f"# TYPE campaign_calls_total counter\n{body}".encode())
        for step, body in enumerate(bodies)
    ]
    prometheus.write_history(directory, scrapes)
    with prometheus.running(directory) as running:
        span = STEP * (len(scrapes) - 1)
        once = f"max without (instance) (increase(campaign_calls_total[{span}s]))"
        (value,) = running.query(once, start + span).values()
    return value


REPLICAS = [(1_000_000 + 10 * step, 1_000_000 + 10 * step - 20) for step in range(STEPS + 1)]
"""Two replicas on one database, of which the second is a refresh behind: what they show at each scrape."""


def test_two_replicas_that_are_scraped_each_by_itself_count_what_happened(tmp_path: Path) -> None:
    assert counted(tmp_path, [{"a": a, "b": b} for a, b in REPLICAS]) == pytest.approx(10 * STEPS)


def test_two_replicas_behind_one_address_count_a_lifetime_again_at_each_turn(tmp_path: Path) -> None:
    """The total falls at each turn to the one that is behind, and Prometheus takes each fall for a reset."""
    in_turns = [{"one": both[step % 2]} for step, both in enumerate(REPLICAS)]
    assert counted(tmp_path, in_turns) > STEPS / 2 * 1_000_000
