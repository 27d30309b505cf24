"""Call windows: what a list of them may hold, and when they are open by the clocks of a zone that change."""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, timezone, tzinfo
from itertools import pairwise
from typing import Any
from zoneinfo import ZoneInfo, available_timezones

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from exporter.calendar.call_windows import (
    DAYS,
    EARLIEST,
    HORIZON,
    LATEST,
    Range,
    Ranges,
    Schedule,
)
from exporter.calendar.window_forms import parse_ranges
from tests.support.effort import examples

HOUR, DAY, WEEK = 3600.0, 86400.0, 604800.0
ALL = list(DAYS)
WORKING = ["mon", "tue", "wed", "thu", "fri"]
ZONES = sorted(available_timezones())


def at(*parts: int) -> float:
    """A moment in UTC, as seconds since 1970."""
    return datetime(*parts, tzinfo=UTC).timestamp()  # type: ignore[arg-type, misc]


def local(name: str, *parts: int, again: bool = False) -> float:
    """A moment by the clocks of a zone, the second time they show it if `again`."""
    return datetime(*parts, tzinfo=ZoneInfo(name), fold=int(again)).timestamp()  # type: ignore[arg-type, misc]


def window(days: list[str], start: str, end: str) -> dict[str, Any]:
    return {"days": days, "start": start, "end": end}


def schedule(name: str, *windows: dict[str, Any]) -> Schedule:
    return Schedule(parse_ranges(list(windows)), ZoneInfo(name))


def changes(of: Schedule, start: float, end: float) -> list[float]:
    """Every change after `start` and up to `end`."""
    found: list[float] = []
    while (change := of.next_change(found[-1] if found else start)) is not None and change <= end:
        found.append(change)
    return found


# Open, closed and the next change, where the clocks do not change.


@pytest.mark.parametrize(
    ("moment", "expected"),
    [
        ((2026, 3, 2, 8, 59, 59), False),
        ((2026, 3, 2, 9), True),
        ((2026, 3, 2, 16, 59, 59), True),
        ((2026, 3, 2, 17), False),
        ((2026, 3, 1, 12), False),
    ],
)
def test_a_window_holds_its_start_and_not_its_end(moment: tuple[int, ...], expected: bool) -> None:
    assert schedule("UTC", window(["mon"], "09:00", "17:00")).open_at(at(*moment)) is expected


def test_a_fraction_of_a_second_before_the_end_is_open() -> None:
    office = schedule("UTC", window(["mon"], "09:00", "17:00"))
    assert office.open_at(at(2026, 3, 2, 17) - 1e-6)
    assert office.next_change(at(2026, 3, 2, 17) - 1e-6) == at(2026, 3, 2, 17)


def test_windows_are_of_the_local_clock() -> None:
    office = schedule("Asia/Kathmandu", window(["mon"], "09:00", "17:00"))
    assert changes(office, at(2026, 3, 2), at(2026, 3, 3)) == [at(2026, 3, 2, 3, 15), at(2026, 3, 2, 11, 15)]


def test_a_day_may_have_several_windows() -> None:
    split = schedule("UTC", window(ALL, "09:00", "12:00"), window(ALL, "13:30", "17:00"))
    assert changes(split, at(2026, 3, 2), at(2026, 3, 3)) == [
        at(2026, 3, 2, 9), at(2026, 3, 2, 12), at(2026, 3, 2, 13, 30), at(2026, 3, 2, 17),
    ]  # fmt: skip


def test_a_window_over_midnight_belongs_to_the_day_it_starts_on() -> None:
    night = schedule("UTC", window(["mon"], "22:00", "06:00"))
    assert changes(night, at(2026, 3, 1), at(2026, 3, 8)) == [at(2026, 3, 2, 22), at(2026, 3, 3, 6)]


def test_a_window_over_the_end_of_sunday_ends_on_monday() -> None:
    night = schedule("UTC", window(["sun"], "22:00", "06:00"))
    assert changes(night, at(2026, 3, 3), at(2026, 3, 10)) == [at(2026, 3, 8, 22), at(2026, 3, 9, 6)]
    assert night.open_at(at(2026, 3, 9))


def test_equal_times_are_24_hours() -> None:
    whole = schedule("UTC", window(["mon"], "09:00", "09:00"))
    assert changes(whole, at(2026, 3, 2), at(2026, 3, 5)) == [at(2026, 3, 2, 9), at(2026, 3, 3, 9)]


