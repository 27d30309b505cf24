"""Loading campaigns into the ledger: settled rows as totals by GROUP BY, rows that can still change one by one."""

from __future__ import annotations

import contextlib
import math
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, as_completed
from dataclasses import dataclass
from queue import SimpleQueue
from typing import TypeVar

import psycopg

from exporter.calendar.days import Day
from exporter.errors import DatabaseUnavailableError, RowError
from exporter.ledger.ledger import Ledger
from exporter.source.database import Connection, Database, Rows
from exporter.source.moment import Moment
from exporter.source.projections import Projection
from exporter.source.query_time import Meter
from exporter.source.reader import Reader
from exporter.source.records import Records
from exporter.source.totals_reader import Scope

RELATIONS = ("tasks", "calls")
Progress = Callable[[float], None]
Job = tuple[Sequence[Projection], Sequence[str], Day | None]
Totals = Sequence[tuple[Projection, Rows]]
Batch = TypeVar("Batch")


@dataclass(frozen=True, slots=True)
class Loaded:
    """What one snapshot says of a campaign: the rows that can still change, by relation, and totals of the others.

    Of a relation that is not there nothing was read.
    """

    rows: Mapping[str, Sequence[Records]]
    totals: Totals


class Loader:
    """Loads campaigns at one snapshot. `patience`: seconds that a statement may take when all are loaded."""

    def __init__(
        self, reader: Reader, ledger: Ledger, moment: Moment, meter: Meter, patience: float,
        relations: Collection[str] = RELATIONS,
    ) -> None:  # fmt: skip
        self._patience = patience
        self._relations = relations
        self._reader = reader
        self._ledger = ledger
        self._moment = moment
        self._meter = meter
        self._closed = ledger.closed  # as another thread may ask for them later

    def remembering(self) -> Loader:
        """One that reads settled rows as well one by one, so that they are remembered."""
        return Loader(
            self._reader, self._ledger, self._moment.before_all_settled, self._meter, self._patience, self._relations
        )

    def of(self, relations: Collection[str]) -> Loader:
        """One that loads these relations alone: the other is as it was."""
        return Loader(self._reader, self._ledger, self._moment, self._meter, self._patience, relations)

    def load(self, connection: Connection, days: Mapping[str, Day]) -> None:
        """Drop what is known of these campaigns and load them, on one connection."""
        try:
            with connection.transaction():
                allow(connection, self._patience)
                self._bulk(connection, days)
        except RowError:  # some view cannot show some row: find out whose
            for campaign, day in days.items():
                self._load_one(connection, campaign, day)

    def fetch(self, connection: Connection, meter: Meter, campaign: str, day: Day) -> Loaded:
        """Read a campaign at a snapshot, to be taken in later: by any thread, as the ledger is not asked."""
        try:
            with connection.transaction():
                totals = list(self._all_settled(connection, campaign, day, meter))
                rows = {
                    relation: list(self._reader.remembered(connection, relation, [campaign], self._moment, meter))
                    for relation in self._relations
                }
        except RowError:
            return Loaded(
                {
                    relation: list(self._reader.one_by_one(connection, relation, [campaign], self._moment, meter))
                    for relation in self._relations
                },
                (),
            )
        return Loaded(rows, totals)

    def take(self, campaign: str, loaded: Loaded) -> None:
        """Replace what is known of a campaign by what was read of it."""
        self._ledger.clear(campaign, loaded.rows)
        for relation, batches in loaded.rows.items():
            for batch in batches:
                self._ledger.apply(relation, batch, loading=True)
        self._add(loaded.totals)

    def load_in_parallel(
        self, connection: Connection, days: Mapping[str, Day], database: Database, helpers: int, progress: Progress
    ) -> None:
        """The same for a start: totals on further connections that share this one's snapshot."""
        try:
            with _helpers(connection, database, helpers, self._patience) as more, connection.transaction():
                allow(connection, self._patience)
                self._bulk(connection, days, more, progress)
        except RowError:
            self.load(connection, days)

    def _bulk(
        self,
        connection: Connection,
        days: Mapping[str, Day],
        helpers: Sequence[Connection] = (),
        progress: Progress | None = None,
    ) -> None:
        for campaign in days:
            self._ledger.clear(campaign, self._relations)
        if len(days) == 1 and progress is None:
            for campaign, day in days.items():
                self._one(connection, campaign, day)
            return
        jobs = self._jobs(days)
        steps = len(jobs) + len(self._relations)
        done = 0
        with self._totals(connection, helpers, jobs) as totals:
            # While the helpers count the settled rows, this connection reads the others.
            for relation in self._relations:
                batches = self._reader.remembered(connection, relation, list(days), self._moment, self._meter)
                for batch in ahead(batches):
                    self._ledger.apply(relation, batch, loading=True)
                done += 1
                if progress is not None:
                    progress(done / steps)
            for some in totals:
                self._add(some)
                done += 1
                if progress is not None:
                    progress(done / steps)

    def _one(self, connection: Connection, campaign: str, day: Day) -> None:
        for relation in self._relations:
            for batch in self._reader.remembered(connection, relation, [campaign], self._moment, self._meter):
                self._ledger.apply(relation, batch, loading=True)
        self._add(self._all_settled(connection, campaign, day, self._meter))

    def _add(self, totals: Iterable[tuple[Projection, Rows]]) -> None:
        for projection, rows in totals:
            self._ledger.folds[projection.relation].add_settled(projection, rows)

    @property
    def _projections(self) -> list[Projection]:
        """Those whose settled rows are counted: none where no row has settled."""
        if self._moment.settle_after == math.inf:
            return []
        return [each for each in self._ledger.projections.values() if each.relation in self._relations]

    def _jobs(self, days: Mapping[str, Day]) -> list[Job]:
        by_day: dict[Day, list[str]] = {}
        for campaign, day in days.items():
            by_day.setdefault(day, []).append(campaign)
        again = [each for each in self._projections if self._often(each)]
        jobs: list[Job] = [
            (some, campaigns, day)
            for day, campaigns in by_day.items()
            for relation in self._relations
            if (some := [each for each in again if each.relation == relation])
        ]
        for projection in self._projections:
            if projection in again:
                continue
            if "day" in projection.keys:
                for day, campaigns in by_day.items():
                    if wanted := self._concerned(projection, campaigns):
                        jobs.append(((projection,), wanted, day))
            elif wanted := self._concerned(projection, list(days)):
                jobs.append(((projection,), wanted, None))
        return jobs

    def _often(self, projection: Projection) -> bool:
        """Whether it is counted at each refresh: by as little of the database's work as can be.

        A view that works its rows out of others does so for each statement, however many workers there are.
        """
        return projection.relation in self._reader.available.counted and not projection.by_windows

    def _concerned(self, projection: Projection, campaigns: list[str]) -> list[str]:
        """The campaigns that may have something of a projection: calls outside windows need windows."""
        return [each for each in campaigns if each in self._closed.places] if projection.by_windows else campaigns

    @contextlib.contextmanager
    def _totals(
        self, connection: Connection, helpers: Sequence[Connection], jobs: Sequence[Job]
    ) -> Iterator[Iterator[Totals]]:
        """The jobs' totals: on the helpers at once, in the background; without any, when asked for."""
        if not helpers:
            yield (self._settled(connection, job, self._meter) for job in jobs)
            return
        free: SimpleQueue[Connection] = SimpleQueue()
        for helper in helpers:
            free.put(helper)

        def run(job: Job) -> tuple[Totals, Meter]:
            helper, meter = free.get(), Meter(self._meter.watch)
            try:
                with helper.transaction():  # a row that cannot be read must not cost the jobs after this one
                    return self._settled(helper, job, meter), meter
            finally:
                free.put(helper)

        with ThreadPoolExecutor(len(helpers), "load") as pool:
            yield self._finished([pool.submit(run, job) for job in jobs])

    def _finished(self, futures: Sequence[Future[tuple[Totals, Meter]]]) -> Iterator[Totals]:
        for future in as_completed(futures):
            totals, meter = future.result()
            self._meter.seconds += meter.seconds
            yield totals

    def _settled(self, connection: Connection, job: Job, meter: Meter) -> Totals:
        projections, campaigns, day = job
        scope = self._scope(campaigns, day)
        if len(projections) == 1:  # the database may spread it over its workers
            return [(each, self._reader.totals.of(connection, each, scope, meter)) for each in projections]
        return list(self._reader.totals.of_each(connection, projections, scope, meter))

    def _all_settled(
        self, connection: Connection, campaign: str, day: Day, meter: Meter
    ) -> Iterator[tuple[Projection, Rows]]:
        return self._reader.totals.of_each(connection, self._projections, self._scope([campaign], day), meter)

    def _scope(self, campaigns: Sequence[str], day: Day | None) -> Scope:
        return Scope(campaigns, self._moment, settled=True, day=day, closed=self._closed)

    def _load_one(self, connection: Connection, campaign: str, day: Day) -> None:
        try:
            with connection.transaction():
                self._bulk(connection, {campaign: day})
        except RowError:
            self._ledger.clear(campaign, self._relations)
            for relation in self._relations:
                for batch in self._reader.one_by_one(connection, relation, [campaign], self._moment, self._meter):
                    self._ledger.apply(relation, batch, loading=True)


