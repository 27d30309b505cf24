"""Whether tasks have made the attempts that their calls are: fewer attempts than calls that are over cannot be."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import psycopg
import sqlalchemy as sa

from exporter.commands.check.agreement import LONG_AGO_SECONDS, MOST_COST
from exporter.commands.check.report import Finding, Level, counted
from exporter.commands.check.rows import MANY, MUCH, SAMPLE_ROWS, some_of
from exporter.contract.identifiers import identifier
from exporter.errors import RowError
from exporter.source.clean_rows import ROW_KEYS
from exporter.source.cleaning import NOW, Expression
from exporter.source.database import Compiled, Connection, fetch
from exporter.source.moment import Moment
from exporter.source.query_time import Meter
from exporter.source.reader import Reader

TASKS = 1_000
"""Tasks with calls of the sample that are looked up, by their ids."""

_USED = ("answered", "abandoned", "voicemail", "no_answer", "busy", "rejected")
"""Calls that are an attempt in any case: one that failed may be the platform's own fault, and is none then."""

_HALF = 0.5


@dataclass(frozen=True, slots=True)
class _Task:
    """What a task says, and how many calls of it were found: there may be more."""

    completed: bool
    attempts: int
    calls: int

    @property
    def short(self) -> bool:
        return self.attempts < self.calls


def attempts(connection: Connection, reader: Reader, moment: Moment, *, newest: bool) -> Iterator[Finding]:
    """Whether `attempts` covers the calls of a sample. `newest` as for `stamps`, of calls."""
    try:
        with connection.transaction():
            tasks = _tasks(connection, reader, moment, newest=newest)
    except (psycopg.Error, RowError):  # it is named where the rows are looked at
        return
    schema = reader.available.schema
    view = identifier(schema, "tasks")
    short = [task for task in tasks if task.short]
    completed = [task for task in tasks if task.completed]
    untried = sum(not task.attempts for task in completed)
    if len(short) >= max(MANY, MUCH * len(tasks)):
        why, remedy = _cause(tasks, short)
        yield Finding(
            "tasks",
            Level.PROBLEM,
            "attempts",
            f"{len(short):,} of {counted(len(tasks), 'task')} have fewer attempts than calls that are over{why}",
            remedy.format(view=view),
        )
    elif untried >= max(MANY, MUCH * len(completed)):
        yield Finding(
            "tasks",
            Level.PROBLEM,
            "attempts",
            f"{untried:,} of {counted(len(completed), 'completed task')} with calls that are over have 0 attempts: the "
            "call that completed a task seems not to be counted",
            f"show in {view} that call, too, as where attempts are written when one fails: attempts + 1 of what is "
            "completed",
        )


def _cause(tasks: Sequence[_Task], short: Sequence[_Task]) -> tuple[str, str]:
    if not any(task.attempts for task in tasks):
        return ": it is 0 in all of them", "show in {view} how many calls each has (docs/adopt.md, Retries by outcome)"
    if sum(task.attempts == task.calls - 1 for task in short) >= _HALF * len(short):
        return (
            ", most of them by one: it seems to count retries",
            "show in {view} the first call, too: attempts = retries + 1 of what was called, 0 of what was not; where a "
            "retry is a row of its own, show one row a contact (docs/adopt.md, Retries are rows)",
        )
    return (
        "",
        "show in {view} how many calls each has (docs/adopt.md, Retries by outcome); where contacts are called in "
        "rounds that begin at 0, let each round be a task, in the ids of both views",
    )


def _tasks(connection: Connection, reader: Reader, moment: Moment, *, newest: bool) -> Sequence[_Task]:
    """Tasks with calls that were over an hour ago, as far as an index finds them."""
    available = reader.available
    calls, tasks = (reader.statements(name).rows for name in ("calls", "tasks"))
    task_id = sa.cast(available.column("calls", "task_id"), sa.Text)
    outcome = available.column("calls", "outcome").cast(sa.Text)
    over = sa.or_(*(outcome == each for each in _USED))
    used = sa.and_(over, calls.parts["started"] < NOW - LONG_AGO_SECONDS)
    columns: list[Expression] = [task_id.label("task"), used.label("used")]
    chosen = sa.select(*columns).select_from(calls.table)
    sample = some_of(chosen, calls, SAMPLE_ROWS, newest=newest).subquery().c
    made = (
        sa.select(sample.task, sa.func.count())
        .where(sample.task.is_not(None), sample.used)
        .group_by(sample.task)
        .limit(TASKS)
    )
    known = sa.select(
        sa.cast(available.column("tasks", "task_id"), sa.Text),
        available.column("tasks", "status").cast(sa.Text) == "completed",
        tasks.parts["attempts"] + sa.func.coalesce(tasks.parts["retries"], 0),  # a retry by the platform is no attempt
    ).where(tasks.of_keys(available.types["tasks"]["task_id"]))
    found: dict[str, int] = dict(fetch(connection, Compiled(made), **moment.parameters()))
    keys = sorted(found)
    if reader.cost_by_ids(connection, "tasks", keys, moment, Meter()) > MOST_COST:
        return ()
    rows = fetch(connection, Compiled(known), **{ROW_KEYS.key: keys})
    return [_Task(completed, tried, found[key]) for key, completed, tried in rows if tried is not None]
