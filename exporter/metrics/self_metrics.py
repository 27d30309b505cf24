"""The exporter's own metrics, kept by prometheus_client."""

from __future__ import annotations

import platform as python_platform
from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING, cast

import prometheus_client
from prometheus_client import (
    CollectorRegistry,
    Counter,
    Gauge,
    Info,
    Metric,
    PlatformCollector,
    ProcessCollector,
    Summary,
    generate_latest,
)
from prometheus_client.openmetrics.exposition import generate_latest as generate_openmetrics

from exporter import __version__, logs
from exporter.contract.codes import CAMPAIGN_STATUSES, OTHER
from exporter.contract.relations import RELATIONS

if TYPE_CHECKING:  # boards and rules ask for names only, and wait for nothing else
    from exporter.contract.availability import Available
    from exporter.ledger.ledger import Ledger
    from exporter.metrics.snapshot import Snapshot
    from exporter.source.entities import Violation
    from exporter.source.promise import Promise
    from exporter.source.query_time import Meter

prometheus_client.disable_created_metrics()  # type: ignore[no-untyped-call]  # prometheus_client does not type it

STAGES = ("connect", "observe", "platform", "changes", "load", "probe", "audit", "diagnose", "encode")
ERRORS = ("unavailable", "contract", "locked", "timeout", "other")
CAUSES = ("new", "dirty", "bulk", "everything", "audit", "unstamped")