def test_a_whole_day_ends_at_midnight() -> None:
    whole = schedule("UTC", window(["sun"], "00:00", "24:00"))
    assert changes(whole, at(2026, 3, 3), at(2026, 3, 10)) == [at(2026, 3, 8), at(2026, 3, 9)]


def test_there_is_no_change_between_whole_days_in_a_row() -> None:
    working = schedule("UTC", window(WORKING, "00:00", "24:00"))
    assert changes(working, at(2026, 3, 2), at(2026, 3, 9)) == [at(2026, 3, 7), at(2026, 3, 9)]


def test_there_is_no_change_where_windows_touch_or_overlap() -> None:
    office = schedule(
        "UTC", window(ALL, "09:00", "12:00"), window(ALL, "12:00", "15:00"), window(ALL, "14:00", "17:00")
    )
    assert changes(office, at(2026, 3, 2), at(2026, 3, 3)) == [at(2026, 3, 2, 9), at(2026, 3, 2, 17)]


def test_there_is_no_change_where_windows_touch_at_the_end_of_sunday() -> None:
    both = schedule("UTC", window(["sun"], "12:00", "24:00"), window(["mon"], "00:00", "12:00"))
    assert changes(both, at(2026, 3, 3), at(2026, 3, 10)) == [at(2026, 3, 8, 12), at(2026, 3, 9, 12)]


def test_the_next_change_is_after_a_change() -> None:
    office = schedule("UTC", window(["mon"], "09:00", "17:00"))
    assert office.next_change(at(2026, 3, 2, 9)) == at(2026, 3, 2, 17)
    assert office.next_change(at(2026, 3, 2, 17)) == at(2026, 3, 9, 9)


@pytest.mark.parametrize(
    "ranges",
    [None, parse_ranges([window(ALL, "00:00", "24:00")]), (Range(frozenset(range(7)), 720, 720),)],
    ids=["null", "whole days", "24 hours each day"],
)
def test_always_open_never_changes(ranges: Ranges | None) -> None:
    always = Schedule(ranges, ZoneInfo("Europe/Berlin"))
    assert always.always
    assert not always.never
    assert always.open_at(at(2026, 3, 2))
    assert always.next_change(at(2026, 3, 2)) is None
    assert always.open_seconds(at(2026, 3, 2), at(2026, 4, 2)) == at(2026, 4, 2) - at(2026, 3, 2)
    assert always.after_open(at(2026, 3, 2), 90.5) == at(2026, 3, 2) + 90.5
    assert always.closed_between(at(2026, 3, 2), at(2026, 4, 2)) == ()


def test_never_open_never_changes() -> None:
    never = Schedule((), ZoneInfo("Europe/Berlin"))
    assert never.never
    assert not never.always
    assert not never.open_at(at(2026, 3, 2))
    assert never.next_change(at(2026, 3, 2)) is None
    assert never.open_seconds(at(2026, 3, 2), at(2026, 4, 2)) == 0
    assert never.after_open(at(2026, 3, 2), 1) is None
    assert never.closed_between(at(2026, 3, 2), at(2026, 4, 2)) == ((at(2026, 3, 2), at(2026, 4, 2)),)


def test_some_hours_are_neither_always_nor_never() -> None:
    office = schedule("UTC", window(ALL, "00:00", "23:59"))
    assert not office.always
    assert not office.never


def test_schedules_are_equal_by_ranges_and_zone() -> None:
    office = schedule("Europe/Berlin", window(["mon"], "09:00", "17:00"))
    assert {office, schedule("Europe/Berlin", window(["mon"], "09:00", "17:00"))} == {office}
    assert office != schedule("Europe/Paris", window(["mon"], "09:00", "17:00"))
    assert office != schedule("Europe/Berlin", window(["tue"], "09:00", "17:00"))


# How much is open, when that much has passed, and what is closed.


def test_open_seconds_are_those_within_windows() -> None:
    office = schedule("UTC", window(WORKING, "09:00", "17:00"))
    assert office.open_seconds(at(2026, 3, 2, 16), at(2026, 3, 3, 10)) == 2 * HOUR
    assert office.open_seconds(at(2026, 3, 2), at(2027, 3, 1)) == 52 * 40 * HOUR


