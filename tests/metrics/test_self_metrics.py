"""What the exporter says of itself, in both formats."""

from __future__ import annotations

from collections.abc import Iterator

from prometheus_client import Metric, generate_latest
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.openmetrics.exposition import generate_latest as generate_openmetrics
from prometheus_client.registry import Collector

from exporter.metrics.self_metrics import Telemetry
from tests.support.exporting import parse_text


class Counted(Collector):
    """Says how often it was asked."""

    def __init__(self) -> None:
        self.asked = 0

    def collect(self) -> Iterator[Metric]:
        self.asked += 1
        yield GaugeMetricFamily("asked", "How often.", value=self.asked)


def test_the_process_is_looked_at_once_for_both_formats() -> None:
    telemetry, counted = Telemetry(), Counted()
    telemetry.registry.register(counted)
    asked = counted.asked
    text, openmetrics = telemetry.encode()
    assert counted.asked == asked + 1
    assert f"\nasked {asked + 1}.0\n".encode() in text
    assert f"\nasked {asked + 1}.0\n".encode() in openmetrics


def test_both_formats_are_what_prometheus_client_prints_of_the_registry() -> None:
    telemetry = Telemetry()
    telemetry.refreshes.labels("success").inc()
    for name in list(telemetry.registry._collector_to_names):  # the process moves on meanwhile
        if type(name).__name__ == "ProcessCollector":
            telemetry.registry.unregister(name)
    text, openmetrics = telemetry.encode()
    assert text == generate_latest(telemetry.registry)
    assert openmetrics == generate_openmetrics(telemetry.registry)  # type: ignore[no-untyped-call]


def test_the_process_is_there() -> None:
    found = parse_text(Telemetry().encode()[0])
    assert found.value("process_resident_memory_bytes") > 0
