"""Running totals are exact: rows in and out leave what a count from scratch would say."""

from __future__ import annotations

from collections import Counter

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from exporter.ledger.totals import Totals, pack, pack_key, unpack_key

MOST = 10**15
ROWS = st.lists(st.tuples(st.integers(0, 3), st.integers(-1, 5), st.integers(-1, 5), st.integers(0, MOST)), max_size=40)
Row = tuple[int, int, int, int]


def add(totals: Totals, rows: list[Row], sign: int) -> set[int]:
    """Add rows, or take them out."""
    columns = np.array(rows, np.int64).reshape(-1, 4).T
    signs = np.full(len(rows), sign, np.int64)
    return totals.add(pack(columns[0], [columns[1], columns[2]]), signs, [columns[3]])


def counted(rows: list[Row]) -> dict[int, dict[int, list[int]]]:
    """The totals by plain Python."""
    found: dict[int, dict[int, list[int]]] = {}
    for campaign, first, second, value in rows:
        cell = found.setdefault(campaign, {}).setdefault(pack_key((first, second)), [0, 0])
        cell[0] += 1
        cell[1] += value
    return found


def held(totals: Totals) -> dict[int, dict[int, list[int]]]:
    """What the totals say."""
    return {campaign: {key: list(cell) for key, cell in cells.items()} for campaign, cells in totals if cells}


@given(ROWS, ROWS)
def test_rows_in_and_out_leave_the_others(stay: list[Row], leave: list[Row]) -> None:
    totals = Totals(2)
    add(totals, stay + leave, 1)
    add(totals, leave, -1)
    assert held(totals) == counted(stay)


def test_only_campaigns_whose_cells_change_are_named() -> None:
    totals = Totals(2)
    assert add(totals, [(1, 2, 3, 10), (7, 2, 3, 0)], 1) == {1, 7}
    assert add(totals, [], 1) == set()
    columns = np.array([(1, 2, 3, 10), (1, 2, 3, 10)], np.int64).T
    keys = pack(columns[0], [columns[1], columns[2]])
    assert totals.add(keys, np.array([-1, 1]), [columns[3]]) == set()


@given(st.lists(st.tuples(st.integers(-1, 2**28 - 2), st.integers(-1, 2**15 - 2)), max_size=20, unique=True))
def test_a_key_is_unpacked_as_it_was_packed(keys: list[tuple[int, int]]) -> None:
    assert [unpack_key(pack_key(key)) for key in keys] == keys
    assert len({pack_key(key) for key in keys}) == len(keys)


def test_the_largest_keys_do_not_touch_the_campaign() -> None:
    largest = np.array([2**20 - 1], np.int64)
    packed = pack(largest, [np.array([2**28 - 2]), np.array([2**15 - 2])])
    totals = Totals(1)
    assert totals.add(packed, np.array([1]), []) == {2**20 - 1}
    assert unpack_key(next(iter(totals.of(2**20 - 1)))) == (2**28 - 2, 2**15 - 2)


def test_sums_beyond_32_bits_are_exact() -> None:
    totals = Totals(2)
    add(totals, [(0, 0, 0, MOST)] * 1000, 1)
    assert held(totals)[0][pack_key((0, 0))] == [1000, 1000 * MOST]


def test_replacing_by_nothing_drops_the_campaign() -> None:
    totals = Totals(1)
    totals.replace(3, {5: [2]})
    assert totals.of(3) == {5: [2]}
    totals.replace(3, {})
    assert Counter(dict(totals)) == {}
