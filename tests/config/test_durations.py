"""Durations as people write them: read, refused, and written so that they are read back."""

from __future__ import annotations

import pytest

from exporter.config.durations import format_duration, parse_duration


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("500ms", 0.5), ("15s", 15), ("1.5m", 90), ("1h30m", 5400), ("7d", 604_800), ("1w2d", 777_600), (" 2s ", 2)],
)
def test_a_duration_is_a_number_and_a_unit(text: str, seconds: float) -> None:
    assert parse_duration(text) == seconds


@pytest.mark.parametrize(
    "text", ["", "5", "s", "1x", "-1s", "1s 2s", "1,5s", "1e3s", "١s", "30m1h", "1s1s", "1S", "5 s"]
)
def test_what_is_no_duration_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="not a duration"):
        parse_duration(text)


@pytest.mark.parametrize("text", ["100ms", "1s", "90s", "2m", "6h", "1d", "1w", "1.5s"])
def test_a_duration_is_written_so_that_it_is_read_back(text: str) -> None:
    seconds = parse_duration(text)
    assert isinstance(seconds, float)
    assert parse_duration(format_duration(seconds)) == seconds
