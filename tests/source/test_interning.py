"""Each distinct text is cleaned once, keeps its number, and hostile variety is bounded."""

from __future__ import annotations

from exporter.source import interning
from exporter.source.interning import NONE, Interning


def test_equal_labels_share_a_number_and_keep_it() -> None:
    names: Interning[str, str] = Interning(str.lower, "other")
    first = names.number("Sold")
    assert names.number("SOLD") == first
    assert names.number("lost") == first + 1
    assert names.number("sold") == first
    assert names.labels[first] == "sold"


def test_a_null_has_a_number_of_its_own() -> None:
    names: Interning[str, str] = Interning(str, "other")
    assert names.number(None) == NONE
    assert names.numbers(["a", None, "a"], 3).tolist() == [1, NONE, 1]


def test_known_labels_are_there_from_the_start_after_the_overflow() -> None:
    names: Interning[str, str] = Interning(str, "other", known=("pending", "done"))
    assert names.labels == ["other", "pending", "done"]
    assert names.label_number("done") == 2


def test_past_the_cap_every_new_label_is_the_overflow_and_old_ones_stay() -> None:
    names: Interning[str, str] = Interning(str, "other", cap=3)
    assert [names.number(text) for text in ("a", "b", "c", "d", "a", "b")] == [1, 2, 0, 0, 1, 2]
    assert names.labels == ["other", "a", "b"]


def test_each_distinct_text_is_cleaned_once() -> None:
    seen: list[str] = []

    def clean(raw: str) -> str:
        seen.append(raw)
        return raw

    names: Interning[str, str] = Interning(clean, "other")
    names.numbers(["a", "b", "a", "a"], 4)
    assert seen == ["a", "b"]


def test_memory_stays_bounded_whatever_comes() -> None:
    names: Interning[str, str] = Interning(str, "other", cap=10)
    numbers = [names.number(f"text {index}") for index in range(interning._CACHE_LIMIT + 50)]
    assert len(names._cache) <= interning._CACHE_LIMIT
    assert len(names.labels) == 10
    assert names.number("text 0") == numbers[0] == 1
    assert names.number(None) == NONE