class Telemetry:
    """What the exporter says of itself. One thread writes; `encode` may be called from it alone."""

    def __init__(self, labels: Mapping[str, str] = MappingProxyType({})) -> None:
        """`labels`: what each of its series has besides."""
        self._labels = labels
        self.registry = CollectorRegistry(auto_describe=True)
        ProcessCollector(registry=self.registry)
        PlatformCollector(registry=self.registry)

        def gauge(name: str, text: str, *labels: str) -> Gauge:
            return Gauge(f"campaign_exporter_{name}", text, labels, registry=self.registry)

        def counter(name: str, text: str, *labels: str) -> Counter:
            return Counter(f"campaign_exporter_{name}", text, labels, registry=self.registry)

        Info("campaign_exporter_build", "Version of the exporter and of Python.", registry=self.registry).info(
            {"version": __version__, "python": python_platform.python_version()}
        )
        self.up = gauge("up", "1 if the last refresh read the database, 0 if it failed.")
        self.last_success = gauge(
            "last_success_timestamp_seconds", "When the last refresh succeeded (Unix time), by the database's clock."
        )
        self.data_timestamp = gauge(
            "data_timestamp_seconds",
            "As of when the figures are (Unix time), by the database's clock; absent where that is not known.",
        )
        self._dated = True
        self.source = Info(
            "campaign_exporter_source",
            "Always 1: what is read (a primary or a replica, with or without tables of other servers), and how "
            "current that is.",
            registry=self.registry,
        )
        self.external_url = gauge(  # an Info would be there without its label where nobody knows
            "external_url_info", "Always 1: where people reach the exporter; boards link there.", "url"
        )
        self.shard = gauge(
            "shard_info",
            "Always 1: which shard of how many this exporter is; absent where it reads all.",
            "index",
            "total",
        )
        self.config_good = gauge(
            "config_last_reload_successful",
            "1 if the configuration was right when it was last read, 0 if it was wrong and the one before holds.",
        )
        self.config_at = gauge(
            "config_last_reload_success_timestamp_seconds",
            "When the configuration that holds was read (Unix time), by this host's clock.",
        )
        self.refreshes = counter("refreshes_total", "Refreshes, by result.", "result")
        self.errors = counter("refresh_errors_total", "Refreshes that failed, by kind of error.", "kind")
        self.stage = Summary(
            "campaign_exporter_refresh_stage_seconds",
            "Seconds that refreshes took, by stage.",
            ("stage",),
            registry=self.registry,
        )
        self.database_seconds = counter("database_seconds_total", "Seconds that statements in the database took.")
        self.database_share = gauge(
            "database_share_ratio",
            "Share of the time since the refresh before that statements in the database took, 0 to 1.",
        )
        self.rows_read = counter("rows_read_total", "Rows read, by relation.", "relation")
        self.rows_ignored = counter(
            "rows_ignored_total",
            "Changed rows that count nowhere: without an id, shown twice, or of campaigns that are not exported "
            "or do not exist.",
            "relation",
        )
        self.rows_unreadable = counter(
            "rows_unreadable_total", "Times that a view raised an error for a row, which was left out.", "relation"
        )
        self.late_rows = counter(
            "late_rows_total",
            "Rows that appeared later than their updated_at says, found by reading the latest again.",
            "relation",
        )
        self.unstamped = counter(
            "unstamped_changes_total",
            "Rows that had changed without another updated_at, found by looking at some again.",
            "relation",
        )
        self.probed = counter(
            "rows_probed_total",
            "Rows that were looked at again, whatever their updated_at, to find such changes.",
            "relation",
        )
        self.rows_left_out = gauge(
            "rows_left_out", "Rows of a small relation that are over the limit of what is read.", "relation"
        )
        self.clock_difference = gauge(
            "clock_difference_seconds", "Seconds that this host's clock is ahead of the database's, which decides."
        )
        self.rows_held = gauge(
            "rows_held",
            "Rows that are remembered one by one, so that a change of theirs costs no counting anew.",
            "relation",
        )
        self.watermark = gauge(
            "watermark_timestamp_seconds", "The updated_at (Unix time) from which on rows are read at the next refresh."
        )
        self.transactions_watched = gauge(
            "transactions_watched", "Open transactions that have written: what they wrote is read when they end."
        )
        self.loaded = counter("campaigns_loaded_total", "Campaigns of which all rows were counted, by cause.", "cause")
        self.pending = gauge(
            "campaigns_pending",
            "Campaigns whose rows are being counted beside the refreshes, by cause: new ones are not shown yet, "
            "of others late changes are missing.",
            "cause",
        )
        self.audits = counter("audits_total", "Campaigns whose every figure was compared with the database.")
        self.corrections = counter(
            "audit_corrections_total",
            "Campaigns in which such a comparison found a difference, by relation; it was corrected.",
            "relation",
        )
        self.campaigns = gauge("campaigns", "Exported campaigns, by status.", "status")
        self.violations = gauge(
            "contract_violations", "Rows that break a rule of the contract now.", "relation", "column", "rule"
        )
        self.relations = gauge(
            "relation_available",
            "1 if the database has the relation, 0 if not: what needs it is not exported.",
            "relation",
        )
        self.hidden = gauge(
            "relation_hidden",
            "1 if row-level security hides rows of the relation from the exporter: what rests on it is not exported.",
            "relation",
        )
        self.series = gauge("series", "Series of campaigns and tenants.")
        self.folded = gauge(
            "series_folded", "Label values over the budget of a family, summed into other or left out.", "family"
        )
        self.counters_held = gauge(
            "counters_held",
            "Counter series that stay at their highest value, as the database's total was corrected to less.",
        )
        self.counters_carried = gauge("counters_carried", "Counter series that still count rows that were deleted.")
        self.log_lines_lost = counter(
            "log_lines_lost_total", "Lines of the log that could not be written, or that nobody read in time."
        )
        self.note_configuration(good=True)
        self._broken_rules: set[Violation] = set()
        self._folded_families: set[str] = set()
        self._lines_lost = logs.lost()
        for result in ("success", "failure"):
            self.refreshes.labels(result)
        for kind in ERRORS:
            self.errors.labels(kind)
        for stage in STAGES:
            self.stage.labels(stage)
        for cause in CAUSES:
            self.loaded.labels(cause)
            self.pending.labels(cause)
        for relation in ("tasks", "calls"):
            self.rows_ignored.labels(relation)
            self.rows_unreadable.labels(relation)
            self.late_rows.labels(relation)
            self.unstamped.labels(relation)
            self.probed.labels(relation)
            self.corrections.labels(relation)
            self.rows_held.labels(relation)

    def staged(self, stage: str) -> AbstractContextManager[object]:
        """Adds the time that its block takes to one of `STAGES`."""
        timer: AbstractContextManager[object] = self.stage.labels(stage).time()
        return timer

    def note_configuration(self, *, good: bool) -> None:
        """The configuration was read, and taken over if it is good; from any thread."""
        self.config_good.set(good)
        if good:
            self.config_at.set_to_current_time()

    def note_available(self, available: Available) -> None:
        """Which relations there are."""
        for relation in RELATIONS:
            self.relations.labels(relation).set(available.has(relation))
            self.hidden.labels(relation).set(relation in available.hidden)

    def note_left_out(self, rows: Mapping[str, int]) -> None:
        """How many rows of each small relation the limit left out."""
        for relation, count in rows.items():
            self.rows_left_out.labels(relation).set(count)

    def note_meter(self, meter: Meter) -> None:
        """What a refresh read."""
        self.database_seconds.inc(meter.seconds)
        for relation, rows in meter.rows.items():
            self.rows_read.labels(relation).inc(rows)
        for relation, rows in meter.unreadable.items():
            self.rows_unreadable.labels(relation).inc(rows)

    def note_ledger(self, ledger: Ledger, low: float, watched: int) -> None:
        """What is remembered, and from which stamp the next refresh reads, held back by `watched` transactions."""
        for relation, fold in ledger.folds.items():
            self.rows_held.labels(relation).set(len(fold.held))
        self.watermark.set(low)
        self.transactions_watched.set(watched)

    def note_promise(self, promise: Promise) -> None:
        """Where the rows come from, in closed sets of words."""
        self.source.info(
            {
                "server": promise.server,
                "state": promise.state,
                "subscriptions": str(promise.subscribed).lower(),
                "foreign_tables": str(promise.foreign).lower(),
                "materialized_views": str(promise.materialized).lower(),
            }
        )

    def note_snapshot(self, snapshot: Snapshot, at: float, as_of: float | None) -> None:
        """What a refresh made at this moment, as of another if it is known."""
        self.last_success.set(at)
        if as_of is not None:
            self.data_timestamp.set(as_of)
        if self._dated != (as_of is not None):
            self._dated = not self._dated
            change = self.registry.register if self._dated else self.registry.unregister
            change(self.data_timestamp)
        self.series.set(snapshot.series)
        self.counters_held.set(snapshot.held)
        self.counters_carried.set(snapshot.carried)
        for status in (*CAMPAIGN_STATUSES, OTHER):
            self.campaigns.labels(status).set(snapshot.campaigns.get(status, 0))
        self._folded_families.update(snapshot.folded)
        for family in self._folded_families:
            self.folded.labels(family).set(snapshot.folded.get(family, 0))

    def note_violations(self, violations: Mapping[Violation, int]) -> None:
        """Rows that break the contract now; a rule that none breaks any more stays, as zero."""
        self._broken_rules.update(violations)
        for rule in self._broken_rules:
            self.violations.labels(*rule).set(violations.get(rule, 0))

    def encode(self) -> tuple[bytes, bytes]:
        """The metrics as text and as OpenMetrics, the latter with its end mark: both of one reading."""
        before, self._lines_lost = self._lines_lost, logs.lost()
        self.log_lines_lost.inc(self._lines_lost - before)
        read = cast(CollectorRegistry, _Read(list(_labelled(self.registry, self._labels))))
        # prometheus_client does not type the second one
        return generate_latest(read), generate_openmetrics(read)  # type: ignore[no-untyped-call]


@dataclass(frozen=True, slots=True)
class _Read:
    """A registry at one moment, as far as printing asks for it."""

    families: Sequence[Metric]

    def collect(self) -> Sequence[Metric]:
        return self.families


def _labelled(registry: CollectorRegistry, labels: Mapping[str, str]) -> Iterator[Metric]:
    """What a registry holds, each series with these labels besides."""
    for metric in registry.collect():
        metric.samples = [sample._replace(labels={**labels, **sample.labels}) for sample in metric.samples]
        yield metric