def ahead(batches: Iterator[Batch]) -> Iterator[Batch]:
    """The same batches; while one is folded, the database works on the next, if a thread can be had for it."""
    with ThreadPoolExecutor(1, "read") as pool:
        try:
            coming = pool.submit(next, batches, None)
        except RuntimeError:
            yield from batches
            return
        while (batch := coming.result()) is not None:
            coming = pool.submit(next, batches, None)
            yield batch


@contextlib.contextmanager
def _helpers(connection: Connection, database: Database, count: int, patience: float) -> Iterator[list[Connection]]:
    """Further connections on this one's snapshot; fewer where the database refuses more."""
    row = connection.execute("SELECT pg_catalog.pg_export_snapshot()").fetchone()
    assert row is not None, "the function returns one row"
    with contextlib.ExitStack() as stack:
        helpers: list[Connection] = []
        for _ in range(count):
            try:
                helper = database.connect()
            except DatabaseUnavailableError:
                break
            stack.callback(database.close, helper)
            try:
                stack.enter_context(database.snapshot(helper, row[0]))
            except (
                psycopg.Error,
                DatabaseUnavailableError,
            ):  # another server of a pool, where this snapshot is not known
                break
            allow(helper, patience)
            helpers.append(helper)
        yield helpers


def allow(connection: Connection, seconds: float) -> None:
    """Let this transaction take longer: there are many rows to count, and one session idles while others count."""
    for name, value in (
        ("statement_timeout", f"{round(seconds * 1000)}ms"),
        ("idle_in_transaction_session_timeout", "0"),
    ):
        connection.execute("SELECT pg_catalog.set_config(%s, %s, true)", (name, value))
