"""Ids that may be a contact's phone or address are told from those that are ids."""

from __future__ import annotations

import pytest

from exporter.metrics.masking import tells_contact


@pytest.mark.parametrize(
    "identifier",
    [
        "+4930123456", "+49 30 123456", "0049 30 123456", "004930123456", "030/123456", "(030) 123-456", "0301234567",
        "4915112345678", "12025550123", "555-1234567", "tel:+4915112345678", "lead 4915112345678", "７9991234567",
        "+４９３０１２３４５６", "7-4915112345678", "ann@example.com", "sip:4915112345678@example.com",
    ],
)  # fmt: skip
def test_what_looks_like_a_phone_or_an_address_tells_a_contact(identifier: str) -> None:
    assert tells_contact(identifier)


@pytest.mark.parametrize(
    "identifier",
    [
        "1", "71", "999999999", "9223372036854775807", "1767225600123456789", "task-71", "b7-1234567", "A1234567890",
        "01890a5d-ac96-774b-bcce-b302099a8057", "01890A5D-AC96-774B-BCCE-123456789012",
        "01ARZ3NDEKTSV4RRFFQ69G5FAV", "507f1f77bcf86cd799439011", "12-34", "",
    ],
)  # fmt: skip
def test_numbers_and_uuids_are_ids(identifier: str) -> None:
    assert not tells_contact(identifier)