def test_open_seconds_keep_fractions() -> None:
    office = schedule("UTC", window(["mon"], "09:00", "17:00"))
    assert office.open_seconds(at(2026, 3, 2, 16) + 0.25, at(2026, 3, 3)) == HOUR - 0.25


def test_nothing_is_open_between_an_end_and_an_earlier_start() -> None:
    assert Schedule(None, UTC).open_seconds(at(2026, 3, 3), at(2026, 3, 2)) == 0


def test_open_time_passes_within_windows_only() -> None:
    office = schedule("UTC", window(WORKING, "09:00", "17:00"))
    assert office.after_open(at(2026, 3, 6, 16), 2 * HOUR) == at(2026, 3, 9, 10)


def test_the_last_second_of_a_window_passes_at_its_end() -> None:
    office = schedule("UTC", window(WORKING, "09:00", "17:00"))
    assert office.after_open(at(2026, 3, 2), 8 * HOUR) == at(2026, 3, 2, 17)
    assert office.after_open(at(2026, 3, 2), 40 * HOUR) == at(2026, 3, 6, 17)


def test_open_time_may_have_passed_when_the_clocks_change() -> None:
    late = schedule("Europe/Berlin", window(["sun"], "01:00", "02:30"))
    assert late.after_open(at(2026, 3, 28), HOUR) == at(2026, 3, 29, 1)


def test_open_time_too_short_for_the_arithmetic_does_not_pass_before_its_start() -> None:
    office = schedule("UTC", window(WORKING, "09:00", "17:00"))
    assert office.after_open(at(2026, 3, 2, 20), 1e-12) == at(2026, 3, 2, 20)


def test_no_open_time_has_passed_at_once() -> None:
    office = schedule("UTC", window(WORKING, "09:00", "17:00"))
    assert office.after_open(at(2026, 3, 1), 0) == at(2026, 3, 1)
    assert office.after_open(at(2026, 3, 1), -5) == at(2026, 3, 1)


def test_open_time_passes_over_years() -> None:
    office = schedule("UTC", window(["mon"], "09:00", "10:00"))
    assert office.after_open(at(2026, 3, 1), 105 * HOUR) == at(2026, 3, 2, 10) + 104 * WEEK


def test_open_time_beyond_five_years_is_not_looked_for() -> None:
    hour = schedule("UTC", window(["mon"], "09:00", "10:00"))
    assert hour.after_open(at(2026, 3, 1), 261 * HOUR) == at(2026, 3, 2, 10) + 260 * WEEK
    assert hour.after_open(at(2026, 3, 1), 263 * HOUR) is None
    assert Schedule(None, UTC).after_open(at(2026, 3, 1), HORIZON + 1) is None


def test_closed_intervals_are_cut_at_both_ends() -> None:
    office = schedule("UTC", window(ALL, "09:00", "17:00"))
    assert office.closed_between(at(2026, 3, 2, 7), at(2026, 3, 3, 8)) == (
        (at(2026, 3, 2, 7), at(2026, 3, 2, 9)),
        (at(2026, 3, 2, 17), at(2026, 3, 3, 8)),
    )


def test_closed_intervals_without_a_break_are_one() -> None:
    office = schedule("UTC", window(WORKING, "09:00", "17:00"))
    assert office.closed_between(at(2026, 3, 6, 12), at(2026, 3, 9, 12)) == ((at(2026, 3, 6, 17), at(2026, 3, 9, 9)),)


def test_nothing_is_closed_between_an_end_and_an_earlier_start() -> None:
    assert Schedule((), UTC).closed_between(at(2026, 3, 3), at(2026, 3, 2)) == ()
    assert Schedule((), UTC).closed_between(at(2026, 3, 3), at(2026, 3, 3)) == ()


# Where the clocks change.


@pytest.mark.parametrize(
    ("name", "change"),
    [("America/New_York", (2026, 3, 8, 7)), ("Europe/Berlin", (2026, 3, 29, 1))],
)
def test_a_window_in_the_hour_that_is_skipped_does_not_occur(name: str, change: tuple[int, ...]) -> None:
    narrow = schedule(name, window(["sun"], "02:10", "02:40"))
    start, end = at(*change) - 3 * DAY, at(*change) + 3 * DAY
    assert changes(narrow, start, end) == []
    assert narrow.open_seconds(start, end) == 0
    assert narrow.next_change(start) == at(*change) + WEEK - HOUR + 600


