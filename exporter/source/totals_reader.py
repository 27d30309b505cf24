"""Totals that PostgreSQL counts by `GROUP BY`: a statement for one projection, or one for all of a relation."""

from __future__ import annotations

import functools
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import psycopg

from exporter.calendar.closed_times import NEVER_CLOSED, ClosedTimes
from exporter.calendar.days import Day
from exporter.source.clean_rows import CAMPAIGNS
from exporter.source.closed_calls import parameters as closed_parameters
from exporter.source.database import Connection, Rows, fetch
from exporter.source.moment import Moment
from exporter.source.projections import Projection
from exporter.source.query_time import Meter
from exporter.source.row_statements import Statements
from exporter.source.task_columns import CAMPAIGN_ATTEMPTS


@dataclass(frozen=True, slots=True)
class Scope:
    """The rows that are counted: these campaigns', the settled ones or all, as of a moment."""

    campaigns: Sequence[str]
    moment: Moment
    settled: bool
    day: Day | None = None
    """Where the day begins that some projections tell apart."""
    attempts: int | None = None
    """What the one campaign allows a task that has no maximum of its own: of pending tasks totals depend on it."""
    closed: ClosedTimes | None = None
    """When call windows are closed; never where nobody says."""


class TotalsReader:
    """Counts rows of one discovered database, within an open `snapshot`; none of a relation that a policy hides."""

    def __init__(self, statements: Mapping[str, Statements], hidden: Collection[str]) -> None:
        self._statements = statements
        self._hidden = hidden

    def of(self, connection: Connection, projection: Projection, scope: Scope, meter: Meter) -> Rows:
        """Totals of one projection."""
        if projection.relation in self._hidden:
            return ()
        statements = self._statements[projection.relation]
        query, values = statements.totals(projection, settled=scope.settled), _values(statements, scope)
        if projection.by_windows:
            values |= closed_parameters(scope.closed or NEVER_CLOSED, scope.campaigns)
        return meter.timed(lambda: fetch(connection, query, **values))

    def of_each(
        self, connection: Connection, projections: Iterable[Projection], scope: Scope, meter: Meter
    ) -> Iterator[tuple[Projection, Rows]]:
        """Totals of several projections: a relation's by one statement, one relation after the other.

        But for those that windows decide: they look at the campaigns alone that have some.
        """
        by_relation: dict[str, list[Projection]] = {}
        for projection in projections:
            if projection.by_windows:
                yield projection, self.of(connection, projection, scope, meter)
            else:
                by_relation.setdefault(projection.relation, []).append(projection)
        for relation, some in by_relation.items():
            if relation in self._hidden:
                yield from ((projection, ()) for projection in some)
                continue
            statements = self._statements[relation]
            together, values = statements.together(some, settled=scope.settled), _values(statements, scope)
            try:
                with connection.transaction():
                    rows = meter.timed(functools.partial(fetch, connection, together.query, **values))
            except psycopg.errors.ConfigurationLimitExceeded:  # temp_file_limit: alone they keep no rows
                for each in some:
                    yield each, self.of(connection, each, scope, meter)
            else:
                yield from together.split(rows)


def _values(statements: Statements, scope: Scope) -> dict[str, Any]:
    return {
        **scope.moment.parameters(scope.day),
        CAMPAIGNS.key: statements.campaigns(scope.campaigns),
        CAMPAIGN_ATTEMPTS.key: scope.attempts,
    }
