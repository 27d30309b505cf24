"""Phone numbers of which the last two digits are left, on request (`numbers.mask_phone`)."""

from __future__ import annotations

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
