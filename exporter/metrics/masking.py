"""Personal data: the tenants' own phones, masked on request (`numbers.mask_phone`), and ids that tell a contact's."""

from __future__ import annotations

import re
from collections.abc import Mapping

from exporter.metrics.catalogue.kinds import Family, Type
from exporter.metrics.samples import Labels


def mask_phone(phone: str) -> str:
    """A phone number of which the last two digits are left."""
    return "".join("*" if character.isdigit() else character for character in phone[:-2]) + phone[-2:]


def mask_phones(family: Family, samples: Mapping[Labels, float]) -> Mapping[Labels, float]:
    """The samples of a family with their phones masked, where it shows any."""
    if family.type is not Type.INFO or "phone" not in family.labels:
        return samples
    place = family.labels.index("phone")
    return {
        (*labels[:place], mask_phone(labels[place]), *labels[place + 1 :]): value for labels, value in samples.items()
    }


_UUID = re.compile(r"[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}", re.IGNORECASE)
_INTERNATIONAL = re.compile(r"[+＋][\s(]*\d")
_DIGITS = re.compile(r"(?<!\w)\d[\d\s()/.-]*\d(?!\w)")


def tells_contact(identifier: str) -> bool:
    """Whether an id may be a contact's phone or e-mail address, of platforms that use one as the id of a task.

    Small and very large numbers and UUIDs are ids. A phone has 7 to 15 digits (E.164) and either a plus, a leading
    zero, something between its digits, or at least ten of them. An id that merely looks so is taken for a phone.
    """
    if identifier.isascii() and identifier.isdigit():  # as most are
        return 7 <= len(identifier) <= 15 and (len(identifier) >= 10 or identifier.startswith("0"))
    if _UUID.fullmatch(identifier):
        return False
    if "@" in identifier or _INTERNATIONAL.search(identifier):
        return True
    for found in _DIGITS.findall(identifier):
        count = sum(character.isdigit() for character in found)
        if 7 <= count <= 15 and (count >= 10 or found.startswith("0") or count < len(found)):
            return True
    return False
