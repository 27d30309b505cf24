"""What a campaign and a number cost in series, as docs/scale.md has it."""

from __future__ import annotations

import re
from collections import defaultdict
from pathlib import Path

import pytest

from exporter.demo.runtime.server import EmbeddedServer
from exporter.metrics.catalogue import FAMILIES
from tests.support import alarming, contract
from tests.support.exporting import Scrape, exporting

PAGE = Path(__file__).parents[2] / "docs" / "scale.md"
OPEN = ("number", "variant", "code", "attempt", "disposition", "goal")
"""Labels of which a platform has as many values as it likes; all other series are there once."""

ROWS = {
    "a campaign": ("", "campaign"),
    "each number of its pool": ("number", "campaign"),
    "each arm of its A/B test": ("variant", "campaign"),
    "each error code": ("code", "campaign"),
    "each attempt": ("attempt", "campaign"),
    "each disposition": ("disposition", "campaign"),
    "each goal": ("goal", "campaign"),
    "a number of a tenant": ("number", "tenant"),
}
"""What there may be more of: its label, and whose series these are."""


@pytest.fixture(scope="module")
def scrape(server: EmbeddedServer) -> Scrape:
    """A platform on which everything has happened, with every column filled."""
    server.create_database("cost_in_series")
    with contract.session(server.url("cost_in_series")) as owner:
        alarming.create(owner)
    with exporting(server.url("cost_in_series")) as exporter:
        exporter.refresh()
        exporter.seconds += 120  # forecasts and tests are made once a minute
        found = exporter.refresh()
    server.drop_database("cost_in_series")
    return found


def measured(scrape: Scrape, label: str, of: str) -> int:
    """The most series that one campaign, or one value of a label, has."""
    counted: dict[tuple[str, str], int] = defaultdict(int)
    for _, labels in scrape.samples:
        known = dict(labels)
        if (of == "campaign") != ("campaign" in known) or "tenant" not in known:
            continue
        open_ones = [each for each in OPEN if each in known and (each != "code" or "fault" in known)]
        if (open_ones[:1] or [""])[0] == label:
            counted[known.get("campaign", ""), known.get(label, "")] += 1
    return max(counted.values())


def test_the_page_says_what_each_costs(scrape: Scrape) -> None:
    told = dict(re.findall(r"^\| (an? .+|each .+) \| (\d+) \|", PAGE.read_text(encoding="utf-8"), re.MULTILINE))
    assert {name: int(count) for name, count in told.items()} == {
        name: measured(scrape, *what) for name, what in ROWS.items()
    }


def test_every_family_is_measured(scrape: Scrape) -> None:
    """Else a family that is added would cost nothing on the page.

    Two are not there: one of moments that others exclude, and one of A/B tests with more calls.
    """
    there = {re.sub(r"_(?:bucket|count|sum)$", "", name) for name, _ in scrape.samples}
    assert {family.name for family in FAMILIES} - there == {
        "campaign_window_opens_timestamp_seconds", "campaign_variant_best_probability",
    }  # fmt: skip
