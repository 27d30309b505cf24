"""What is read from the database: small relations whole, tasks and calls by what changed or by campaign."""

from __future__ import annotations

import functools
import math
import re
from collections.abc import Collection, Generator, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any

import psycopg
import sqlalchemy as sa

from exporter.calendar.closed_times import NEVER_CLOSED, ClosedTimes
from exporter.calendar.days import Day
from exporter.config import ShardConfig
from exporter.contract.availability import Available, Shape
from exporter.errors import RowError
from exporter.source.call_columns import ABANDONED_AFTER, ABANDONED_LEAST, call_rows
from exporter.source.clean_rows import CAMPAIGNS, ROW_KEYS, SETTLED_BEFORE, key_text
from exporter.source.cleaning import STAMP_FUTURE_SECONDS
from exporter.source.closed_calls import parameters as closed_parameters
from exporter.source.copying import copied
from exporter.source.database import Compiled, Connection, fetch
from exporter.source.projections import Projection
from exporter.source.query_time import Meter
from exporter.source.records import Layout, Records
from exporter.source.row_statements import MOST, Statements
from exporter.source.salvage import salvaged
from exporter.source.small_reader import SMALL, SMALL_LIMIT, SmallReader
from exporter.source.small_statements import SmallStatements
from exporter.source.task_columns import CAMPAIGN_ATTEMPTS, task_rows
from exporter.source.watermark import Plan

Rows = Sequence[tuple[Any, ...]]

_A_MOMENT = "250ms"
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Moment:
    """What the clock-dependent expressions need: the refresh's instant, in seconds since 1970, and two spans."""

    now: float
    settle_after: float
    stale_after: float
    abandoned: tuple[float, float] = (2.0, 2.0)
    """As `AbandonmentConfig.spans` has it."""

    @property
    def before_all_settled(self) -> Moment:
        """The same, but as if nothing had settled yet."""
        return replace(self, settle_after=math.inf)

    def parameters(self, day: Day | None = None) -> dict[str, Any]:
        """Values of the parameters of cleaned rows."""
        values: dict[str, Any] = {
            "now": self.now,
            "stale_after": self.stale_after,
            ABANDONED_AFTER.key: self.abandoned[0],
            ABANDONED_LEAST.key: self.abandoned[1],
            SETTLED_BEFORE.key: self.now - self.settle_after,
            CAMPAIGN_ATTEMPTS.key: None,
        }
        if day is not None:
            values["today"] = day.today
            values.update({f"midnight_{n}": midnight for n, midnight in enumerate(day.midnights)})
        return values


