"""What is masked in free text, and what is left so that the evidence can be read."""

from __future__ import annotations

import json
import time
from typing import Any

import pytest

from exporter.commands.capture.formats import as_csv
from exporter.commands.capture.masking import Mask, Secrets
from exporter.config import parse

PHONES = (
    "+49 151 23456789", "+4915123456789", "0151/234/56789", "(0151) 2345-6789", "0151 – 2345 6789", "+1 (212) 555-0199",
    "٠١٥١٢٣٤٥٦٧٨٩", "0151.2345.6789", "0151_2345_6789", "0151\u00a02345\u00a06789", "1 5 1 2 3 4 5 6 7 8 9",
    "+49\u00ad151\u00ad123\u00ad45678", "0151:2345:6789", "0151|2345|6789", "0151\u20602345\u20606789",
    "0151  -  2345  -  6789",
)  # fmt: skip


@pytest.mark.parametrize("phone", PHONES)
@pytest.mark.parametrize("text", ["{}", "called {} twice", "tel:{},", '{{"to":"{}"}}', "a{}b"])
def test_a_phone_in_a_text_is_masked_to_its_last_two_digits(phone: str, text: str) -> None:
    masked = Mask().text(text.format(phone))
    digits = "".join(character for character in phone if character.isdigit())
    assert f"…{digits[-2:]}" in masked
    assert digits[-6:] not in "".join(character for character in masked if character.isdigit())


@pytest.mark.parametrize("address", ["jane.doe@example.org", "Jane+x@sub.example.co", "jörg@müller.de"])
def test_an_address_in_a_text_is_masked(address: str) -> None:
    assert Mask().text(f"mail <{address}>, now") == "mail <…@…>, now"


KEPT = (
    "2026-03-04", "2026-03-04T12:00:00Z", "2026-03-04 12:00:00.123456+00:00", "at Wed 2026-03-04 12:00 UTC, in 5 min",
    "6e7b8a5c-1234-4567-8901-123456789012", "sip_503", "95.05 of 95.00 USD, 1,733.17 credits", "12 of 300 in 3 h 5 min",
)  # fmt: skip


@pytest.mark.parametrize("text", KEPT)
def test_times_uuids_codes_and_amounts_are_left(text: str) -> None:
    assert Mask().text(text) == text


def test_json_is_masked_in_its_keys_and_numbers_too() -> None:
    value = {"+4915123456789": {"jane@x.org": [4915123456789, 12, 0.5, None, True]}, "next": "2026-03-04T12:00:00Z"}
    masked = Mask().value(value)
    assert masked == {"…89": {"…@…": ["…89", 12, 0.5, None, True]}, "next": "2026-03-04T12:00:00Z"}
    assert len(Mask().value({"+4915123456789": 1, "+4915123456689": 2})) == 2


def test_a_pseudonym_is_stable_in_one_archive_and_another_in_the_next() -> None:
    mask = Mask()
    assert mask.contact("jane-4711") == mask.contact("jane-4711") != mask.contact("jane-4712")
    assert mask.contact("jane-4711") != Mask().contact("jane-4711")
    assert "jane" not in mask.contact("jane-4711")


def test_a_contact_of_a_row_is_found_in_texts_elsewhere() -> None:
    mask = Mask()
    mask.learn("tasks", [{"task_id": "5", "contact": "crm-jane-4711", "phone": "0815"}])
    assert mask.text("merged crm-jane-4711 (0815)") == f"merged {mask.contact('crm-jane-4711')} (…)"


def test_a_known_id_stays_whatever_it_looks_like_but_an_address_is_none() -> None:
    mask = Mask()
    rows: list[dict[str, Any]] = [{"call_id": "1234567890123", "task_id": "a1b2", "number_id": "+4930901820"}]
    mask.learn("calls", rows)
    assert mask.row("calls", rows[0])["call_id"] == "1234567890123"
    assert mask.value({"call": 1234567890123, "other": 1234567890124}) == {"call": 1234567890123, "other": "…24"}
    assert mask.row("calls", rows[0])["number_id"].startswith("id-")
    assert mask.row("calls", {"call_id": "x7@10.0.0.1"})["call_id"].startswith("id-")


def test_unmasked_leaves_all_as_it_is() -> None:
    row = {"task_id": "5", "contact": "jane", "phone": "+4915123456789", "disposition": "call jane@x.org"}
    assert Mask(wanted=False).row("tasks", row) == row


def test_a_cell_that_a_spreadsheet_would_run_is_made_text() -> None:
    rows = [{"a": value} for value in ("=1+1", "+49", "-x", "@x", "\t=1", -5, "x=1", {"=a": 1}, None, True, 'say "x"')]
    lines = as_csv(["a"], rows).decode().split("\r\n")
    assert lines[:9] == ["a", "'=1+1", "'+49", "'-x", "'@x", "'\t=1", "-5", "x=1", '"{""=a"": 1}"']
    assert lines[9:] == ['""', "true", '"say ""x"""', ""]


def test_passwords_of_url_file_and_environment_are_cut_out_of_any_bytes(tmp_path: Any) -> None:
    secret = tmp_path / "password"
    secret.write_text("file-pass-1\n")
    text = f"database: {{url: 'postgresql://me:horse%2Fstaple1@h/x', password_file: {secret}}}"
    secrets = Secrets(parse(text, "x"), "http://u:web%21pass@h", {"APP_TOKEN": "tok-12345", "HOME": "/home/me-1"})
    words = ["horse/staple1", "horse%2Fstaple1", "file-pass-1", "web!pass", "web%21pass", "tok-12345"]
    data = secrets.without(json.dumps({"words": words, "url": "https://a:b@host/x", "home": "/home/me-1"}).encode())
    assert json.loads(data) == {"words": ["…"] * len(words), "url": "https://…@host/x", "home": "/home/me-1"}


HOSTILE = ("a", "@", "a@", "1 ", "1((((", "1(((((", "123456x", "+4915", "2026-03-04T", "0123abcd-", "crm-", "….")


@pytest.mark.parametrize("piece", HOSTILE)
def test_no_text_takes_long_to_mask(piece: str) -> None:
    mask = Mask()
    mask.learn("tasks", [{"contact": f"crm-{key}", "phone": f"+49151{key:08}"} for key in range(1000)])
    start = time.process_time()
    mask.text(piece * (20_000 // len(piece)))
    assert time.process_time() - start < 1.0
