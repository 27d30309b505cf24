"""The table of slots does what a dict does, for whole numbers, uuids and texts."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from uuid import UUID

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from exporter.ledger.id_table import Keys, SlotTable, drawn, keys_of, mixed
from exporter.ledger.remembered_rows import HeldRows
from exporter.source.records import as_sent

NUMBERS = st.integers(-(2**63), 2**63 - 1) | st.integers(0, 50)
UUIDS = st.uuids().map(lambda made: made.bytes)
TEXTS = st.text(max_size=40)


def keys(ids: Sequence[Any]) -> Keys:
    return keys_of(*as_sent(ids))


@pytest.mark.parametrize("ids", [NUMBERS, UUIDS, TEXTS], ids=["whole numbers", "uuids", "texts"])
def test_it_finds_what_a_dict_finds(ids: st.SearchStrategy[object]) -> None:
    batches = st.lists(st.tuples(st.booleans(), st.lists(ids, unique=True, max_size=40)), max_size=12)

    @given(batches)
    def check(batches: list[tuple[bool, list[object]]]) -> None:
        table, model, free, following = SlotTable(), dict[object, int](), list[int](), 0
        for put, batch in batches:
            if put:
                fresh = [row for row in batch if row not in model]
                slots, following = drawn(free, following, len(fresh))
                table.put(keys(fresh), slots)
                model.update(zip(fresh, slots.tolist(), strict=True))
            else:
                gone = [model.pop(row) for row in batch if row in model]
                table.drop(np.array(gone, np.int64))
                free += gone
            assert len(table) == len(model)
            assert table.find(keys(batch)).tolist() == [model.get(row, -1) for row in batch]

    check()


def test_it_grows_past_its_first_size_and_shrinks_its_dead_places() -> None:
    table = SlotTable()
    for _ in range(20):  # far more insertions than the table has room for, if the dead were kept
        ids = list(range(5000))
        slots = np.arange(5000)
        table.put(keys(ids), slots)
        assert table.find(keys(ids)).tolist() == slots.tolist()
        table.drop(slots)
    assert len(table) == 0


def test_ids_that_differ_only_in_their_last_bit_keep_apart() -> None:
    ids = [UUID(int=2**100 + last).bytes for last in range(200)]
    table = SlotTable()
    table.put(keys(ids), np.arange(200))
    assert table.find(keys(ids)).tolist() == list(range(200))


def test_whole_numbers_spread_over_the_table() -> None:
    places = mixed(keys(range(100_000))) & np.uint64((1 << 18) - 1)
    assert len(np.unique(places)) > 75_000  # of so many thrown at random 83,000 places are hit


def test_free_slots_are_used_before_new_ones() -> None:
    assert drawn([7, 3], 10, 1)[0].tolist() == [3]
    slots, following = drawn([7, 3], 10, 4)
    assert sorted(slots.tolist()) == [3, 7, 10, 11]
    assert following == 12


def test_a_dropped_row_is_found_no_more_and_its_slot_holds_no_campaign() -> None:
    rows = HeldRows({"campaign": np.int32})
    slots = rows.allocate(keys(["a", "b"]))
    rows.put(slots, {"campaign": np.array([1, 2])})
    rows.drop(slots[:1])
    assert rows.find(keys(["a", "b"])).tolist() == [-1, slots[1]]
    assert rows.of_campaign(1).tolist() == []
    assert rows.of_campaign(2).tolist() == [slots[1]]
