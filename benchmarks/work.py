"""Figures 1 and 2: what a refresh costs the database, and how long it takes, at a long interval."""

from __future__ import annotations

import statistics
import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import psycopg

from benchmarks.changer import Changer
from benchmarks.database import ActiveTime, Target, another, say
from benchmarks.families import poll_time
from benchmarks.figure import Figure, fraction
from benchmarks.options import Options
from benchmarks.ours import Driven
from exporter.calendar.days import day_at, zone
from exporter.config import AuditConfig
from exporter.ledger.audit import differing
from exporter.refresh.service import settle
from exporter.source.moment import Moment
from exporter.source.query_time import Meter
from exporter.source.reader import Reader

_AUDITED = 24
_POLLS = 2
_GROWTH = 1.2
_AS_MANY = 0.9
_ZONES = """
    SELECT campaign_id::text, t.timezone FROM campaign_monitoring.campaigns
    JOIN campaign_monitoring.tenants AS t USING (tenant_id)
"""
_SETTLE = timedelta(seconds=2)


@dataclass(slots=True)
class _Interval:
    rows: int
    active: float
    took: float
    fetched: int
    fetch: float


@dataclass(frozen=True, slots=True)
class Worked:
    """Database seconds of an interval's refresh and of its share of the audits, and the intervals one by one."""

    refresh: float
    audits: float
    intervals: Sequence[_Interval]

    @property
    def seconds(self) -> float:
        """Both together."""
        return self.refresh + self.audits

    @property
    def rows(self) -> float:
        """Changed rows of an interval."""
        return statistics.mean(interval.rows for interval in self.intervals)


def measure(target: Target, options: Options, *, growth: bool) -> list[Figure]:
    """Both figures, from the same intervals; and if wanted how the first grows when all is ten times as much."""
    worked = database_time(target, options)
    active = ActiveTime(target)
    try:
        poll = statistics.mean(poll_time(target, active, _POLLS))
    finally:
        active.close()
    say(f"the poll: {poll:.2f} s")
    most = AuditConfig().max_share * options.interval
    say(f"after deletions, while audits use all they may: {fraction((worked.refresh + most) / poll)} of the poll")
    ours = statistics.median(interval.took for interval in worked.intervals)
    theirs = statistics.median(interval.fetch for interval in worked.intervals)
    figures = [
        Figure(f"database time per {options.interval:g} s, over polling", worked.seconds, poll, 1 / 100),
        Figure(f"refresh over {options.batch:,} changed rows, over fetching them", ours, theirs, 1),
    ]
    if growth:
        tenth = options.tenth
        with another(target, "tenth", tenth) as smaller:
            less = database_time(smaller, tenth)
        name = f"database time per {options.interval:g} s, over that of a tenth of the rows"
        if less.rows < _AS_MANY * worked.rows:
            say(f"{name}: not told, as a tenth of the rows is too few to change {options.batch:,} of them at once")
        else:
            figures.insert(1, Figure(name, worked.seconds, less.seconds, _GROWTH))
    return figures


def database_time(target: Target, options: Options) -> Worked:
    """What an interval costs the database."""
    active = ActiveTime(target)
    driven = Driven(target)
    changer = Changer(target.owner)
    try:
        intervals = _intervals(target, options, active, driven, changer)
        audit = _audit(target, active, driven)
    finally:
        changer.close()
        driven.close()
        active.close()
    refresh = statistics.mean(interval.active for interval in intervals)
    share = audit * options.campaigns * options.interval / AuditConfig().period
    say(
        f"database time an interval, {options.tasks:,} tasks: {refresh * 1000:.0f} ms refresh + "
        f"{share * 1000:.1f} ms audits ({audit * 1000:.0f} ms a campaign, each once in "
        f"{AuditConfig().period / 3600:g} h); rows changed: {_range([i.rows for i in intervals])}, "
        f"fetched by psycopg alone: {_range([i.fetched for i in intervals])}"
    )
    return Worked(refresh, share, intervals)