@pytest.mark.parametrize(
    ("name", "change", "hour"),
    [("America/New_York", (2026, 11, 1, 6), "01"), ("Europe/Berlin", (2026, 10, 25, 1), "02")],
)
def test_a_window_in_the_hour_that_is_repeated_occurs_twice(name: str, change: tuple[int, ...], hour: str) -> None:
    narrow = schedule(name, window(["sun"], f"{hour}:10", f"{hour}:40"))
    first, second = at(*change) - HOUR, at(*change)
    assert changes(narrow, second - 3 * HOUR, second + 3 * HOUR) == [
        first + 600, first + 2400, second + 600, second + 2400,
    ]  # fmt: skip
    assert narrow.open_seconds(second - DAY, second + DAY) == HOUR


def test_a_window_that_starts_in_the_skipped_hour_opens_after_it() -> None:
    early = schedule("Europe/Berlin", window(["sun"], "02:30", "04:00"))
    assert changes(early, at(2026, 3, 28), at(2026, 3, 30)) == [at(2026, 3, 29, 1), at(2026, 3, 29, 2)]


def test_a_window_that_ends_in_the_skipped_hour_closes_before_it() -> None:
    late = schedule("Europe/Berlin", window(["sun"], "01:00", "02:30"))
    assert changes(late, at(2026, 3, 28), at(2026, 3, 30)) == [at(2026, 3, 29, 0), at(2026, 3, 29, 1)]


def test_a_window_over_the_skipped_hour_is_an_hour_shorter() -> None:
    night = schedule("America/New_York", window(["sat"], "22:00", "06:00"))
    assert night.open_seconds(at(2026, 3, 7), at(2026, 3, 9)) == 7 * HOUR
    assert changes(night, at(2026, 3, 7, 12), at(2026, 3, 9)) == [at(2026, 3, 8, 3), at(2026, 3, 8, 10)]


def test_a_window_over_the_repeated_hour_is_an_hour_longer() -> None:
    night = schedule("America/New_York", window(["sat"], "22:00", "06:00"))
    assert night.open_seconds(at(2026, 10, 31), at(2026, 11, 2)) == 9 * HOUR
    assert night.after_open(at(2026, 10, 31, 12), 9 * HOUR) == at(2026, 11, 1, 11)


def test_clocks_that_go_back_may_reopen_a_window() -> None:
    early = schedule("Europe/Berlin", window(["sun"], "01:00", "02:30"))
    assert changes(early, at(2026, 10, 24), at(2026, 10, 26)) == [
        local("Europe/Berlin", 2026, 10, 25, 1),
        local("Europe/Berlin", 2026, 10, 25, 2, 30),
        local("Europe/Berlin", 2026, 10, 25, 2, again=True),
        local("Europe/Berlin", 2026, 10, 25, 2, 30, again=True),
    ]


def test_lord_howe_skips_half_an_hour() -> None:
    name = "Australia/Lord_Howe"  # from 02:00 to 02:30 on 2026-10-04, at 15:30 UTC of the day before
    assert changes(schedule(name, window(["sun"], "02:10", "02:20")), at(2026, 10, 1), at(2026, 10, 7)) == []
    late = schedule(name, window(["sun"], "02:15", "02:45"))
    assert changes(late, at(2026, 10, 1), at(2026, 10, 7)) == [at(2026, 10, 3, 15, 30), at(2026, 10, 3, 15, 45)]


def test_lord_howe_repeats_half_an_hour() -> None:
    narrow = schedule("Australia/Lord_Howe", window(["sun"], "01:40", "01:50"))
    assert changes(narrow, at(2026, 4, 1), at(2026, 4, 7)) == [
        at(2026, 4, 4, 14, 40), at(2026, 4, 4, 14, 50), at(2026, 4, 4, 15, 10), at(2026, 4, 4, 15, 20),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("name", "change", "skipped"),
    [("Pacific/Apia", (2011, 12, 30, 10), "fri"), ("Pacific/Kwajalein", (1993, 8, 21, 12), "sat")],
)
def test_a_window_of_a_skipped_day_does_not_occur(name: str, change: tuple[int, ...], skipped: str) -> None:
    office = schedule(name, window([skipped], "09:00", "17:00"))
    assert changes(office, at(*change) - 4 * DAY, at(*change) + 4 * DAY) == []
    assert office.next_change(at(*change) - 4 * DAY) == at(*change) + 6 * DAY + 9 * HOUR


