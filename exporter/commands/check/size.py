"""What to expect: how many series, and whether refreshes can come as often as they are wanted."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC
from typing import Any

import psycopg
import sqlalchemy as sa

from exporter.calendar.days import day_at, zone
from exporter.commands.check.report import Finding, Level, counted
from exporter.commands.check.rows import some_of
from exporter.commands.dependents import of_what_is_left_out
from exporter.config import Config, MetricsConfig, ShardConfig
from exporter.config.durations import format_duration
from exporter.contract.identifiers import identifier
from exporter.errors import RowError
from exporter.ledger.ledger import Ledger
from exporter.metrics.selection import left_out
from exporter.metrics.snapshot import Snapshot, SnapshotBuilder
from exporter.source.clean_rows import CleanRows
from exporter.source.copying import copied
from exporter.source.database import Compiled, Connection
from exporter.source.moment import Moment
from exporter.source.platform import Platform
from exporter.source.query_time import Meter
from exporter.source.reader import Reader

ABOUT = "exporter"
TRIAL_ROWS = 20_000
"""Rows of `tasks` and of `calls` that are folded to see how many series there will be."""

_MANY_SERIES = 200_000


def trial(
    connection: Connection,
    config: Config,
    reader: Reader,
    platform: Platform,
    samples: Sequence[tuple[CleanRows, bool]],
    moment: Moment,
) -> Snapshot | None:
    """What the exporter would show if there were only the newest rows; `None` where they cannot be read.

    `samples` are the rows of each relation, and whether an index can serve the newest.
    """
    ledger = Ledger(reader.available, stale_after=config.stale_after)
    zones = {key: zone(platform.zone_of(campaign)) or UTC for key, campaign in platform.campaigns.items()}
    days = {key: day_at(moment.now, where) for key, where in zones.items()}
    ledger.set_scope(days, attempts=platform.attempts)
    ledger.advance(moment.now)
    for rows, newest in samples:
        try:
            with connection.transaction():
                for messages in copied(connection, _newest(rows, newest=newest), moment.parameters(), Meter()):
                    ledger.apply(rows.relation, rows.layout.records(messages), loading=True)
        except (psycopg.Error, RowError):  # it was named when the rows were looked at
            return None
    return SnapshotBuilder(config).build(ledger, platform, ledger.drain_changed(), moment.now)


def _newest(rows: CleanRows, *, newest: bool) -> Compiled:
    def read(every: sa.Select[Any]) -> tuple[sa.FromClause, sa.FromClause]:
        found = some_of(every, rows, TRIAL_ROWS, newest=newest).subquery("found")
        return found, found

    return Compiled(rows.records(read))


def shard(mine: ShardConfig, platform: Platform) -> Finding:
    """What of the platform is the shard's."""
    owners, campaigns = counted(len(platform.owners), "tenant"), counted(len(platform.campaigns), "campaign")
    return Finding(ABOUT, Level.OK, "shard", f"{mine}, counted from 0: {owners}, {campaigns} to export")


def series(snapshot: Snapshot, whole: bool) -> Iterator[Finding]:
    """How many series there will be. `whole`: the trial saw all rows."""
    campaigns = sum(snapshot.campaigns.values())
    if not campaigns:
        what = "none is scheduled, running, paused or ended lately: there would be no series"
        yield Finding(ABOUT, Level.ADVICE, "campaigns", what, "nothing to do if that is so")
        return
    yield Finding(ABOUT, Level.OK, "campaigns", f"{campaigns:,} to export")
    about = f"{'' if whole else 'at least '}{snapshot.series:,}"
    many = snapshot.series > _MANY_SERIES
    remedy = (
        "lower the budgets in series, shorten retention, or make sure that Prometheus has the memory" if many else ""
    )
    yield Finding(ABOUT, Level.ADVICE if many else Level.OK, "series", about, remedy)
    for family, count in snapshot.folded.items():
        what = f"{family} has {counted(count, 'label value')} over its budget"
        yield Finding(ABOUT, Level.ADVICE, "budgets", what, "raise the budget in series, or let the rest be other")


def selection(settings: MetricsConfig) -> Iterator[Finding]:
    """Who misses what the settings leave out."""
    gone, labels = left_out(settings), sum(map(len, settings.drop_labels.values()))
    if not gone and not labels:
        return
    missed = of_what_is_left_out(settings)
    what = f"{counted(len(gone), 'metric')} and {counted(labels, 'label')} are left out"
    for whom, names, remedy in (
        ("alerts", missed.alerts, "turn them off, or export what they rest on"),
        ("panels", missed.panels, "export what they rest on, or leave them empty"),
    ):
        told = f"{what}, on which these {whom} rest: {', '.join(names)}" if names else f"{what}; no {whom} rest on them"
        yield Finding(ABOUT, Level.ADVICE if names else Level.OK, whom, told, remedy if names else "")


def pace(config: Config, seconds: Mapping[str, float]) -> Finding:
    """Whether refreshes can come at the interval: `seconds` is what reading each small relation takes."""
    total = sum(seconds.values())
    interval, share = config.refresh.interval, config.refresh.max_share
    took = f"reading the small relations takes {total * 1000:.0f} ms"
    if total <= interval * share:
        return Finding(ABOUT, Level.OK, "refresh", took)
    slowest = max(seconds, key=lambda relation: seconds[relation])
    return Finding(
        ABOUT,
        Level.ADVICE,
        "refresh",
        f"{took}, most of it {slowest}: to stay under refresh.max_share there is one every "
        f"{total / share:.1f} s, not every {format_duration(interval)}",
        f"make the view {identifier(config.database.schema_, slowest)} cheaper, or raise refresh.interval",
    )
