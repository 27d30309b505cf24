"""Counting rows by their stamps finds what came, went or was stamped anew, and nothing that has no new stamp."""

from __future__ import annotations

from typing import Any

import numpy as np
import psycopg
import pytest
import sqlalchemy as sa

from exporter.ledger.audit import differing
from exporter.ledger.marks import marks
from exporter.source.cleaning import mark
from exporter.source.database import Compiled, Database, fetch
from exporter.source.moment import Moment
from exporter.source.query_time import Meter
from exporter.source.reader import Reader
from tests.support.exporting import Exporter

Owner = psycopg.Connection[Any]
CALLS = "campaign_monitoring.calls"


def differs(exporter: Exporter, *, whole: bool) -> set[str] | None:
    """What an audit of campaign 2 finds now, without a refresh."""
    ledger, database = exporter.refresher.ledger, Database(exporter.config)
    assert ledger is not None
    connection = database.connect()
    try:
        reader, day = Reader(database.discover(connection)), ledger.calls.day("2")
        assert day is not None
        moment = Moment(exporter.seconds, exporter.config.settle_after, exporter.config.stale_after)
        return differing(connection, reader, ledger, "2", day, moment, Meter(), whole=whole)
    finally:
        database.close(connection)


@pytest.mark.parametrize(
    "statement",
    [
        f"DELETE FROM {CALLS} WHERE campaign_id = 2",
        f"UPDATE {CALLS} SET updated_at = updated_at + interval '1 microsecond' WHERE campaign_id = 2",
        f"UPDATE {CALLS} SET campaign_id = 2 WHERE campaign_id = 1",
    ],
)
def test_rows_that_came_went_or_were_stamped_differ(owner: Owner, exporter: Exporter, statement: str) -> None:
    exporter.refresh()
    assert differs(exporter, whole=False) == set()
    owner.execute(statement.encode())
    assert differs(exporter, whole=False) == {"calls"}


def test_what_changed_without_a_stamp_is_found_by_counting_everything_alone(owner: Owner, exporter: Exporter) -> None:
    exporter.refresh()
    owner.execute(f"UPDATE {CALLS} SET outcome = 'busy' WHERE campaign_id = 2".encode())
    assert differs(exporter, whole=False) == set()
    assert differs(exporter, whole=True) == {"calls"}


def test_marks_are_those_of_sql(owner: Owner) -> None:
    seconds = [
        None,
        0.0,
        0.000001,
        0.4999995,
        1_772_625_600.123457,
        1_795_974_863.660474,
        4_294.967295,
        7_258_118_399.999999,
    ]
    column = sa.column("seconds", sa.Double)
    stamps = sa.func.unnest(sa.literal(seconds, sa.ARRAY(sa.Double))).table_valued(column).render_derived()
    found = [row[0] for row in fetch(owner, Compiled(sa.select(mark(stamps.c.seconds)).select_from(stamps)))]
    assert found == marks(np.array([np.nan if each is None else each for each in seconds])).tolist()
