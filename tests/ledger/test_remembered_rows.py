"""Remembered rows say what was put, in as few bytes as that takes."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from exporter.ledger.id_table import keys_of
from exporter.ledger.remembered_rows import HeldRows
from exporter.source.records import as_sent

EDGES = [-1, 0, 127, 128, 2**15 - 1, 2**15, 2**31 - 1, 2**31, 2**62]
NUMBERS = st.sampled_from(EDGES) | st.integers(-(2**63), 2**63 - 1)


def rows_of(numbers: list[int], unit: int = 1) -> tuple[HeldRows, np.ndarray[tuple[int, ...], np.dtype[np.int64]]]:
    """Rows with these numbers, put one by one."""
    rows = HeldRows({"campaign": np.int32, "amount": np.int64}, {"amount": unit} if unit > 1 else {})
    slots = rows.allocate(keys_of(*as_sent(range(len(numbers)))))
    for slot, number in zip(slots.tolist(), numbers, strict=True):
        rows.put(np.array([slot]), {"campaign": np.zeros(1, np.int32), "amount": np.array([number])})
    return rows, slots


@given(st.lists(NUMBERS, min_size=1, max_size=20))
def test_a_number_stays_itself_however_large_those_after_it_are(numbers: list[int]) -> None:
    rows, slots = rows_of(numbers)
    taken = rows.take(slots)["amount"]
    assert taken.tolist() == numbers
    assert taken.dtype == np.int64


def test_a_column_takes_as_many_bytes_as_its_largest_number_needs() -> None:
    for largest, size in ((127, 1), (-129, 2), (2**31 - 1, 4), (2**31, 8)):
        assert rows_of([-1, largest])[0]["amount"].itemsize == size


def test_multiples_of_a_unit_come_back_whole_and_take_a_byte() -> None:
    rows, slots = rows_of([0, 1_000_000, 7_000_000], unit=1_000_000)
    assert rows.take(slots)["amount"].tolist() == [0, 1_000_000, 7_000_000]
    assert rows.saved()["columns"]["amount"].itemsize == 1


def test_only_the_columns_that_are_asked_for_are_taken() -> None:
    rows, slots = rows_of([1, 2])
    assert rows.take(slots, ["amount"]).keys() == {"amount"}


def test_what_another_process_saved_is_remembered_on() -> None:
    rows, slots = rows_of([5, 300])
    other = HeldRows({"campaign": np.int32, "amount": np.int64})
    other.restore(rows.saved())
    ids = keys_of(*as_sent([0, 1]))
    assert other.find(ids).tolist() == slots.tolist()
    other.put(other.find(ids)[:1], {"campaign": np.zeros(1, np.int32), "amount": np.array([2**40])})
    assert other.take(slots)["amount"].tolist() == [2**40, 300]
