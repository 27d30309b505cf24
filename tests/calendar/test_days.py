"""Local days and their midnights, over changes of daylight saving time, and zones that do not exist."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from exporter.calendar.days import EPOCH, day_at, zone

HOUR = 3600.0


def at(*parts: int) -> float:
    """A moment in UTC, as seconds since 1970."""
    return datetime(*parts, tzinfo=UTC).timestamp()  # type: ignore[arg-type, misc]


def lengths(now: float, name: str) -> tuple[float, float]:
    """Hours of today and of tomorrow."""
    first, second, third = day_at(now, ZoneInfo(name)).midnights
    return (second - first) / HOUR, (third - second) / HOUR


def test_no_name_is_utc() -> None:
    assert zone(None) is UTC


@pytest.mark.parametrize(
    "name",
    [
        "", " ", "Mars/Base", "utc+1", "Europe", "America/", "../../etc/passwd", "/etc/localtime", "/", ".", "..",
        "tzdata.zi", "zone.tab", "Europe/Berlin\n", "Europe/Berlin\x00", "ä", "\ud800", "x" * 10_000, "__init__.py",
    ],
)  # fmt: skip
def test_a_name_nobody_knows_is_no_zone(name: str) -> None:
    assert zone(name) is None


@given(st.text(max_size=30))
def test_no_name_raises(name: str) -> None:
    zone(name)


def test_a_day_of_utc() -> None:
    day = day_at(at(2026, 3, 4, 12), UTC)
    assert day.midnights == (at(2026, 3, 4), at(2026, 3, 5), at(2026, 3, 6))
    assert day.today == (datetime(2026, 3, 4, tzinfo=UTC).date() - EPOCH).days
    assert day.zone == "UTC"


@pytest.mark.parametrize(
    ("now", "name", "expected"),
    [
        (at(2026, 3, 28, 12), "Europe/Berlin", (24, 23)),
        (at(2026, 3, 29, 12), "Europe/Berlin", (23, 24)),
        (at(2026, 10, 25, 12), "Europe/Berlin", (25, 24)),
        (at(2026, 3, 8, 12), "America/New_York", (23, 24)),
        (at(2026, 4, 5, 0), "Australia/Lord_Howe", (24.5, 24)),
        (at(2026, 9, 6, 6), "America/Santiago", (23, 24)),  # where midnight itself is left out
        (at(2026, 6, 1, 12), "Asia/Kathmandu", (24, 24)),
    ],
)
def test_a_day_has_as_many_hours_as_the_clocks_say(now: float, name: str, expected: tuple[float, float]) -> None:
    assert lengths(now, name) == expected


def test_the_day_is_the_local_one() -> None:
    now = at(2026, 3, 4, 10, 30)
    assert day_at(now, ZoneInfo("Pacific/Kiritimati")).today - day_at(now, ZoneInfo("Pacific/Pago_Pago")).today == 2


@given(
    st.datetimes(datetime(1971, 1, 1), datetime(2150, 1, 1)),  # noqa: DTZ001
    st.sampled_from(["UTC", "Europe/Berlin", "America/New_York", "Asia/Kathmandu", "Australia/Lord_Howe"]),
)
def test_now_is_within_today_and_tomorrow_follows_it(moment: datetime, name: str) -> None:
    now = moment.replace(tzinfo=UTC).timestamp()
    day = day_at(now, ZoneInfo(name))
    first, second, third = day.midnights
    assert first <= now < second < third
    assert day_at(second, ZoneInfo(name)).today == day.today + 1
    assert third - first <= timedelta(hours=50).total_seconds()
