"""How pages write values: a small thing is not nothing, and nearly all is not all."""

from __future__ import annotations

import pytest

from exporter.web.rendering import write


@pytest.mark.parametrize(
    ("how", "value", "text"),
    [
        ("percent", None, "–"),
        ("percent", 0, "0 %"),
        ("percent", 0.0001, "< 0.1 %"),
        ("percent", 0.125, "12.5 %"),
        ("percent", 0.9999, "> 99.9 %"),
        ("percent", 1, "100 %"),
        ("percent", 123.456, "12,346 %"),
        ("width", None, "0"),
        ("width", -1, "0"),
        ("width", 0.0001, "1"),
        ("width", 0.5, "50"),
        ("width", 7, "100"),
        ("figure", None, "–"),
        ("figure", 5000, "5,000"),
        ("figure", 2.345, "2.35"),
        ("figure", 0.01234, "0.012"),
        ("bytes", 999, "999 B"),
        ("bytes", 24_500, "24.5 kB"),
        ("bytes", 3_000_000_000, "3.0 GB"),
        ("count", None, "–"),
        ("amount", 1234.5, "1,234.50"),
        ("duration", None, "–"),
        ("duration", 125, "2 min 5 s"),
        ("points", -0.0123, "-1.2"),
        ("clock", None, "–"),
        ("moment", "2026-03-04T12:00:00Z", "2026-03-04 12:00:00 UTC"),
        ("breakable", "a_b<c", "a_<wbr>b&lt;c"),
    ],
)
def test_a_value_is_written(how: str, value: object, text: str) -> None:
    assert write(how, value) == text


NOON = "2026-03-04T12:00:00Z"


@pytest.mark.parametrize(
    ("how", "moment", "text"),
    [
        ("away", "2026-03-04T13:30:00Z", "in 1 h 30 min"),
        ("away", "2026-03-03T12:00:00Z", "1 d ago"),
        ("away", NOON, "just now"),
        ("ahead", "2026-03-04T13:30:00Z", "in 1 h 30 min"),
        ("ahead", NOON, "any moment"),
        ("ahead", "2026-03-04T11:59:00Z", "any moment"),
        ("clock", "2026-03-04T13:30:00Z", "13:30 UTC"),
        ("clock", "2026-03-05T13:30:00Z", "Thu 2026-03-05 13:30 UTC"),
    ],
)
def test_a_moment_is_written_by_how_far_it_is(how: str, moment: str, text: str) -> None:
    assert write(how, moment, NOON) == text
