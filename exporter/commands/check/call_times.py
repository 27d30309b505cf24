"""Whether calls tell what happened, and when: times of a lost zone, calls that are told only when they are over."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import psycopg
import sqlalchemy as sa

from exporter.commands.check.report import Finding, Level, counted
from exporter.commands.check.rows import SAMPLE_ROWS, some_of
from exporter.commands.check.stamps import ALIKE_ROWS, ALIKE_SHARE, SYSTEMATIC_ROWS, SYSTEMATIC_SHARE
from exporter.contract.availability import Available
from exporter.contract.identifiers import identifier
from exporter.contract.wording import duration
from exporter.source.clean_rows import CleanRows
from exporter.source.cleaning import NOW, Expression
from exporter.source.database import Compiled, Connection, fetch

AHEAD_SECONDS = 300.0
"""So far the clock of an application server may be wrong by itself."""

LOST_SECONDS = 1_500.0
"""Zones differ by half an hour at least; a call's times and its `talk_seconds` by ringing and rounding."""

_HALF = 0.5
_NAMES = (
    "rows", "tasks", "running", "over", "afterwards", "timed", "longer", "by", "talkative", "ahead", "far",
)  # fmt: skip


def call_times(
    connection: Connection, available: Available, rows: CleanRows, seen: Mapping[str, Any], *, newest: bool
) -> Iterator[Finding]:
    """What is odd about the calls of a sample; `seen` and `newest` as for `stamps`."""
    try:
        with connection.transaction():
            found = fetch(connection, Compiled(_counts(available, rows, newest=newest)), **seen)[0]
    except psycopg.Error:  # it is named where the rows are looked at
        return
    n = dict(zip(_NAMES, found, strict=True))
    view = identifier(available.schema, "calls")
    if n["ahead"] >= max(SYSTEMATIC_ROWS, SYSTEMATIC_SHARE * n["rows"]):
        yield Finding(
            "calls",
            Level.PROBLEM,
            "started_at",
            f"{n['ahead']:,} of {counted(n['rows'], 'call')} start in the future, by up to {duration(n['far'])}",
            f"write in {view} of which zone a time without one is: started_at AT TIME ZONE 'Europe/Berlin'",
        )
    if n["longer"] >= max(ALIKE_ROWS, _HALF * n["timed"]):
        yield Finding(
            "calls",
            Level.PROBLEM,
            "ended_at",
            f"by their times {n['longer']:,} of {counted(n['timed'], 'answered call')} are longer than their "
            f"talk_seconds, by {duration(n['by'])} on average",
            f"write in {view} of which zone each time without one is: AT TIME ZONE; or show talk_seconds in seconds",
        )
    if n["talkative"] >= max(ALIKE_ROWS, _HALF * n["timed"]):
        yield Finding(
            "calls",
            Level.PROBLEM,
            "talk_seconds",
            f"more than the call lasted in {n['talkative']:,} of {counted(n['timed'], 'answered call')}",
            f"show seconds in {view}, not milliseconds",
        )
    whole = newest or n["rows"] < SAMPLE_ROWS  # of the oldest rows of many none goes on, of course
    told = n["over"] >= ALIKE_ROWS and not n["running"] and whole
    if told and n["afterwards"] >= ALIKE_SHARE * n["over"]:
        yield Finding(
            "calls",
            Level.ADVICE,
            "created_at",
            "calls are told only when they are over: none is in progress, and of "
            f"{n['afterwards']:,} of {counted(n['over'], 'row')} created_at is not before ended_at. How many go on is "
            "not known then, and a campaign of long calls looks as if it stood still",
            f"show calls that go on in {view}, too, where the platform has them (docs/adopt.md, Calls that are told "
            "when they are over)",
        )
    if n["rows"] >= ALIKE_ROWS and not n["tasks"]:
        yield Finding(
            "calls",
            Level.PROBLEM,
            "task_id",
            f"null in all of {counted(n['rows'], 'row')} that were looked at: no call is of a task",
            f"show in {view} the same ids as {identifier(available.schema, 'tasks')} does",
        )


def _counts(available: Available, rows: CleanRows, *, newest: bool) -> sa.Select[Any]:
    """One row of counts over a sample."""
    state = available.column("calls", "outcome").cast(sa.Text)
    chosen = sa.select(
        *(rows.parts[name].label(name) for name in ("started", "answered", "ended", "created", "talk")),
        state.label("state"),
        available.column("calls", "task_id").is_not(None).label("of_task"),
    ).select_from(rows.table)
    column = some_of(chosen, rows, SAMPLE_ROWS, newest=newest).subquery().c
    ended = sa.and_(column.state != "in_progress", column.ended.is_not(None))
    longer = column.ended - sa.func.coalesce(column.answered, column.started) - column.talk / 1_000_000.0
    timed = sa.and_(column.state == "answered", longer.is_not(None))
    lost = sa.and_(timed, longer > LOST_SECONDS)
    ahead = column.started > NOW + AHEAD_SECONDS

    def count(*where: Expression) -> Expression:
        return sa.func.count().filter(*where) if where else sa.func.count()

    def of(value: Expression, *where: Expression) -> Expression:
        return sa.cast(sa.func.coalesce(value.filter(*where), 0), sa.Double)

    return sa.select(
        count(),
        count(column.of_task),
        count(column.state == "in_progress"),
        count(ended),
        count(ended, column.created >= column.ended),
        count(timed),
        count(lost),
        of(sa.func.avg(longer), lost),
        count(timed, longer < -LOST_SECONDS),
        count(ahead),
        of(sa.func.max(column.started - NOW), ahead),
    )