def test_the_day_after_a_skipped_day_starts_with_its_own_hours() -> None:
    change = at(2011, 12, 30, 10)  # from the end of Thursday to the start of Saturday
    saturday = schedule("Pacific/Apia", window(["sat"], "00:00", "06:00"))
    assert changes(saturday, change - DAY, change + DAY) == [change, change + 6 * HOUR]
    evening = schedule("Pacific/Apia", window(["thu"], "20:00", "06:00"))
    assert changes(evening, change - DAY, change + DAY) == [change - 4 * HOUR, change]
    across = schedule("Pacific/Apia", window(["thu"], "20:00", "24:00"), window(["sat"], "00:00", "06:00"))
    assert changes(across, change - DAY, change + DAY) == [change - 4 * HOUR, change + 6 * HOUR]


@pytest.mark.parametrize(
    ("name", "change"),
    [
        ("America/Sao_Paulo", (2018, 11, 4, 3)),
        ("Asia/Beirut", (2022, 3, 26, 22)),
        ("Africa/Cairo", (2010, 4, 29, 22)),
    ],
)
def test_a_day_whose_first_hour_is_skipped_opens_at_its_second(name: str, change: tuple[int, ...]) -> None:
    start = at(*change)
    day = DAYS[datetime.fromtimestamp(start, ZoneInfo(name)).weekday()]
    whole, skipped = schedule(name, window([day], "00:00", "24:00")), schedule(name, window([day], "00:10", "00:40"))
    assert changes(whole, start - DAY, start + 2 * DAY) == [start, start + 23 * HOUR]
    assert changes(skipped, start - DAY, start + 2 * DAY) == []


def test_a_midnight_that_is_repeated_closes_and_opens_a_day_again() -> None:
    # At 2018-02-18 00:00 the clocks of Sao Paulo went back to Saturday 23:00: Saturday is an hour longer.
    start = at(2018, 2, 18, 2)
    saturday = schedule("America/Sao_Paulo", window(["sat"], "00:00", "24:00"))
    assert changes(saturday, start - 2 * DAY, start + DAY) == [start - 24 * HOUR, start + HOUR]


def test_an_offset_with_seconds_is_exact() -> None:
    office = schedule("Africa/Monrovia", window(["mon"], "09:00", "17:00"))  # 44 minutes and 30 seconds behind
    assert changes(office, at(1971, 3, 1), at(1971, 3, 2)) == [at(1971, 3, 1, 9, 44, 30), at(1971, 3, 1, 17, 44, 30)]


def test_a_fixed_offset_is_a_zone_too() -> None:
    office = Schedule(parse_ranges([window(["mon"], "09:00", "17:00")]), timezone(timedelta(hours=5, minutes=30)))
    assert office.next_change(at(2026, 3, 2)) == at(2026, 3, 2, 3, 30)


def test_two_changes_of_offset_within_seven_days_hide_no_window() -> None:
    # The shortest summer of all: Noronha went to it on 2000-10-08 and left it on 2000-10-15.
    narrow = schedule("America/Noronha", window(["sun"], "00:10", "00:40"))
    assert changes(narrow, at(2000, 10, 2), at(2000, 10, 22)) == [at(2000, 10, 15, 2, 10), at(2000, 10, 15, 2, 40)]


# Instants that no calendar holds.


@pytest.mark.parametrize("name", ["UTC", "Europe/Berlin", "Pacific/Kiritimati", "Pacific/Pago_Pago"])
@pytest.mark.parametrize("moment", [-math.inf, -1e18, -1.0, 7.3e9, 1e18, math.inf, math.nan])
def test_no_instant_raises(name: str, moment: float) -> None:
    narrow = schedule(name, window(["sun"], "02:10", "02:40"))
    narrow.open_at(moment)
    narrow.next_change(moment)
    narrow.open_seconds(moment, at(1970, 2, 1))
    narrow.open_seconds(at(2199, 12, 1), moment)
    narrow.after_open(moment, moment)
    narrow.closed_between(moment, at(1970, 2, 1))
    narrow.closed_between(at(2199, 12, 1), moment)


