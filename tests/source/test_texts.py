"""Texts as they came: each distinct one becomes a word once, whatever its length, and no two are taken for one."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from exporter.source import texts as module
from exporter.source.texts import LONGEST, Texts

ANY = st.none() | st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=40)
SHORT = st.none() | st.text("ab", max_size=18)


def words(column: Texts) -> list[str | None]:
    distinct, which = column.distinct()
    assert len(set(distinct)) == len(distinct)
    return [distinct[place] for place in which.tolist()]


@given(st.lists(ANY | SHORT, max_size=40))
def test_each_row_has_its_own_text(values: list[str | None]) -> None:
    column = Texts.of(values)
    assert words(column) == values
    assert column.texts() == values


@given(st.lists(ANY | SHORT | st.text("ab", min_size=60, max_size=70), max_size=40))
def test_the_number_of_a_text_is_its_own_whatever_stands_beside_it(values: list[str | None]) -> None:
    numbers = Texts.of(values).numbers().tolist()
    assert numbers == [Texts.of([value]).numbers()[0] for value in values]
    assert len(set(numbers)) == len(set(values))


def test_the_number_of_a_text_is_the_same_in_every_process() -> None:
    """A saved state has some, and Python's own hash of a text differs from process to process."""
    assert Texts.of(["1", "Köln", "ä" * 40]).numbers().tolist() == [
        12278733188218589495,
        17596864249162322859,
        11538895009131191641,
    ]


def test_a_null_is_not_an_empty_text() -> None:
    assert words(Texts.of(["", None, "a", ""])) == ["", None, "a", ""]


def test_a_text_of_any_length_is_told_from_one_that_goes_on() -> None:
    values = ["x" * length for length in range(2 * LONGEST)]
    assert words(Texts.of(values)) == values
    assert words(Texts.of(values[:LONGEST])) == values[:LONGEST]


def test_two_texts_with_one_key_are_told_apart(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_MIX", np.uint64(0))  # which gives all texts of one length the same
    values = ["sold", "lost", None, "sold", ""]
    assert words(Texts.of(values)) == values


def test_bytes_that_are_no_text_stay_apart_and_find_their_way_back() -> None:
    found = words(Texts.of([b"caf\xe9", b"caf\xe8"]))
    assert found == ["caf\udce9", "caf\udce8"]
    assert words(Texts.of(found)) == found


def test_some_of_them_are_taken_by_place_or_by_mask() -> None:
    column = Texts.of(["a", None, "b"])
    assert words(column.take(np.array([2, 0]))) == ["b", "a"]
    assert words(column.take(np.array([False, True, True]))) == [None, "b"]
