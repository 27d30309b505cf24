"""A difference between inserts and new rows is suspicious when it stays, and less so the more often it was nothing."""

from __future__ import annotations

import pytest

from exporter.refresh.balance import WINDOW_SECONDS, Balance
from exporter.source.structure import Under


class Driven:
    """A balance on a clock of the test's own."""

    def __init__(self) -> None:
        self.now = 0.0
        self.inserted: int | None = 0
        self.corrections = 0
        self.balance = Balance(lambda: self.now)
        self.look()

    def look(self, inserted: int = 0, new: int = 0, late: int = 0) -> dict[str, int]:
        """A second later: so many more inserts were counted, so many unknown rows read, so many that may be old."""
        self.now += 1
        if self.inserted is not None:
            self.inserted += inserted
        self.balance.note({"calls": Under("v", "f", 0, self.inserted)})
        self.balance.read("calls", new, late)
        return self.balance.suspects(self.corrections)

    def wait(self, seconds: float, inserted: int = 0, new: int = 0) -> list[dict[str, int]]:
        """Looks for so long; the suspicions that came up."""
        found = [self.look(inserted, new) for _ in range(int(seconds))]
        return [each for each in found if each]


@pytest.fixture
def driven() -> Driven:
    return Driven()


def test_rows_that_were_inserted_and_not_read_are_suspicious_within_two_windows(driven: Driven) -> None:
    driven.look(inserted=100)
    assert driven.wait(2 * WINDOW_SECONDS) == [{"calls": 100}]


def test_rows_that_were_read_and_not_inserted_are_suspicious_too(driven: Driven) -> None:
    driven.look(new=3)
    assert driven.wait(2 * WINDOW_SECONDS) == [{"calls": -3}]


def test_rows_that_changed_after_they_were_forgotten_are_not(driven: Driven) -> None:
    driven.look(late=200)
    assert driven.wait(3 * WINDOW_SECONDS) == []


def test_rows_that_come_back_after_they_were_forgotten_are_not(driven: Driven) -> None:
    driven.look(late=200)
    driven.look(inserted=200)
    assert driven.wait(3 * WINDOW_SECONDS) == []


def test_late_changes_hide_no_rows_that_are_inserted_unread_later(driven: Driven) -> None:
    driven.look(late=200)
    driven.wait(WINDOW_SECONDS)
    driven.look(inserted=100)
    assert driven.wait(2 * WINDOW_SECONDS) == [{"calls": 100}]


def test_inserts_that_are_counted_late_are_not(driven: Driven) -> None:
    for _ in range(50):
        driven.look(new=5)
        driven.wait(9)
        assert driven.look(inserted=5) == {}


def test_a_steady_stream_of_which_the_counts_lag_behind_is_so_once_at_most(driven: Driven) -> None:
    driven.look(new=10)
    assert len(driven.wait(20 * WINDOW_SECONDS, inserted=10, new=10)) == 1


def test_suspicions_that_were_nothing_come_ever_less_often(driven: Driven) -> None:
    assert len(driven.wait(100 * WINDOW_SECONDS, inserted=1)) <= 8


def test_as_long_as_suspicions_are_right_they_come_at_once(driven: Driven) -> None:
    found = 0
    for _ in range(100):
        found += len(driven.wait(WINDOW_SECONDS, inserted=1))
        driven.corrections += 1
    assert found >= 90


def test_a_view_over_several_tables_tells_nothing(driven: Driven) -> None:
    driven.inserted = None
    assert driven.wait(10 * WINDOW_SECONDS, new=5) == []


def test_what_was_loaded_as_a_whole_is_known(driven: Driven) -> None:
    driven.look(inserted=100)
    driven.balance.begin_anew()
    assert driven.wait(3 * WINDOW_SECONDS) == []