def test_an_instant_outside_1970_to_2200_counts_as_the_nearest_inside() -> None:
    office = schedule("Europe/Berlin", window(WORKING, "09:00", "17:00"))
    assert office.next_change(-1e18) == office.next_change(EARLIEST) == at(1970, 1, 1, 8)
    assert office.open_seconds(-1e18, at(1970, 1, 2)) == 8 * HOUR
    assert office.next_change(math.inf) is None
    assert office.next_change(LATEST - 1) is None
    assert office.open_seconds(LATEST, math.inf) == 0


def test_open_time_without_end_does_not_pass() -> None:
    assert Schedule(None, UTC).after_open(at(2026, 3, 2), math.inf) is None


# Any zone, week and ranges, against a look at the clocks each minute.


@dataclass(frozen=True)
class Case:
    """A zone, ranges and the start of nine days."""

    where: tzinfo
    ranges: Ranges
    start: float
    step: int  # seconds

    def scan(self) -> list[bool]:
        """Whether it is open at each step of the nine days."""
        begin = datetime.fromtimestamp(self.start, UTC)
        steps = int(9 * DAY) // self.step
        return [shown(self.ranges, begin + timedelta(seconds=self.step * n), self.where) for n in range(steps)]


def shown(ranges: Ranges, moment: datetime, where: tzinfo) -> bool:
    """Whether the clocks there show a time within a range."""
    now = moment.astimezone(where)
    day, minute = now.weekday(), now.hour * 60 + now.minute
    for each in ranges:
        if each.start < each.end:
            if day in each.days and each.start <= minute < each.end:
                return True
        elif (day in each.days and minute >= each.start) or ((day - 1) % 7 in each.days and minute < each.end):
            return True
    return False


def next_shift(where: tzinfo, start: float) -> float | None:
    """The day within two years after which the zone has another offset."""
    first, *offsets = (datetime.fromtimestamp(start + day * DAY, where).utcoffset() for day in range(731))
    return next((start + day * DAY for day, offset in enumerate(offsets) if offset != first), None)


minutes = st.integers(0, 1439) | st.sampled_from([0, 60, 110, 120, 130, 150, 180, 1380, 1439])
ranges_of = st.builds(
    Range, st.frozensets(st.integers(0, 6)), minutes, st.integers(1, 1440) | minutes.filter(bool) | st.just(1440)
)
odd_zones = st.sampled_from(
    [
        "Africa/Cairo", "Africa/Casablanca", "Africa/Monrovia", "America/New_York", "America/Noronha",
        "America/Santiago", "America/Sao_Paulo", "America/St_Johns", "Antarctica/Troll", "Asia/Beirut", "Asia/Gaza",
        "Asia/Kathmandu", "Asia/Pyongyang", "Australia/Lord_Howe", "Europe/Berlin", "Europe/Dublin",
        "Pacific/Apia", "Pacific/Kwajalein", "Pacific/Norfolk",
    ]
)  # fmt: skip


