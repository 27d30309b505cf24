"""Whether calls that go on show as in progress, or as over: by a result that is only for now, or a wrong CASE."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import psycopg
import sqlalchemy as sa

from exporter.commands.check.agreement import LONG_AGO_SECONDS
from exporter.commands.check.report import Finding, Level, counted
from exporter.commands.check.rows import MANY, MUCH, SAMPLE_ROWS, some_of
from exporter.commands.check.stamps import ALIKE_ROWS, ALIKE_SHARE, SYSTEMATIC_ROWS, SYSTEMATIC_SHARE
from exporter.contract.codes import THROUGH_OUTCOMES
from exporter.contract.identifiers import identifier
from exporter.contract.wording import duration
from exporter.source.clean_rows import CleanRows
from exporter.source.cleaning import NOW, Expression
from exporter.source.database import Compiled, Connection, fetch
from exporter.source.reader import Reader

LATELY_SECONDS = 600.0
"""Calls that were started since are made now."""


@dataclass(frozen=True, slots=True)
class _Calls:
    """Calls with one outcome: all, started lately and long ago, those of each without an end; those that ended, and
    were told afterwards."""

    outcome: str
    rows: int
    lately: int
    lately_open: int
    old: int
    old_open: int
    ended: int
    afterwards: int

    @property
    def ends(self) -> bool:
        """Whether those of long ago have an end, as a rule."""
        return self.old >= ALIKE_ROWS and self.old_open <= SYSTEMATIC_SHARE * self.old


def under_way(
    connection: Connection, reader: Reader, seen: Mapping[str, Any], *, newest: Mapping[str, bool]
) -> Iterator[Finding]:
    """What of the calls that go on is not shown as that; `seen` and `newest` as for `stamps`, by relation."""
    calls, tasks = (reader.statements(name).rows for name in ("calls", "tasks"))
    schema = reader.available.schema
    newest_calls = newest.get("calls", False)
    try:
        with connection.transaction():
            groups = _calls(connection, reader, calls, seen, newest=newest_calls)
    except psycopg.Error:  # it is named where the rows are looked at
        return
    over = [group for group in groups if group.outcome != "in_progress"]
    running = sum(group.rows for group in groups) - sum(group.rows for group in over)
    whole = newest_calls or sum(group.rows for group in groups) < SAMPLE_ROWS
    view = identifier(schema, "calls")
    yield from _endless(over, view)
    going = [group for group in over if group.ends]
    opened = sum(group.lately_open for group in going)
    lately = sum(group.lately for group in over)
    if whole and opened >= SYSTEMATIC_ROWS:
        kinds = " or ".join(group.outcome for group in going if group.lately_open)
        yield Finding(
            "calls",
            Level.ADVICE if running else Level.PROBLEM,
            "outcome",
            f"{opened:,} of {counted(lately, 'call')} of the last {duration(LATELY_SECONDS)} are {kinds} and have no "
            "ended_at, as older ones do: they seem to go on, with a result that is only for now"
            + ("" if running else ", and none is in progress"),
            f"show in {view} in_progress while ended_at is null: CASE WHEN ended_at IS NULL THEN 'in_progress' …",
        )
        return
    if running or not whole or lately < MANY or _told_afterwards(over):
        return
    try:
        with connection.transaction():
            tried = _tasks(connection, tasks, seen, newest=newest.get("tasks", False))
    except psycopg.Error:
        return
    if tried >= SYSTEMATIC_ROWS:
        yield Finding(
            "calls",
            Level.PROBLEM,
            "outcome",
            f"none is in_progress, though {counted(tried, 'task')} are and {lately:,} calls were started in the last "
            f"{duration(LATELY_SECONDS)}: a call that goes on seems to be shown as over",
            f"see what the CASE in {view} makes of a call that goes on, and show in_progress; where tasks are only set "
            f"aside to be called, show them as pending in {identifier(schema, 'tasks')}",
        )


def _told_afterwards(over: Sequence[_Calls]) -> bool:
    """Whether calls are told only when they are over, of which `call_times` tells."""
    ended = sum(group.ended for group in over)
    return ended > 0 and sum(group.afterwards for group in over) >= ALIKE_SHARE * ended


def _endless(over: Sequence[_Calls], view: str) -> Iterator[Finding]:
    """Calls of long ago that were taken and never ended."""
    taken = [group for group in over if group.outcome in THROUGH_OUTCOMES]
    old, endless = sum(group.old for group in taken), sum(group.old_open for group in taken)
    if endless >= max(MANY, MUCH * old) and old - endless >= ALIKE_ROWS:
        yield Finding(
            "calls",
            Level.ADVICE,
            "ended_at",
            f"null in {endless:,} of {counted(old, 'call')} that were taken over an hour ago: their end was lost, or "
            "they go on with a result that is only for now",
            f"show in {view} when they ended, such as started_at and their duration; or in_progress while ended_at is "
            "null, where that is what it says",
        )


def _calls(
    connection: Connection, reader: Reader, rows: CleanRows, seen: Mapping[str, Any], *, newest: bool
) -> list[_Calls]:
    available = reader.available
    chosen = sa.select(
        rows.columns["outcome"].label("outcome"),
        *(rows.parts[name].label(name) for name in ("started", "ended", "created")),
        sa.literal(available.has("calls", "ended_at")).label("told"),
    ).select_from(rows.table)
    column = some_of(chosen, rows, SAMPLE_ROWS, newest=newest).subquery().c

    def count(*where: Expression) -> Expression:
        return sa.func.count().filter(*where)

    lately, old = column.started.between(NOW - LATELY_SECONDS, NOW), column.started < NOW - LONG_AGO_SECONDS
    opened = sa.and_(column.told, column.ended.is_(None))
    counts = sa.select(
        column.outcome,
        sa.func.count(),
        count(lately),
        count(lately, opened),
        count(old),
        count(old, opened),
        count(column.ended.is_not(None)),
        count(column.created >= column.ended),
    ).group_by(column.outcome)
    return [_Calls(*row) for row in fetch(connection, Compiled(counts), **seen)]


def _tasks(connection: Connection, rows: CleanRows, seen: Mapping[str, Any], *, newest: bool) -> int:
    """Tasks that are in progress since lately, as far as is told."""
    chosen = sa.select(rows.columns["status"].label("status"), rows.columns["since"].label("since"))
    column = some_of(chosen.select_from(rows.table), rows, SAMPLE_ROWS, newest=newest).subquery().c
    lately = sa.and_(column.status == "in_progress", column.since > NOW - LATELY_SECONDS)
    ((found,),) = fetch(connection, Compiled(sa.select(sa.func.count().filter(lately))), **seen)
    return int(found)
