"""Times, durations, counts, shares and amounts as people read them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from exporter.contract.wording import clock, count, duration, money, share

NOON = 1_772_625_600.0  # Wednesday 2026-03-04, 12:00 UTC
HOUR = 3600.0


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0, "0 s"),
        (0.4, "0 s"),
        (0.6, "1 s"),
        (-5, "0 s"),
        (59, "59 s"),
        (59.7, "1 min"),
        (60, "1 min"),
        (61, "1 min 1 s"),
        (3599, "59 min 59 s"),
        (3600, "1 h"),
        (3605, "1 h"),
        (11_100, "3 h 5 min"),
        (86_399, "23 h 59 min"),
        (86_400, "1 d"),
        (86_460, "1 d"),
        (90_000, "1 d 1 h"),
        (400 * 86_400, "400 d"),
    ],
)
def test_a_span_is_told_in_its_two_largest_units(seconds: float, text: str) -> None:
    assert duration(seconds) == text


@given(st.floats(-1e9, 1e12))
def test_a_span_has_one_or_two_units(seconds: float) -> None:
    assert len(duration(seconds).split()) in (2, 4)


@pytest.mark.parametrize(
    ("at", "now", "zone", "text"),
    [
        (NOON, NOON, None, "12:00 UTC"),
        (NOON, NOON, "UTC", "12:00 UTC"),
        (NOON - 12 * HOUR, NOON, None, "00:00 UTC"),
        (NOON + 12 * HOUR, NOON, None, "Thu 2026-03-05 00:00 UTC"),
        (NOON, None, None, "Wed 2026-03-04 12:00 UTC"),
        (NOON, NOON, "Australia/Sydney", "23:00 Australia/Sydney"),
        (NOON + HOUR, NOON, "Australia/Sydney", "Thu 2026-03-05 00:00 Australia/Sydney"),
        (NOON, NOON, "Asia/Kathmandu", "17:45 Asia/Kathmandu"),
        (NOON, NOON, "Nowhere/Atlantis", "12:00 UTC"),
        (NOON, NOON, "../etc/passwd", "12:00 UTC"),
        (0.0, NOON, None, "Thu 1970-01-01 00:00 UTC"),
        (7_258_118_399.0, NOON, None, "Tue 2199-12-31 23:59 UTC"),
    ],
)
def test_a_moment_is_told_by_the_clocks_of_its_zone(at: float, now: float | None, zone: str | None, text: str) -> None:
    assert clock(at, now, zone) == text


@pytest.mark.parametrize(
    ("number", "text"),
    [(0, "0 calls"), (1, "1 call"), (1.0, "1 call"), (2, "2 calls"), (2000, "2,000 calls")],
)
def test_a_count_agrees_with_its_noun(number: float, text: str) -> None:
    assert count(number, "call") == text


@pytest.mark.parametrize(
    ("part", "whole", "text"),
    [(1, 3, "33 %"), (2, 3, "67 %"), (0, 5, "0 %"), (5, 5, "100 %"), (3, 0, "0 %"), (0.4, 1, "40 %")],
)
def test_a_share_is_told_in_per_cent(part: float, whole: float, text: str) -> None:
    assert share(part, whole) == text


@pytest.mark.parametrize(
    ("amount", "currency", "text"),
    [
        (0.0, "EUR", "0.00 EUR"),
        (1234.5, "USD", "1,234.50 USD"),
        (0.126, None, "0.13"),
        (-3.0, "EUR", "-3.00 EUR"),
        (1e6, "", "1,000,000.00"),
    ],
)
def test_an_amount_has_two_decimals_and_its_currency(amount: float, currency: str | None, text: str) -> None:
    assert money(amount, currency) == text