@st.composite
def cases(draw: st.DrawFn) -> Case:
    where = ZoneInfo(draw(st.sampled_from(ZONES) | odd_zones))
    start = draw(st.integers(0, int(at(2037, 12, 1)) // 60)) * 60.0
    if draw(st.integers(0, 3)) and (shift := next_shift(where, start)) is not None:
        start = max(EARLIEST, shift - draw(st.integers(0, 8 * 1440)) * 60.0)
    offset = datetime.fromtimestamp(start, where).utcoffset() or timedelta(0)
    step = math.gcd(60, int(offset.total_seconds()))  # its minutes start within ours if the offset has seconds
    return Case(where, tuple(draw(st.lists(ranges_of, max_size=4))), start, step)


exhaustive = settings(max_examples=examples(20), suppress_health_check=list(HealthCheck))


@given(cases(), st.data())
@exhaustive
def test_it_is_open_when_the_clocks_say_so(case: Case, data: st.DataObject) -> None:
    subject = Schedule(case.ranges, case.where)
    for after in data.draw(st.lists(st.floats(0, 9 * DAY), min_size=20, max_size=20)):
        # An instant cut to whole seconds: a calendar would round its microseconds up to the next second.
        expected = shown(case.ranges, datetime.fromtimestamp(math.floor(case.start + after), UTC), case.where)
        assert subject.open_at(case.start + after) is expected
    scanned = case.scan()
    assert [subject.open_at(case.start + case.step * n) for n in range(len(scanned))] == scanned


@given(cases())
@exhaustive
def test_every_change_is_the_one_a_look_each_minute_finds(case: Case) -> None:
    subject, scanned = Schedule(case.ranges, case.where), case.scan()
    expected = [case.start + n * case.step for n, pair in enumerate(pairwise(scanned), 1) if pair[0] is not pair[1]]
    assert changes(subject, case.start, case.start + (len(scanned) - 1) * case.step) == expected


@given(cases(), st.data())
@exhaustive
def test_open_and_closed_time_are_what_a_look_each_minute_adds_up_to(case: Case, data: st.DataObject) -> None:
    subject, scanned = Schedule(case.ranges, case.where), case.scan()
    ends = st.integers(0, len(scanned) * case.step * 4).map(lambda quarters: quarters / 4)  # exact as floats
    for _ in range(5):
        begin, end = sorted((data.draw(ends), data.draw(ends)))
        inside = range(int(begin // case.step), math.ceil(end / case.step))
        overlaps = [(n, min(end, (n + 1) * case.step) - max(begin, n * case.step)) for n in inside]
        start, stop = case.start + begin, case.start + end
        opened = sum(length for n, length in overlaps if scanned[n])
        assert subject.open_seconds(start, stop) == opened

        closed = subject.closed_between(start, stop)
        assert sum(until - since for since, until in closed) == sum(length for n, length in overlaps if not scanned[n])
        assert all(start <= since < until <= stop for since, until in closed)
        assert all(earlier[1] < later[0] for earlier, later in pairwise(closed))
        assert not any(subject.open_at(since) for since, _ in closed)


@given(cases(), st.data())
@exhaustive
def test_open_time_has_passed_when_a_look_each_minute_has_counted_it(case: Case, data: st.DataObject) -> None:
    subject, scanned = Schedule(case.ranges, case.where), case.scan()
    skipped = data.draw(st.integers(0, len(scanned) - 1))
    opens = [case.start + n * case.step for n in range(skipped, len(scanned)) if scanned[n]]
    start = case.start + skipped * case.step
    assert subject.after_open(start, 0) == start
    for seconds in data.draw(st.lists(st.integers(1, max(1, len(opens) * case.step)), max_size=20)) if opens else ():
        whole, rest = divmod(seconds - 1, case.step)
        assert subject.after_open(start, seconds) == opens[whole] + rest + 1


@given(cases())
@settings(max_examples=examples(50))
def test_canonical_ranges_are_open_at_the_same_times(case: Case) -> None:
    def clock(minutes: int) -> str:
        return f"{minutes // 60:02}:{minutes % 60:02}"

    written = [window([DAYS[day] for day in each.days], clock(each.start), clock(each.end)) for each in case.ranges]
    ranges = parse_ranges(written)
    assert ranges is not None
    monday = at(2026, 3, 2)
    as_given, as_parsed = Schedule(case.ranges, UTC), Schedule(ranges, UTC)
    assert changes(as_given, monday, monday + WEEK) == changes(as_parsed, monday, monday + WEEK)
    assert as_given.open_at(monday) is as_parsed.open_at(monday)
    assert all(0 <= each.start < 1440 and 1 <= each.end <= 1440 and each.days <= set(range(7)) for each in ranges)


@given(st.sampled_from(ZONES), st.floats(EARLIEST, LATEST - 30 * DAY), st.integers(0, 6), st.integers(0, 1438))
@settings(max_examples=500)
def test_a_minute_a_week_changes_within_three_weeks(name: str, start: float, day: int, minute: int) -> None:
    narrow = Schedule((Range(frozenset({day}), minute, minute + 1),), ZoneInfo(name))
    change = narrow.next_change(start)
    assert change is not None
    assert start < change <= start + 3 * WEEK
    assert narrow.open_at(change) is not narrow.open_at(start)


@given(st.sampled_from(ZONES), st.floats(EARLIEST, at(2190, 1, 1)), st.floats(0, 2e8), st.lists(ranges_of, max_size=3))
@settings(max_examples=examples(60))
def test_open_time_until_then_is_the_open_time_asked_for(
    name: str, start: float, seconds: float, ranges: list[Range]
) -> None:
    subject = Schedule(tuple(ranges), ZoneInfo(name))
    then = subject.after_open(start, seconds)
    if then is None:
        assert subject.open_seconds(start, start + HORIZON) < seconds + 1e-3
    else:
        assert subject.open_seconds(start, then) == pytest.approx(seconds, abs=1e-3)
