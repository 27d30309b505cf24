"""Telephone numbers that belong to nobody: the ranges that regulators keep for fiction."""

from __future__ import annotations

import random
from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class Region:
    """Where invented people live: `prefixes` are completed with `digits` random digits."""

    prefixes: tuple[str, ...]
    digits: int
    zones: tuple[str, ...]


REGIONS: Mapping[str, Region] = {
    # 555-0100 to 555-0199 in any area code (NANPA).
    "US": Region(
        tuple(f"+1{area}55501" for area in (201, 206, 212, 213, 214, 303, 305, 312, 404, 415, 503, 512, 602,
                                            612, 617, 619, 702, 713, 720, 773, 801, 808, 901, 917, 919)),
        2,
        ("America/New_York", "America/New_York", "America/Chicago", "America/Chicago", "America/Denver",
         "America/Los_Angeles", "America/Los_Angeles"),
    ),
    "CA": Region(tuple(f"+1{area}55501" for area in (416, 514, 604, 613, 905)), 2,
                 ("America/Toronto", "America/Vancouver")),
    # Drama numbers of Ofcom, Bundesnetzagentur and ACMA.
    "GB": Region(("+447700900", "+442079460", "+441214960", "+441614960"), 3, ("Europe/London",)),
    "DE": Region(("+493023125", "+496990009", "+494066969", "+492214710", "+498999998"), 3,
                 ("Europe/Berlin",)),
    "AU": Region(("+61255500", "+61270100", "+61355500", "+61755500"), 3, ("Australia/Sydney",)),
}  # fmt: skip


def invent(rng: random.Random, countries: Mapping[str, float]) -> tuple[str, str, str]:
    """A phone number, the country it is in, and the zone of who answers it; countries are drawn by weight."""
    country = "US"
    draw = rng.random() * sum(countries.values())
    for name, weight in countries.items():
        country = name
        draw -= weight
        if draw < 0:
            break
    region = REGIONS[country]
    prefix = region.prefixes[int(rng.random() * len(region.prefixes))]
    digits = int(rng.random() * 10**region.digits)
    return f"{prefix}{digits:0{region.digits}d}", country, region.zones[int(rng.random() * len(region.zones))]
