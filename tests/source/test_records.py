"""Rows as records: what `COPY` sends becomes arrays, the same as rows fetched one by one say."""

from __future__ import annotations

import math
from datetime import UTC, datetime
from typing import Any

import numpy as np
import psycopg
import pytest

from exporter.errors import RowError
from exporter.source.copying import BATCH, copied
from exporter.source.database import Compiled
from exporter.source.query_time import Meter
from exporter.source.records import IdKind, Layout, Records, as_sent

NOW = datetime(2026, 3, 2, tzinfo=UTC)
LAYOUT = Layout(IdKind.WHOLE, ("at",), ("count", "sum"), ("label", "note"))
QUERY = """
    SELECT coalesce(at, 'NaN')::float8, coalesce(count, -1)::bigint, coalesce(sum, -1)::bigint, id, label, note
    FROM (VALUES {}) AS rows (id, at, count, sum, label, note)
"""


@pytest.fixture
def connection(database_url: str) -> Any:
    with psycopg.connect(database_url, autocommit=True) as opened:
        yield opened


def batches(connection: Any, text: str, layout: Layout = LAYOUT, **values: Any) -> list[Records]:
    found = copied(connection, Compiled(text, values), values, Meter())
    return [layout.records(messages) for messages in found]


def test_each_column_says_what_the_database_has(connection: Any) -> None:
    rows = [
        "(7::bigint, 1.5::float8, 3, 9223372036854775807, 'a', NULL)",
        "(-8, NULL, NULL, 0, '', 'zwölf')",
        "(NULL, 0, 1, 2, NULL, 'x')",
    ]
    (found,) = batches(connection, QUERY.format(", ".join(rows)))
    assert found.ids_at(np.array([1, 0])) == [-8, 7]
    assert found.ids.raws()[2] is None
    assert found.numbers["at"].tolist()[::2] == [1.5, 0.0]
    assert math.isnan(found.numbers["at"][1])
    assert found.numbers["count"].tolist() == [3, -1, 1]
    assert found.numbers["sum"].tolist() == [2**63 - 1, 0, 2]
    assert [texts.texts() for texts in found.texts.values()] == [
        ["a", "", None],
        [None, "zwölf", "x"],
    ]


def test_no_rows_are_no_batch(connection: Any) -> None:
    assert batches(connection, "SELECT 1 WHERE false") == []
    assert len(LAYOUT.records([])) == 0


def test_many_rows_come_in_batches_of_a_bounded_size(connection: Any) -> None:
    layout = Layout(IdKind.WHOLE, (), ("n",), ())
    found = batches(connection, f"SELECT n, n FROM generate_series(1, {2 * BATCH + 5}::bigint) AS n", layout)
    assert [len(batch) for batch in found] == [BATCH, BATCH, 5]
    assert sum(int(batch.numbers["n"].sum()) for batch in found) == (2 * BATCH + 5) * (2 * BATCH + 6) // 2


def test_values_are_quoted_whatever_they_hold(connection: Any) -> None:
    odd = "'; DROP TABLE rows; -- %(s)s \\ \""
    (found,) = batches(connection, "SELECT 1::bigint, %(odd)s::text", Layout(IdKind.WHOLE, (), (), ("odd",)), odd=odd)
    assert found.texts["odd"].texts()[0] == odd


def test_what_varies_leaves_the_statement_as_it_is(connection: Any) -> None:
    layout = Layout(IdKind.WHOLE, ("at",), (), ("seen",))
    query = """
        SELECT %(now)s, 1::bigint, cardinality(%(lows)s) || ' ' || a.query
        FROM pg_stat_activity AS a WHERE a.pid = pg_backend_pid()
    """
    seen = []
    for now, lows in ((0.1 + 0.2, [NOW]), (1.7e9, [NOW, NOW])):
        with connection.transaction():
            values = {"now": now, "lows": lows}
            (messages,) = copied(connection, Compiled(query, values), values, Meter(), repeated=True)
        found = layout.records(messages)
        assert found.numbers["at"].tolist() == [now]
        told, _, text = (found.texts["seen"].texts()[0] or "").partition(" ")
        assert told == str(len(lows))
        seen.append(text)
    assert seen[0] == seen[1]


def test_a_row_that_fails_is_an_error_after_those_before_it_and_the_connection_goes_on(connection: Any) -> None:
    query = f"SELECT (1 / ({BATCH + 10} - n))::bigint, n FROM generate_series(1, 50000::bigint) AS n"
    seen: list[int] = []
    with pytest.raises(RowError, match="division by zero"), connection.transaction():
        seen.extend(map(len, copied(connection, Compiled(query, {}), {}, Meter())))
    assert seen == [BATCH]
    assert connection.execute("SELECT 1").fetchone() == (1,)


def test_one_who_stops_reading_leaves_the_connection_usable(connection: Any) -> None:
    query = Compiled("SELECT n, n FROM generate_series(1, 1000000::bigint) AS n", {})
    next(iter(copied(connection, query, {}, Meter())))
    assert connection.execute("SELECT 1").fetchone() == (1,)


def test_a_statement_that_is_cut_off_for_its_length_says_so(connection: Any) -> None:
    connection.execute("SET statement_timeout = 200")
    with pytest.raises(psycopg.errors.QueryCanceled):
        batches(connection, "SELECT n, n FROM generate_series(1, 9::bigint) AS n, pg_sleep(0.1 * n)")


@pytest.mark.parametrize("ids", [[1, -5, 2**62], [bytes(range(16))], ["a", "ä" * 50]])
def test_ids_go_back_as_they_came(ids: list[Any]) -> None:
    kind, texts = as_sent(ids)
    found = Records(kind, texts, {}, {})
    assert found.ids_at(np.arange(len(ids))) == ids
