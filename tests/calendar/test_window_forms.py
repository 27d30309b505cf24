"""What a list of call windows may hold: the contract's form, what platforms write instead, and what is not certain."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from exporter.calendar.call_windows import DAYS, Range
from exporter.calendar.window_forms import WindowsError, parse_ranges
from tests.support.effort import examples

ALL = list(DAYS)
A_DAY = "write one of mon, tue, wed, thu, fri, sat, sun, or 1 (Monday) to 7 (Sunday)"
A_TIME = "write HH:MM, 00:00 to 24:00"


def window(days: Any, start: Any, end: Any) -> dict[str, Any]:
    return {"days": days, "start": start, "end": end}


def opens(**values: Any) -> Any:
    """The ranges of one window, Monday from nine to five but for these values."""
    return parse_ranges([{**window(["mon"], "09:00", "17:00"), **values}])


def test_null_is_always_open() -> None:
    assert parse_ranges(None) is None


def test_an_empty_list_is_never_open() -> None:
    assert parse_ranges([]) == ()


def test_a_window_is_its_days_and_minutes_after_midnight() -> None:
    assert parse_ranges([window(["mon", "sun"], "09:05", "17:30")]) == (Range(frozenset({0, 6}), 545, 1050),)


def test_a_window_may_last_until_the_end_of_its_day() -> None:
    assert parse_ranges([window(["mon"], "09:00", "24:00")]) == (Range(frozenset({0}), 540, 1440),)


def test_until_midnight_is_until_the_end_of_the_day() -> None:
    assert parse_ranges([window(["mon"], "09:00", "00:00")]) == parse_ranges([window(["mon"], "09:00", "24:00")])


def test_a_window_without_days_never_opens() -> None:
    assert parse_ranges([window([], "09:00", "17:00")]) == ()


def test_more_keys_are_ignored() -> None:
    assert parse_ranges([{**window(["mon"], "09:00", "17:00"), "note": 7}]) == (Range(frozenset({0}), 540, 1020),)


@pytest.mark.parametrize(
    "windows",
    [
        [window(["tue"], "12:00", "17:00"), window(["mon"], "09:00", "17:00"), window(["tue"], "09:00", "12:00")],
        [window(["mon", "tue", "mon"], "09:00", "17:00")],
        [
            window(["tue", "mon"], "09:00", "16:00"),
            window(["mon", "tue"], "10:00", "17:00"),
            window([], "01:00", "02:00"),
        ],
    ],
)
def test_lists_that_are_open_at_the_same_times_give_the_same_ranges(windows: list[Any]) -> None:
    assert parse_ranges(windows) == (Range(frozenset({0, 1}), 540, 1020),)


def test_an_evening_and_the_morning_after_are_one_range() -> None:
    assert parse_ranges([window(["sun"], "22:00", "24:00"), window(["mon"], "00:00", "06:00")]) == (
        Range(frozenset({6}), 1320, 360),
    )


def test_a_range_of_more_than_a_day_is_cut_after_each_24_hours() -> None:
    assert parse_ranges([window(["sat"], "12:00", "24:00"), window(["sun", "mon"], "00:00", "24:00")]) == (
        Range(frozenset({0}), 720, 1440),
        Range(frozenset({5, 6}), 720, 720),
    )


def test_a_whole_week_has_one_form() -> None:
    whole = (Range(frozenset(range(7)), 0, 1440),)
    assert parse_ranges([window(ALL, "00:00", "24:00")]) == whole
    assert parse_ranges([window(ALL, "09:00", "09:00")]) == whole


FORM = '{"days": ["mon"], "start": "09:00", "end": "17:00"}'


@pytest.mark.parametrize(
    ("value", "message"),
    [
        (7, f"call_windows: 7 is not a list; write [{FORM}], null for always open or [] for never"),
        ({}, f"call_windows: {{}} is not a list; write [{FORM}], null for always open or [] for never"),
        ("closed", f"call_windows: 'closed' is not a list; write [{FORM}], null for always open or [] for never"),
        ([None], f"call_windows[0]: None is not an object; write one such as {FORM}"),
        ([[]], f"call_windows[0]: [] is not an object; write one such as {FORM}"),
        ([{"start": "1"}], f"call_windows[0]: {{'start': '1'}} has no days and no end; write it as {FORM}"),
        ([window(["mon"], "09:00", "17:00"), 1], f"call_windows[1]: 1 is not an object; write one such as {FORM}"),
    ],
)  # fmt: skip
def test_another_shape_is_named_with_its_value_and_the_remedy(value: Any, message: str) -> None:
    with pytest.raises(WindowsError) as caught:
        parse_ranges(value)
    assert str(caught.value) == message


@pytest.mark.parametrize(
    ("key", "value", "message"),
    [
        ("days", None, """.days: None is not a list; write one such as ["mon", "tue"]"""),
        ("days", "", """.days: '' is not a list; write one such as ["mon", "tue"]"""),
        ("days", "mon-xyz", f".days: 'mon-xyz' is not a day; {A_DAY}"),
        ("days", "mon to fri", f".days: 'mon to fri' is not a day; {A_DAY}"),
        ("days", ["mon", "Di"], f".days[1]: 'Di' is not a day; {A_DAY}"),
        ("days", [0], f".days[0]: 0 may be Sunday or Monday; {A_DAY}"),
        ("days", "0-4", f".days: '0-4' may be Sunday or Monday; {A_DAY}"),
        ("days", [8], f".days[0]: 8 is not a day; {A_DAY}"),
        ("days", [True], f".days[0]: True is not a day; {A_DAY}"),
        ("days", [1.5], f".days[0]: 1.5 is not a day; {A_DAY}"),
        ("days", [["mon"]], f".days[0]: ['mon'] is not a day; {A_DAY}"),
        ("days", ["weekdays"], f".days[0]: 'weekdays' is not a day; {A_DAY}"),
        ("start", "24:00", ".start: '24:00' is the end of a day; write 00:00 and the next day"),
        ("start", 9, f".start: 9 is not a time of day; {A_TIME}"),
        ("start", "9", f".start: '9' is not a time of day; {A_TIME}"),
        ("start", "0900", f".start: '0900' is not a time of day; {A_TIME}"),
        ("start", None, f".start: None is not a time of day; {A_TIME}"),
        ("start", "09:60", f".start: '09:60' is not a time of day; {A_TIME}"),
        ("start", "٠٩:00", f".start: '٠٩:00' is not a time of day; {A_TIME}"),
        ("start", "13:00 pm", f".start: '13:00 pm' is not a time of day; {A_TIME}"),
        ("start", "0:30 am", f".start: '0:30 am' is not a time of day; {A_TIME}"),
        ("start", "09:00:00+00", ".start: '09:00:00+00' has an offset, but windows go by the campaign's timezone; "
         + A_TIME),
        ("start", "09:00Z", f".start: '09:00Z' has an offset, but windows go by the campaign's timezone; {A_TIME}"),
        ("start", "09:00-05:30", ".start: '09:00-05:30' has an offset, but windows go by the campaign's timezone; "
         + A_TIME),
        ("start", "23:59:59", f".start: '23:59:59' has seconds, but windows go by minutes; {A_TIME}"),
        ("end", "16:59:59", f".end: '16:59:59' has seconds, but windows go by minutes; {A_TIME}"),
        ("end", "17:00:00.5", f".end: '17:00:00.5' has seconds, but windows go by minutes; {A_TIME}"),
        ("end", "24:01", f".end: '24:01' is not a time of day; {A_TIME}"),
        ("end", "24:00:01", f".end: '24:00:01' has seconds, but windows go by minutes; {A_TIME}"),
    ],
)  # fmt: skip
def test_a_bad_value_is_named_with_its_place_and_the_remedy(key: str, value: Any, message: str) -> None:
    with pytest.raises(WindowsError) as caught:
        opens(**{key: value})
    assert str(caught.value) == f"call_windows[0]{message}"


def test_a_long_value_is_shortened_in_the_message() -> None:
    with pytest.raises(WindowsError) as caught:
        parse_ranges("x" * 1_000_000)
    assert len(str(caught.value)) < 200


@pytest.mark.parametrize(
    ("text", "minutes"),
    [
        ("09:00:00", 540), ("09:00:00.000", 540), ("9:00", 540), ("09:30:00.000000", 570), (" 09:00 ", 540),
        ("9:00 AM", 540), ("9am", 540), ("9:05 a.m.", 545), ("12:00 AM", 0), ("12:30am", 30), ("12 pm", 720),
        ("5:00PM", 1020),
    ],
)  # fmt: skip
def test_a_time_of_day_may_be_written_in_other_ways(text: str, minutes: int) -> None:
    assert opens(start=text, end="24:00") == (Range(frozenset({0}), minutes, 1440),)


@pytest.mark.parametrize("text", ["24:00", "24:00:00", "00:00", "00:00:00", "23:59:59", "23:59:59.999999", "12:00 AM"])
def test_an_end_may_be_midnight_in_other_ways(text: str) -> None:
    assert opens(end=text) == (Range(frozenset({0}), 540, 1440),)


def test_the_last_minute_is_not_the_end_of_the_day() -> None:
    assert opens(end="23:59") == (Range(frozenset({0}), 540, 1439),)


@pytest.mark.parametrize(
    ("days", "expected"),
    [
        (["Mon", "TUESDAY", "wednes", "thurs.", "Friday   "], {0, 1, 2, 3, 4}),
        ([1, 7], {0, 6}), (["1", "7"], {0, 6}), ([1.0], {0}),
        ("mon", {0}), ("mon,tue", {0, 1}), ("Mon, Wed-Fri", {0, 2, 3, 4}), ("mon - fri", {0, 1, 2, 3, 4}),
        ("mon\u2013wed", {0, 1, 2}), ("sat-mon", {5, 6, 0}), ("1-5", {0, 1, 2, 3, 4}), ("mon tue;wed", {0, 1, 2}),
        (["mon-wed", "sun"], {0, 1, 2, 6}), ("mon-mon", {0}),
    ],
)  # fmt: skip
def test_days_may_be_written_in_other_ways(days: Any, expected: set[int]) -> None:
    assert opens(days=days) == (Range(frozenset(expected), 540, 1020),)


def test_one_window_may_stand_without_a_list() -> None:
    assert parse_ranges(window(["mon"], "09:00", "17:00")) == opens()


@pytest.mark.parametrize("value", [None, [], [window(["mon"], "09:00", "17:00")], window("mon", "9am", "5pm")])
def test_json_may_be_a_text_within_json(value: Any) -> None:
    assert parse_ranges(json.dumps(value)) == parse_ranges(value)


JSON = st.recursive(
    st.none() | st.booleans() | st.floats() | st.text(max_size=5) | st.sampled_from(["mon", "09:00", "24:00"]),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(["days", "start", "end", "x"]), inner, max_size=4)
        | st.fixed_dictionaries({"days": inner, "start": inner, "end": inner})
    ),
    max_leaves=8,
)


@given(JSON)
@settings(max_examples=examples(60))
def test_any_value_is_ranges_or_a_windows_error(value: Any) -> None:
    try:
        hash(parse_ranges(value))
    except WindowsError as error:
        assert "; write" in str(error)  # noqa: PT017 - both outcomes are fine
