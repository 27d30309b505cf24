"""Alerts hold for each usual scrape interval: their cases are of a scrape a minute, and hold of two and of four."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from tests.alerts.promtool import promtool
from tests.alerts.scraped import scraped_every
from tests.alerts.test_cases import BY_CONCERN, narrow_cases
from tests.support.effort import PROVING

ALL = 10_000
FEW = 1
"""Cases of each alert: those that fire come first."""


@pytest.mark.parametrize("seconds", [15, 30] if PROVING else [15])
@pytest.mark.parametrize("concern", BY_CONCERN)
def test_alerts_hold_with_a_shorter_scrape_interval(tmp_path: Path, concern: str, seconds: int) -> None:
    files = []
    for path in narrow_cases(tmp_path, concern):
        document = yaml.load(path.read_text(encoding="utf-8"), yaml.CSafeLoader)
        if document["evaluation_interval"] != "1m":
            continue  # of days; what is recorded once a minute does not know how often it was scraped
        document["tests"] = document["tests"][: ALL if PROVING else FEW]
        path.write_text(yaml.dump(scraped_every(seconds, document), Dumper=yaml.CSafeDumper), encoding="utf-8")
        files.append(path)
    assert files
    status, said = promtool(*files)
    assert status == 0, said
    assert said.count("SUCCESS") == len(files)