def _intervals(
    target: Target, options: Options, active: ActiveTime, driven: Driven, changer: Changer
) -> list[_Interval]:
    """Intervals one after the other on a clock that is put forward, so that nobody waits.

    It starts in the past, where the newest row is, and must not overtake the present: the rows it leaves are read by
    the exporter that serves.
    """
    step = timedelta(seconds=options.interval)
    with psycopg.connect(target.owner, autocommit=True) as reader:
        row = reader.execute(
            "SELECT greatest((SELECT max(updated_at) FROM dialler.lead), (SELECT max(updated_at) FROM dialler.attempt))"
        ).fetchone()
        assert row is not None, "one row"
        clock: datetime = row[0] + _SETTLE
        _wait_for(clock + step * (options.intervals + 1))
        driven.lag = (datetime.now(UTC) - clock).total_seconds()
        driven.refresher.refresh()
        settle()  # as the service does after its first snapshot
        found = []
        for number in range(options.intervals + 1):
            rows = changer.batch(options.batch, clock, clock + step)
            changer.report()
            low, clock = clock, clock + step
            driven.lag = (datetime.now(UTC) - clock).total_seconds()
            driven.report()
            before = active.read()
            start = time.perf_counter()
            driven.refresher.refresh()
            took = time.perf_counter() - start
            driven.report()
            spent = active.read() - before
            fetched, fetch = _fetch(target, low, clock)
            if number:  # the first one fills caches
                found.append(_Interval(rows, spent, took, fetched, fetch))
    return found


def _fetch(target: Target, low: datetime, high: datetime) -> tuple[int, float]:
    """Time that psycopg needs for the rows alone, as anybody would fetch them."""
    rows = 0
    with psycopg.connect(target.monitor, autocommit=True) as connection:
        connection.execute("SELECT 1")
        start = time.perf_counter()
        for relation in ("tasks", "calls"):
            query = f"SELECT * FROM campaign_monitoring.{relation} WHERE updated_at >= %s AND updated_at < %s"
            rows += len(connection.execute(query, [low, high]).fetchall())
        took = time.perf_counter() - start
    return rows, took


def _audit(target: Target, active: ActiveTime, driven: Driven) -> float:
    """Database time of the audit of one campaign, on average; the totals must agree, as nobody writes meanwhile."""
    driven.refresher.refresh()
    driven.report()
    ledger = driven.refresher.ledger
    assert ledger is not None, "it was refreshed"
    every = max(1, len(ledger.exported) // _AUDITED)
    chosen = ledger.exported[::every]
    with psycopg.connect(target.owner, autocommit=True) as owner:
        zones: dict[str, str] = dict(owner.execute(_ZONES).fetchall())
    before = active.read()
    connection = driven.database.connect()
    with driven.database.look(connection):
        reader = Reader(driven.database.discover(connection))
    with driven.database.snapshot(connection):
        connection.execute("SET LOCAL statement_timeout = 0")  # that of a refresh is short for a large campaign
        moment = Moment(ledger.tasks.now, driven.config.settle_after, driven.config.stale_after)
        for campaign in chosen:
            where = zone(zones[campaign])
            assert where is not None, "the zones are known"
            day = day_at(moment.now, where)
            wrong = differing(connection, reader, ledger, campaign, day, moment, Meter())
            if wrong:
                raise RuntimeError(f"campaign {campaign}: the ledger and SQL differ in {sorted(wrong)}")
    driven.report()
    spent = active.read() - before
    driven.database.close(connection)
    return spent / len(chosen)


def _wait_for(moment: datetime) -> None:
    seconds = (moment - datetime.now(UTC)).total_seconds()
    if seconds > 0:
        say(f"waiting {seconds:.0f} s, so that no row is stamped ahead of time")
        time.sleep(seconds)


def _range(numbers: Sequence[int]) -> str:
    return f"{min(numbers):,} to {max(numbers):,}"
