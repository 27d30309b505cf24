"""The exporter as tests drive it: on a clock they set, and what it shows as samples."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any

import yaml
from prometheus_client.openmetrics.parser import text_string_to_metric_families as parse_openmetrics

from exporter.config import Config, parse
from exporter.metrics.exposition import TEXT_TYPE
from exporter.metrics.self_metrics import Telemetry
from exporter.metrics.snapshot import Snapshot
from exporter.refresh.refresher import Refresher
from exporter.refresh.service import Service
from exporter.source.database import Database
from tests.support.effort import PROVING
from tests.support.exposition import Series, samples

NOW = datetime(2026, 3, 4, 12, 0, tzinfo=UTC)
"""When tests begin: a Wednesday noon."""

SMALL_BYTES = 500_000


class Scrape:
    """Samples by series."""

    def __init__(self, samples: Mapping[Series, float]) -> None:
        self.samples = dict(samples)

    def of(self, prefix: str = "", /, **labels: str) -> dict[Series, float]:
        """The samples whose names begin so and that have these labels."""
        wanted = set(labels.items())
        return {
            series: value
            for series, value in self.samples.items()
            if series[0].startswith(prefix) and wanted <= set(series[1])
        }

    def value(self, name: str, /, **labels: str) -> float:
        """The one sample of this name with these labels."""
        found = {series: value for series, value in self.of(name, **labels).items() if series[0] == name}
        assert len(found) == 1, f"{name} {labels}: {len(found)} series, not one: {sorted(found)}"
        return next(iter(found.values()))

    def by(self, name: str, label: str, /, **labels: str) -> dict[str, float]:
        """The samples of this name that are not zero, by the value of one label."""
        return {
            dict(series[1])[label]: value
            for series, value in self.of(name, **labels).items()
            if series[0] == name and value
        }


def parse_text(data: bytes) -> Scrape:
    """The text format; a series that is there twice is an error."""
    return Scrape(samples(data.decode()))


def config(url: str, **settings: Any) -> Config:
    """A configuration with short patience; `settings` are merged in, section by section."""
    values: dict[str, Any] = {
        "database": {
            "url": url, "connect_timeout": "2s", "statement_timeout": "5s", "lock_timeout": "100ms",
            "load_connections": 1,
        },
        "audit": {"period": "1s", "max_share": 1.0},
        "remembered_rows": 0,
    }  # fmt: skip
    for section, value in settings.items():
        values[section] = {**values.get(section, {}), **value} if isinstance(value, dict) else value
    return parse(yaml.safe_dump(values), "test.yaml", {})


class Exporter:
    """A refresher whose clock moves a second at each refresh, so that every campaign is audited each time."""

    def __init__(self, url: str, **settings: Any) -> None:
        self.config = config(url, **settings)
        self.telemetry = Telemetry()
        self.seconds = NOW.timestamp()
        self.refresher = Refresher(
            self.config, Database(self.config), self.telemetry, clock=lambda _: self.seconds, progress=lambda _: None
        )
        self.snapshot: Snapshot | None = None

    def refresh(self) -> Scrape:
        """The campaigns' samples after one refresh, which both formats show.

        Whether OpenMetrics is well formed, prometheus_client says at the first one; in `make prove`, at each.
        """
        first, self.snapshot = self.snapshot is None, self.refresher.refresh()
        self.seconds += 1
        openmetrics = self.snapshot.openmetrics.decode()
        if PROVING or (first and len(openmetrics) < SMALL_BYTES):
            list(parse_openmetrics(openmetrics + "# EOF\n"))  # type: ignore[no-untyped-call]
        shown = parse_text(self.snapshot.text)
        assert shown.samples.keys() == {each for each in samples(openmetrics) if not each[0].endswith("_created")}
        return shown

    def own(self) -> Scrape:
        """What the exporter says of itself."""
        return parse_text(self.telemetry.encode()[0])

    def violations(self) -> dict[tuple[str, str, str], float]:
        """The contract's violations that some row commits now."""
        found = self.own().of("campaign_exporter_contract_violations")
        rules = {
            tuple(dict(labels)[name] for name in ("relation", "column", "rule")): v for (_, labels), v in found.items()
        }
        return {(relation, column, rule): value for (relation, column, rule), value in rules.items() if value}

    def counted(self, name: str, /, **labels: str) -> float:
        """One of the exporter's own samples."""
        return self.own().value(f"campaign_exporter_{name}", **labels)

    def corrections(self) -> float:
        """Audits that found the ledger to differ from SQL."""
        return sum(self.own().of("campaign_exporter_audit_corrections_total").values())


@contextmanager
def exporting(url: str, **settings: Any) -> Iterator[Exporter]:
    """An exporter, disconnected at the end."""
    exporter = Exporter(url, **settings)
    try:
        yield exporter
    finally:
        exporter.refresher.end()


class Loop:
    """A service of which a test takes one refresh after the other, without its thread and its rests."""

    def __init__(self, url: str, **settings: Any) -> None:
        self.service = Service(config(url, **settings), clock=lambda _: NOW.timestamp())

    def step(self) -> bool:
        """One refresh; whether it succeeded."""
        return self.service._refresh()

    @property
    def problem(self) -> str:
        """What the last refresh failed of."""
        assert self.service.page.problem is not None, "the last refresh succeeded"
        return self.service.page.problem

    def scrape(self) -> Scrape:
        """What is served now."""
        return parse_text(self.service.page.full.get(TEXT_TYPE, "identity"))

    def errors(self) -> dict[str, float]:
        """Failed refreshes by kind."""
        return self.scrape().by("campaign_exporter_refresh_errors_total", "kind")


@contextmanager
def looping(url: str, **settings: Any) -> Iterator[Loop]:
    """A service that is stopped at the end."""
    loop = Loop(url, **settings)
    try:
        yield loop
    finally:
        loop.service._refresher.end()
