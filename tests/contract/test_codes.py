"""What becomes a label and what becomes `other`: codes, labels, names; never a phone number, never an address."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from exporter.contract.codes import (
    BLOCKERS,
    OTHER,
    READY,
    RETRY_WAIT,
    blocker_group,
    clean_code,
    clean_label,
    clean_name,
)

PHONES = (
    "+4915123456789", "+49 151 2345678", "0151/234/5678", "(0151) 234-5678", "0151.234.5678", "1 2 3 4 5 6 7",
    "0151 – 234 5678", "0151\u00a0234\u20095678", "٠١٥١٢٣٤٥٦٧", "tel:+49-151-2345678", "call +1 (555) 010-9999 again",
)  # fmt: skip
PLAIN = ("sold", "not interested", "Nicht erreicht", "näher am 5. Mai", "2+1", "Q3/2026 offer", "486", "503 busy")


@pytest.mark.parametrize("phone", PHONES)
def test_a_phone_number_never_is_a_label_or_a_code(phone: str) -> None:
    for text in (phone, f"x{phone}", f"{phone} no answer", f"called {phone}"):
        assert clean_label(text) == OTHER
        assert clean_code(text) == OTHER


@pytest.mark.parametrize("text", ["jane@example.org", "mail to a@b", "@"])
def test_an_address_never_is_a_label(text: str) -> None:
    assert clean_label(text) == OTHER
    assert clean_code(text) == OTHER


@pytest.mark.parametrize("text", PLAIN)
def test_a_short_text_is_a_label_as_it_is(text: str) -> None:
    assert clean_label(f"  {text} ") == text


@pytest.mark.parametrize(
    "text", ["", " ", "x" * 65, "a\nb", "a\x00", "\x7f", "\x9b31m", "a\u2028b", "\u202eabc", "\udce9"]
)
def test_a_text_that_is_too_long_empty_or_odd_is_no_label(text: str) -> None:
    assert clean_label(text) == OTHER


@pytest.mark.parametrize("code", [*BLOCKERS, READY, "SIP_503", "q.850-16", "a", "A" * 64, "http:502"])
def test_what_looks_like_a_code_is_one(code: str) -> None:
    assert clean_code(code) == code


@pytest.mark.parametrize(
    "text",
    ["Outside Call Window", "OUTSIDE_CALL_WINDOW", "outside-call-window", "OutsideCallWindow", " outside.call window "],
)
def test_a_blocker_that_is_spelled_in_another_way_is_the_one_of_the_vocabulary(text: str) -> None:
    assert clean_code(text) == "outside_call_window"


def test_no_two_blockers_are_spelled_alike() -> None:
    assert {clean_code(code.replace("_", " ").title()) for code in BLOCKERS} == set(BLOCKERS)


def test_none_is_not_guessed_from_another_spelling() -> None:
    assert clean_code("None") == "None"


def test_a_few_words_are_a_code() -> None:
    assert clean_code("Solar flare") == "solar_flare"


@pytest.mark.parametrize(
    "text",
    [
        "",
        "486",
        "more words than a code can have",
        "flare 7",
        "Jänner frei",
        "x" * 65,
        "ä",
        "a\n",
        "a/b",
        'a"b',
        "_a",
        "-",
    ],
)
def test_what_does_not_look_like_a_code_is_other(text: str) -> None:
    assert clean_code(text) == OTHER


@given(st.text(max_size=100))
def test_labels_and_names_are_short_and_on_one_line(text: str) -> None:
    label, name = clean_label(text), clean_name(text, limit=20)
    assert 0 < len(label) <= 64
    assert len(name) <= 20
    for shown in (label, name):
        assert not re.search(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]", shown)
        assert shown == shown.strip()
    assert clean_label(label) == label


def test_a_name_is_cut_with_a_mark() -> None:
    assert clean_name("x" * 300) == "x" * 199 + "…"
    assert clean_name("x" * 200) == "x" * 200
    assert clean_name(None) == ""
    assert clean_name(" a\r\n\tb ") == "a b"


def test_every_blocker_has_a_group_a_meaning_and_a_first_move() -> None:
    for code, blocker in BLOCKERS.items():
        assert blocker.code == code
        assert blocker_group(code) == blocker.group != "unknown"
        assert blocker.meaning.endswith(".")
        assert blocker.first_move.endswith(".")


@pytest.mark.parametrize(
    ("code", "group"), [(READY, "ready"), (RETRY_WAIT, "retry"), ("dnc", "compliance"), ("solar_flare", "unknown")]
)
def test_an_effective_blocker_has_a_group(code: str, group: str) -> None:
    assert blocker_group(code) == group
