"""What the exporter says of the state that it saves for the next start; only where it saves one."""

from __future__ import annotations

from prometheus_client import CollectorRegistry, Counter, Gauge, Summary


class StateMetrics:
    """Kept by prometheus_client, beside what `Telemetry` has."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self.warm = Gauge(
            "campaign_exporter_warm_start",
            "1 if this process went on from a saved state, 0 if it counted everything.",
            registry=registry,
        )
        self.at = Gauge(
            "campaign_exporter_state_timestamp_seconds",
            "As of when the saved state is (Unix time), by the database's clock; 0 while there is none.",
            registry=registry,
        )
        self.bytes = Gauge("campaign_exporter_state_bytes", "Size of the saved state, in bytes.", registry=registry)
        self.seconds = Summary(
            "campaign_exporter_state_save_seconds",
            "Seconds for which saving the state held the refreshes up.",
            registry=registry,
        )
        self.failures = Counter(
            "campaign_exporter_state_save_failures_total", "Times that the state could not be saved.", registry=registry
        )
