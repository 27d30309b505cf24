"""The last minutes are read again, piece by piece: what came late is found, and no refresh reads much for it."""

from __future__ import annotations

import math
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import psycopg
import pytest

from tests.support import contract, platforms
from tests.support.exporting import NOW, Exporter, Scrape, exporting

Owner = psycopg.Connection[Any]
BEGINS = NOW.timestamp()
MOST = 5


@pytest.fixture
def owner(database_url: str) -> Iterator[Owner]:
    """A campaign without calls."""
    with contract.session(database_url) as connection:
        contract.create(connection)
        platforms.campaign(connection, "1")
        yield connection


@pytest.fixture
def exporter(database_url: str, owner: Owner, monkeypatch: pytest.MonkeyPatch) -> Iterator[Exporter]:
    """An exporter whose audits and probes come too late to help, and that reads few rows again at once."""
    monkeypatch.setattr("exporter.refresh.probe.EVERY_SECONDS", math.inf)
    monkeypatch.setattr("exporter.refresh.echo.MOST_ROWS", MOST)
    monkeypatch.setattr("exporter.refresh.echo._SHARE", math.inf)
    with exporting(database_url, audit={"period": "6h", "max_share": 0.01}) as made:
        made.refresh()
        assert owner.info.dbname in database_url
        yield made


def stamped(seconds: float) -> dict[str, Any]:
    at = datetime.fromtimestamp(BEGINS + seconds, UTC)
    return {"outcome": "answered", "created_at": at, "updated_at": at}


def calls_go_on(owner: Owner, exporter: Exporter, minutes: int) -> None:
    """Six calls end in each minute, and are read soon after."""
    for minute in range(minutes):
        for tenth in range(6):
            platforms.call(owner, f"{minute}{tenth}", "1", **stamped(60 * minute + 10 * tenth))
        exporter.seconds = BEGINS + 60 * minute + 60
        exporter.refresh()


def answered(scrape: Scrape) -> float:
    return scrape.by("campaign_calls_total", "outcome", campaign="1")["answered"]


def late(exporter: Exporter) -> float:
    return exporter.counted("late_rows_total", relation="calls")


def read(exporter: Exporter) -> float:
    return exporter.counted("rows_read_total", relation="calls")


def test_a_row_that_came_late_is_found_though_there_are_many_around_it(owner: Owner, exporter: Exporter) -> None:
    calls_go_on(owner, exporter, 9)
    known = answered(exporter.refresh())
    platforms.call(owner, "999", "1", **stamped(181))
    exporter.seconds += 300
    for _ in range(60):
        exporter.seconds += 1
        before = read(exporter)
        scrape = exporter.refresh()
        assert read(exporter) - before <= 2 * MOST, "what is new, and a piece"
    assert answered(scrape) == known + 1
    assert late(exporter) == 1


def test_what_was_written_at_once_does_not_hold_up_what_stands_behind_it(owner: Owner, exporter: Exporter) -> None:
    for row in range(4 * MOST):
        platforms.call(owner, f"1{row:03}", "1", **stamped(60))
    exporter.seconds += 120
    known = answered(exporter.refresh())
    assert known == 4 * MOST
    platforms.call(owner, "999", "1", **stamped(70))
    exporter.seconds += 300
    for _ in range(60):
        exporter.seconds += 1
        before = read(exporter)
        scrape = exporter.refresh()
        assert read(exporter) - before <= MOST
    assert answered(scrape) == known + 1


def test_it_rests_between_two_pieces(owner: Owner, exporter: Exporter, monkeypatch: pytest.MonkeyPatch) -> None:
    calls_go_on(owner, exporter, 9)
    monkeypatch.setattr("exporter.refresh.echo._SHARE", 1e-9)
    exporter.seconds += 300
    exporter.refresh()
    before = read(exporter)
    for _ in range(5):
        exporter.seconds += 1
        exporter.refresh()
    assert read(exporter) == before