class Reader:
    """The reads of one discovered database. All need an open `snapshot`.

    Of `tasks` and `calls` nothing is read where a policy hides rows: what is left would be taken for all there is.
    Of a `shard`, the platform is its tenants, and all that is theirs.
    """

    def __init__(self, available: Available, shard: ShardConfig | None = None) -> None:
        self.available = available
        self._sharded = shard is not None
        self._statements, small = _statements_of(
            available.schema, available.shape, available.tables["campaigns"], shard
        )
        self.small = SmallReader(small)

    def statements(self, relation: str) -> Statements:
        """Of tasks or calls, whether a policy hides rows of them or not."""
        return self._statements[relation]

    def layout(self, relation: str) -> Layout:
        """The columns of changed rows."""
        return self._statements[relation].layout

    def changed(
        self,
        connection: Connection,
        relation: str,
        plan: Plan,
        campaigns: Collection[str],
        moment: Moment,
        meter: Meter,
        most: int | None = None,
        but: Collection[str] = (),
    ) -> Generator[Records, None, None]:
        """Rows of `tasks` or `calls` that the plan asks for, in batches; of its bands, `most` at most.

        A shard reads those of these campaigns alone. One exporter of all reads any, `but` for some campaigns': what
        moved from one of these to another tells where it is gone.
        """
        if relation in self.available.hidden:
            return
        statements = self._statements[relation]
        for bands, ranges in _ranges(plan, moment):
            query = statements.changed(bands=bands, few=most is not None, but=bool(but))
            values = {**self._bounds(statements, ranges, campaigns, moment, but), MOST.key: most}
            try:
                with connection.transaction():
                    yield from self._stream(connection, relation, query, values, meter, repeated=True)
            except RowError:  # what was folded already is folded again, to no effect
                keys = statements.changed_keys_but if but else statements.changed_keys
                for low, high in ranges:
                    one = self._bounds(statements, [(low, high)], campaigns, moment, but)
                    yield from self._salvage(connection, relation, keys, one, meter)

    def whose(
        self,
        connection: Connection,
        relation: str,
        plan: Plan,
        campaigns: Collection[str],
        moment: Moment,
        meter: Meter,
    ) -> Iterator[Records]:
        """The same rows, but of each only its id, its campaign and when it was made: that costs a tenth."""
        statements = self._statements[relation]
        for bands, ranges in _ranges(plan, moment):
            query = statements.changed(bands=bands, whose=True)
            values = self._bounds(statements, ranges, campaigns, moment)
            with connection.transaction():
                for messages in copied(connection, query, values, meter, repeated=True):
                    yield statements.whose.records(messages)

    def _bounds(
        self,
        statements: Statements,
        ranges: Sequence[tuple[float, float]],
        campaigns: Collection[str],
        moment: Moment,
        but: Collection[str] = (),
    ) -> dict[str, Any]:
        """The values of what reads changed rows within these ranges."""
        values = moment.parameters()
        if self._sharded:
            values[CAMPAIGNS.key] = statements.campaigns([each for each in campaigns if each not in but])
        elif but:
            values[CAMPAIGNS.key] = statements.campaigns(list(but))
        lows, highs = [_time(low) for low, _ in ranges], [_time(high) for _, high in ranges]
        return {**values, **statements.bounds(lows[0], highs[0]), "lows": lows, "highs": highs}

    def remembered(
        self, connection: Connection, relation: str, campaigns: Sequence[str], moment: Moment, meter: Meter
    ) -> Iterator[Records]:
        """Rows of these campaigns that can still change, in batches."""
        if relation in self.available.hidden:
            return
        statements = self._statements[relation]
        values = {**moment.parameters(), CAMPAIGNS.key: statements.campaigns(campaigns)}
        yield from self._stream(connection, relation, statements.remembered, values, meter)

    def up_to(self, connection: Connection, campaign: str, most: int, moment: Moment, meter: Meter) -> bool:
        """Whether a campaign has so many rows at most, as far as a moment is enough to tell."""
        try:
            with connection.transaction() as brief:
                connection.execute("SELECT pg_catalog.set_config('statement_timeout', %s, true)", (_A_MOMENT,))
                for relation in self._statements.keys() - self.available.hidden.keys():
                    statements = self._statements[relation]
                    values = {
                        **moment.parameters(),
                        CAMPAIGNS.key: statements.campaigns([campaign]),
                        MOST.key: most + 1,
                    }
                    most -= meter.timed(functools.partial(fetch, connection, statements.size, **values))[0][0]
                raise psycopg.Rollback(brief)  # with the timeout
        except (RowError, psycopg.errors.QueryCanceled):
            return False
        return most >= 0

    def by_ids(
        self, connection: Connection, relation: str, ids: Sequence[int | str | bytes], moment: Moment, meter: Meter
    ) -> Records:
        """Rows of `tasks` or `calls` by their ids, as the ledger has these."""
        return self._by_key(connection, relation, moment.parameters(), [key_text(row) for row in ids], meter)

    def cost_by_ids(
        self, connection: Connection, relation: str, ids: Sequence[int | str | bytes], moment: Moment, meter: Meter
    ) -> float:
        """What PostgreSQL expects `by_ids` to cost, in its own unit: a page read in sequence."""
        query, values = self._statements[relation].by_key, moment.parameters()
        bound = query.bind(**values, **{ROW_KEYS.key: [key_text(row) for row in ids]})
        text = f"EXPLAIN {query.text}".encode()
        (first, *_) = meter.timed(lambda: connection.execute(text, bound).fetchall())
        cost = re.search(r"\.\.(\d+(?:\.\d+)?) rows=", str(first[0]))
        return float(cost[1]) if cost else math.inf

    def _stream(
        self,
        connection: Connection,
        relation: str,
        query: Compiled,
        values: Mapping[str, Any],
        meter: Meter,
        *,
        repeated: bool = False,
    ) -> Iterator[Records]:
        """Rows in batches, so that memory does not follow how many there are."""
        layout = self._statements[relation].layout
        for messages in copied(connection, query, values, meter, repeated=repeated):
            meter.count(relation, len(messages))
            yield layout.records(messages)

    def _by_key(
        self, connection: Connection, relation: str, values: Mapping[str, Any], keys: Sequence[str], meter: Meter
    ) -> Records:
        """A few rows by their ids, as texts: fetched one by one, with the ids as a parameter."""
        statements = self._statements[relation]
        rows = meter.timed(lambda: fetch(connection, statements.by_key, **values, **{ROW_KEYS.key: keys}))
        return statements.layout.fetched(rows)

    def _salvage(
        self, connection: Connection, relation: str, keys: Compiled, values: Mapping[str, Any], meter: Meter
    ) -> Iterator[Records]:
        """Rows whose keys a statement finds, where a view raises an error for some."""
        read = functools.partial(self._by_key, connection, relation, values, meter=meter)
        return salvaged(connection, relation, keys, read, values, meter)

    def one_by_one(
        self, connection: Connection, relation: str, campaigns: Sequence[str], moment: Moment, meter: Meter
    ) -> Iterator[Records]:
        """All rows of these campaigns that can be read, where a view raises an error for some."""
        if relation in self.available.hidden:
            return
        statements = self._statements[relation]
        values = {**moment.parameters(), CAMPAIGNS.key: statements.campaigns(campaigns)}
        yield from self._salvage(connection, relation, statements.all_keys, values, meter)

    def totals(
        self,
        connection: Connection,
        projection: Projection,
        campaigns: Sequence[str],
        moment: Moment,
        meter: Meter,
        *,
        settled: bool,
        day: Day | None = None,
        attempts: int | None = None,
        closed: ClosedTimes | None = None,
    ) -> Rows:
        """Totals by `GROUP BY` of these campaigns' rows: of the settled ones, or of all.

        `attempts` is what the one campaign allows a task that has no maximum of its own: of pending tasks, which are
        never settled, totals depend on it. `closed` is when windows are.
        """
        if projection.relation in self.available.hidden:
            return ()
        statements = self._statements[projection.relation]
        query = statements.totals(projection, settled=settled)
        values = {**moment.parameters(day), CAMPAIGNS.key: statements.campaigns(campaigns)}
        values[CAMPAIGN_ATTEMPTS.key] = attempts
        if projection.by_windows:
            values |= closed_parameters(closed or NEVER_CLOSED, campaigns)
        return meter.timed(lambda: fetch(connection, query, **values))

    def all_totals(
        self,
        connection: Connection,
        projections: Iterable[Projection],
        campaigns: Sequence[str],
        moment: Moment,
        meter: Meter,
        *,
        settled: bool,
        day: Day | None = None,
        attempts: int | None = None,
        closed: ClosedTimes | None = None,
    ) -> Iterator[tuple[Projection, Rows]]:
        """The same of several projections: a relation's by one statement, one relation after the other.

        But for those that windows decide: they look at the campaigns alone that have some.
        """
        by_relation: dict[str, list[Projection]] = {}
        for projection in projections:
            if projection.by_windows:
                yield (
                    projection,
                    self.totals(
                        connection, projection, campaigns, moment, meter, settled=settled, day=day, closed=closed
                    ),
                )
            else:
                by_relation.setdefault(projection.relation, []).append(projection)
        for relation, some in by_relation.items():
            if relation in self.available.hidden:
                yield from ((projection, ()) for projection in some)
                continue
            statements = self._statements[relation]
            together = statements.together(some, settled=settled)
            values = {**moment.parameters(day), CAMPAIGNS.key: statements.campaigns(campaigns)}
            values[CAMPAIGN_ATTEMPTS.key] = attempts
            try:
                with connection.transaction():
                    rows = meter.timed(functools.partial(fetch, connection, together.query, **values))
            except psycopg.errors.ConfigurationLimitExceeded:  # temp_file_limit: alone they keep no rows
                given: dict[str, Any] = {"settled": settled, "day": day, "attempts": attempts}
                for each in some:
                    yield each, self.totals(connection, each, campaigns, moment, meter, **given)
            else:
                yield from together.split(rows)


