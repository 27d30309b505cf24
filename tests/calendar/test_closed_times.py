"""Windows as arrays judge each instant as the schedule does, in numpy and in PostgreSQL."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import numpy as np
import psycopg
import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from exporter.calendar.call_windows import Range, Schedule
from exporter.calendar.closed_times import ClosedTimes
from exporter.source.closed_calls import CLOSED, parameters, was_outside
from exporter.source.compiled import Compiled
from tests.support.effort import examples

UNTIL = datetime(2031, 1, 1, tzinfo=UTC).timestamp()
ZONES = ("UTC", "America/New_York", "Australia/Lord_Howe", "Pacific/Kiritimati", "Africa/Casablanca", "Asia/Kathmandu")
DAYS = st.sets(st.integers(0, 6), min_size=1).map(frozenset)
RANGES = st.builds(Range, DAYS, st.integers(0, 1439), st.integers(1, 1440))
SCHEDULES = st.builds(
    lambda ranges, zone: Schedule(tuple(ranges), ZoneInfo(zone)), st.lists(RANGES, max_size=4), st.sampled_from(ZONES)
)
QUARTERS = st.integers(0, int(UNTIL) // 900 - 1).map(lambda quarter: quarter * 900.0)
INSTANTS = QUARTERS | QUARTERS.map(lambda at: at + 899.999999) | st.floats(0, UNTIL)
CASES = (st.lists(SCHEDULES, min_size=1, max_size=4), st.lists(st.tuples(st.integers(0, 3), INSTANTS), min_size=1))
ASKED = sa.func.unnest(sa.bindparam("keys", type_=sa.ARRAY(sa.Text)), sa.bindparam("at", type_=sa.ARRAY(sa.Double)))


@given(*CASES)
@settings(max_examples=examples(100), suppress_health_check=list(HealthCheck))
def test_an_instant_is_outside_where_the_schedule_is_closed(
    schedules: list[Schedule], asked: list[tuple[int, float]]
) -> None:
    closed = ClosedTimes({str(key): schedule for key, schedule in enumerate(schedules)}, UNTIL)
    asked = [(key % len(schedules), at) for key, at in asked]
    places = np.array([closed.places[str(key)] for key, _ in asked], np.int64)
    found = closed.outside(places, np.array([at for _, at in asked]))
    assert found.tolist() == [not schedules[key].open_at(at) for key, at in asked]


@pytest.fixture
def connection(database_url: str) -> Iterator[psycopg.Connection[tuple[int]]]:
    with psycopg.connect(database_url, autocommit=True) as connection:
        yield connection


@given(*CASES)
@settings(max_examples=examples(30), suppress_health_check=list(HealthCheck), deadline=None)
def test_postgresql_says_the_same(
    connection: psycopg.Connection[tuple[int]], schedules: list[Schedule], asked: list[tuple[int, float]]
) -> None:
    closed = ClosedTimes({str(key): schedule for key, schedule in enumerate(schedules)}, UNTIL)
    keys, at = [str(key % len(schedules)) for key, _ in asked], [at for _, at in asked]
    rows = ASKED.table_valued(sa.column("key", sa.Text), sa.column("at", sa.Double), with_ordinality="place")
    rows = rows.render_derived()
    query = Compiled(
        sa.select(sa.func.coalesce(was_outside(rows.c.at), 0))
        .select_from(rows.join(CLOSED, CLOSED.c.campaign == rows.c.key))
        .order_by(rows.c.place)
    )
    found = connection.execute(query.text.encode(), query.bind(keys=keys, at=at, **parameters(closed, set(keys))))
    expected = [not schedules[int(key)].open_at(each) for key, each in zip(keys, at, strict=True)]
    assert [bool(row[0]) for row in found] == expected
