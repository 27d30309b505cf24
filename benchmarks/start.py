"""Figure 6: from the start of the process to the first page, beside the statements it needs."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from benchmarks import ours, process
from benchmarks.database import Connection, Target, say
from benchmarks.figure import Figure, amount
from exporter.calendar.days import Day, day_at, zone
from exporter.source.database import Database
from exporter.source.moment import Moment
from exporter.source.projections import available_projections
from exporter.source.query_time import Meter
from exporter.source.reader import Reader
from exporter.source.totals_reader import Scope

_READY_SECONDS = 1800.0
_LIMIT = 1.1


@contextmanager
def started(target: Target, directory: Path, **sections: Mapping[str, Any]) -> Iterator[tuple[process.Exporter, float]]:
    """A serving exporter, and how long it took until it had something to show."""
    with ours.serving(target, directory, **sections) as exporter:
        ready = process.wait_for(exporter, "/-/ready", [b"ready"], _READY_SECONDS)
        say(f"started in {amount(ready - exporter.started, 's')}")
        yield exporter, ready - exporter.started


def statements(target: Target) -> float:
    """Seconds that the totals of settled rows take, one statement after the other on one connection."""
    config = ours.config(target)
    database = Database(config)
    connection = database.connect()
    try:
        with database.look(connection):
            available = database.discover(connection)
        reader = Reader(available)
        spent: dict[str, float] = {}
        with database.snapshot(connection):
            connection.execute("SET LOCAL statement_timeout = 0")  # a transaction of the exporter's sets its own
            row = connection.execute("SELECT extract(epoch FROM now())::float8").fetchone()
            assert row is not None, "one row"
            moment = Moment(row[0], config.settle_after, config.stale_after, config.abandonment.spans)
            days = _days(connection, moment.now)
            for projection in available_projections(available):
                start = time.perf_counter()
                groups = days if "day" in projection.keys else {None: [c for cs in days.values() for c in cs]}
                for day, campaigns in groups.items():
                    reader.totals.of(connection, projection, Scope(campaigns, moment, settled=True, day=day), Meter())
                spent[projection.name] = time.perf_counter() - start
    finally:
        database.close(connection)
    slowest = sorted(spent.items(), key=lambda item: -item[1])[:5]
    named = ", ".join(f"{name} {amount(took, 's')}" for name, took in slowest)
    say(f"the statements of the start: {amount(sum(spent.values()), 's')}, of these {named}")
    return sum(spent.values())


def figure(ours_took: float, theirs: Sequence[float]) -> Figure:
    """The start beside the fastest pass of the statements."""
    return Figure("cold start", ours_took, min(theirs), _LIMIT)


def _days(connection: Connection, now: float) -> dict[Day | None, list[str]]:
    """Campaigns by the day of their tenant."""
    zones = connection.execute(
        "SELECT campaign_id::text, t.timezone FROM campaign_monitoring.campaigns "
        "JOIN campaign_monitoring.tenants AS t USING (tenant_id)"
    )
    found: dict[Day | None, list[str]] = {}
    for campaign, name in zones.fetchall():
        where = zone(name)
        assert where is not None, "the zones are known"
        found.setdefault(day_at(now, where), []).append(campaign)
    return found