@functools.lru_cache(maxsize=8)
def _statements_of(
    schema: str, shape: Shape, table: sa.Table, shard: ShardConfig | None
) -> tuple[Mapping[str, Statements], Mapping[str, SmallStatements]]:
    """Of what is read by change and of what is read whole; made once for each set of columns that was met lately.

    `table` is one of the tables that they are made of: expressions of others cannot stand in the same statement.
    """
    del table
    available = Available(schema, {relation: dict(columns) for relation, columns in shape})
    return (
        {rows.relation: Statements(available, rows, shard) for rows in (task_rows(available), call_rows(available))},
        {
            name: SmallStatements(available, name, SMALL[name], SMALL_LIMIT, shard)
            for name in SMALL
            if available.has(name)
        },
    )


def _ranges(plan: Plan, moment: Moment) -> Iterator[tuple[bool, Sequence[tuple[float, float]]]]:
    """The stamps that a plan asks for: whether they are bands, and from when to when."""
    if plan.bands:
        yield True, plan.bands
    if plan.low < math.inf:
        yield False, [(plan.low, moment.now + STAMP_FUTURE_SECONDS)]


def _time(seconds: float) -> datetime:
    """A moment as PostgreSQL takes it, bounded to what Python can hold."""
    return _EPOCH + timedelta(seconds=min(max(seconds, -60_000_000_000.0), 7_258_118_400.0))
