"""Each distinct text is cleaned once, keeps its number, and hostile variety costs only the campaign that writes it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from exporter.source import interning
from exporter.source.interning import NONE, Interning
from exporter.source.texts import Texts

Names = Interning[str, str]


def names(shared: int = 100, own: int = 100, **options: Any) -> Names:
    return Interning(str, "other", shared=shared, own=own, **options)


def labels(made: Names, texts: Sequence[str | None], campaign: int) -> list[str]:
    """What the texts of a campaign become."""
    return [made.labels[number] for number in numbers(made, texts, campaign)]


def numbers(made: Names, texts: Sequence[str | None], campaign: int = 0) -> list[int]:
    """Their numbers, looked up all at once."""
    distinct, which = Texts.of(texts).distinct()
    found: list[int] = made.numbers(distinct, which, np.full(len(texts), campaign, np.int32)).tolist()
    return found


def test_equal_labels_share_a_number_and_keep_it() -> None:
    made: Names = Interning(str.lower, "other")
    first = made.number("Sold", 1)
    assert made.number("SOLD", 2) == first
    assert made.number("lost", 1) == first + 1
    assert made.number("sold", 2) == first
    assert made.labels[first] == "sold"


def test_a_null_has_a_number_of_its_own() -> None:
    made = names()
    assert made.number(None, 1) == NONE
    assert numbers(made, ["a", None, "a"]) == [1, NONE, 1]


def test_known_labels_are_there_from_the_start_after_the_overflow() -> None:
    made = names(known=("pending", "done"))
    assert made.labels == ["other", "pending", "done"]
    assert made.label_number("done") == 2


def test_past_its_room_what_a_campaign_writes_is_the_overflow_and_what_it_had_stays() -> None:
    made = names(shared=2, own=2)
    assert labels(made, ["a", "b", "c", "d", "a", "b", "c"], 1) == ["a", "b", "c", "other", "a", "b", "c"]


def test_what_one_campaign_writes_turns_nothing_of_another_into_the_overflow() -> None:
    made = names(shared=5, own=3)
    labels(made, [f"note {index}" for index in range(1000)], 1)
    assert labels(made, ["sold", "lost", "sold"], 2) == ["sold", "lost", "sold"]


def test_a_label_that_others_brought_takes_room_as_well() -> None:
    made = names(shared=1, own=2)
    labels(made, ["a", "b"], 1)
    labels(made, ["c", "d"], 2)
    assert labels(made, ["a", "b", "c", "d"], 3) == ["a", "b", "other", "other"]


def test_what_became_the_overflow_stays_it_although_another_campaign_has_the_label_later() -> None:
    made = names(shared=1, own=1)
    assert labels(made, ["a", "b"], 1) == ["a", "other"]
    assert labels(made, ["b"], 2) == ["b"]
    assert labels(made, ["a", "b"], 1) == ["a", "other"]


def test_the_labels_of_a_campaign_that_left_make_room() -> None:
    made = names(shared=1, own=3, most=4)
    labels(made, ["a", "b", "c"], 1)
    assert labels(made, ["d"], 2) == ["other"]
    assert made.leave([1])
    assert labels(made, ["d", "e", "f"], 3) == ["d", "e", "f"]


def test_a_label_stays_while_one_campaign_has_it() -> None:
    made = names(shared=1, own=3)
    labels(made, ["a", "b"], 1)
    number = made.number("a", 2)
    made.leave([1])
    assert (made.number("a", 2), made.labels[number]) == (number, "a")
    assert made.number("b", 2) != number


def test_a_reader_keeps_the_labels_of_its_time() -> None:
    made = names(shared=1)
    number = made.number("secret of one", 1)
    before = made.as_now()
    made.leave([1])
    assert made.number("of another", 2) == number
    assert before.labels[number] == "secret of one"


def test_each_distinct_text_is_cleaned_once() -> None:
    seen: list[str] = []

    def clean(raw: str) -> str:
        seen.append(raw)
        return raw

    made: Names = Interning(clean, "other")
    numbers(made, ["a", "b", "a", "a"])
    assert sorted(seen) == ["a", "b"]


def test_memory_stays_bounded_whatever_comes() -> None:
    made = names(shared=10, own=10)
    texts = [f"text {index}" for index in range(interning._CACHE_LIMIT + 50)]
    found = numbers(made, texts)
    assert len(made._cache) <= 21
    assert len(made.labels) == 20
    assert made.number("text 0", 0) == found[0] == 1
    sloppy: Names = Interning(str.strip, "other")
    for blanks in range(interning._CACHE_LIMIT + 50):
        sloppy.number("a" + " " * blanks, 0)
    assert len(sloppy._cache) <= interning._CACHE_LIMIT


@given(st.lists(st.tuples(st.integers(0, 3), st.sampled_from("abcdefgh"), st.booleans()), max_size=60))
def test_a_campaigns_value_keeps_its_number_while_it_is_there(history: list[tuple[int, str, bool]]) -> None:
    made = names(shared=2, own=2, most=5)
    given_numbers: dict[tuple[int, str], int] = {}
    for campaign, text, leaves in history:
        if leaves:
            made.leave([campaign])
            given_numbers = {key: number for key, number in given_numbers.items() if key[0] != campaign}
            continue
        number = made.number(text, campaign)
        assert given_numbers.setdefault((campaign, text), number) == number
        assert made.labels[number] in (text, "other")
        assert numbers(made, [text], campaign) == [number]
