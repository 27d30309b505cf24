"""Whether `updated_at` is what it must be: the time at which a row last changed. Rows tell, by their other times."""

from __future__ import annotations

import uuid
from collections.abc import Iterator, Mapping
from typing import Any

import psycopg
import sqlalchemy as sa

from exporter.commands.check.report import Finding, Level, counted
from exporter.commands.check.rows import SAMPLE_ROWS
from exporter.contract.availability import Available
from exporter.contract.codes import FINISHED_TASK_STATUSES
from exporter.contract.relations import RELATIONS
from exporter.contract.wording import duration
from exporter.refresh.probe import FEW_AT_ONCE, MOST_COST
from exporter.source.clean_rows import CleanRows
from exporter.source.cleaning import EARLIEST, STAMP_FUTURE_SECONDS, Expression
from exporter.source.database import Compiled, Connection, fetch
from exporter.source.moment import Moment
from exporter.source.query_time import Meter
from exporter.source.reader import Reader

COLUMN = "updated_at"
TOLERANCE_SECONDS = 2.0
"""So far the clocks of two servers may be apart that write into one row."""

SYSTEMATIC_SHARE, SYSTEMATIC_ROWS = 0.05, 3
"""From this share and number on it is the way the platform works; below it is a flaw of some rows."""

ALIKE_SHARE, ALIKE_ROWS = 0.95, 20
"""From this share and number on a likeness of stamps is no chance."""

_LATER: Mapping[str, tuple[str, ...]] = {
    "tasks": ("last_attempted_at", "created_at"),
    "calls": ("ended_at", "answered_at", "agent_spoke_at", "started_at", "created_at"),
}
"""Times of a row that are written when they come: the row changed then, or later."""

_GRAINS = (("day or hour", 900), ("minute", 60))
"""Whole quarters of an hour: time zones differ by these."""


def stamps(
    connection: Connection, available: Available, rows: CleanRows, seen: Mapping[str, Any], *, newest: bool
) -> Iterator[Finding]:
    """What is wrong with the stamps of `tasks` or `calls`. `seen`: the values of the clock's parameters.

    `newest`: an index can serve the newest rows; else those found first are looked at.
    """
    later = [name for name in _LATER[rows.relation] if available.has(rows.relation, name)]
    try:
        with connection.transaction():
            found = fetch(connection, Compiled(_counts(available, rows, later, newest=newest)), **seen)[0]
    except psycopg.errors.QueryCanceled:  # there are too many rows for what no index serves: that is named elsewhere
        return
    counts = dict(zip(_names(later), found, strict=True))
    about, view = rows.relation, f"{available.schema}.{rows.relation}"
    if not counts["stamped"]:
        return
    if _alike(counts["now"], counts["stamped"]):
        yield Finding(
            about,
            Level.PROBLEM,
            COLUMN,
            f"{_of(counts['now'], counts['stamped'])} are stamped with the time at which they are read: every refresh "
            "reads the whole relation, and no row ever settles",
            f"show in {view} the time at which the row last changed, not now()",
        )
        return
    worst = max(later, key=lambda name: counts[f"{name} after"], default=None)
    if worst is not None and counts[f"{worst} after"]:
        bad, told = counts[f"{worst} after"], counts[f"{worst} told"]
        systematic = _systematic(bad, told)
        yield Finding(
            about,
            Level.PROBLEM if systematic else Level.ADVICE,
            COLUMN,
            f"{_of(bad, told)} that have {worst} are stamped before it, by up to {duration(counts['behind'])}: "
            + ("updated_at does not move when a row changes, which is missed then" if systematic else "see them"),
            _MOVE.format(view=view),
        )
    elif _alike(counts["unmoved"], counts["over"]):
        yield Finding(
            about,
            Level.PROBLEM if about == "tasks" else Level.ADVICE,
            COLUMN,
            f"{_of(counts['unmoved'], counts['over'])} that are over are stamped with their created_at: unless they "
            "came as they are, updated_at does not move when a row changes",
            _MOVE.format(view=view) + "\nto see it for sure: campaign-exporter check --watch 60s",
        )
    for grain, seconds in _GRAINS:
        if _alike(counts[f"whole {seconds}"], counts["stamped"]):
            yield Finding(
                about,
                Level.PROBLEM,
                COLUMN,
                f"{_of(counts[f'whole {seconds}'], counts['stamped'])} are stamped to the {grain} only: what changes "
                "later in it is missed",
                f"show in {view} the time to the microsecond (timestamptz), as the platform writes it",
            )
            break
    if counts["ahead"]:
        yield Finding(
            about,
            Level.PROBLEM if _systematic(counts["ahead"], counts["stamped"]) else Level.ADVICE,
            COLUMN,
            f"{_of(counts['ahead'], counts['stamped'])} are stamped up to {duration(counts['far'])} after the "
            "database's clock: they are read again until then, and what changes meanwhile may be missed",
            "stamp rows with the database's clock (now() or clock_timestamp()); where a time without a zone is stored, "
            f"say of which zone it is in {view} (AT TIME ZONE)",
        )


def looking_again(connection: Connection, reader: Reader, relation: str, moment: Moment) -> Iterator[Finding]:
    """Whether rows can be looked at again by their ids, which tells of changes without a stamp."""
    key = RELATIONS[relation].key[0]
    ids = [str(uuid.UUID(int=number)) for number in range(FEW_AT_ONCE)]
    if reader.available.types[relation][key] != "uuid":
        ids = [str(number) for number in range(FEW_AT_ONCE)]
    try:
        with connection.transaction():
            cost = reader.cost_by_ids(connection, relation, ids, moment, Meter())
    except psycopg.Error:  # it is named where the rows are looked at
        return
    if cost > MOST_COST:
        yield Finding(
            relation,
            Level.ADVICE,
            "index for single rows",
            f"none serves {key}: rows that change without another updated_at are found by the audit only, and not "
            "within a minute",
            f"make an index on what {reader.available.schema}.{relation} shows as {key}; of a view over several "
            "tables, let it be a column of one of them",
        )


_MOVE = (
    "show in {view} the time at which the row last changed; where the table has none, add a column and a trigger "
    "BEFORE UPDATE that sets it to clock_timestamp(), and an index on it; or leave updated_at out of {view}: then all "
    "of it is counted anew, as often as refresh.max_share allows"
)


def _names(later: list[str]) -> list[str]:
    told = [f"{name} {what}" for name in later for what in ("told", "after")]
    return ["stamped", "now", "behind", "over", "unmoved", "ahead", "far", *_wholes(), *told]


def _wholes() -> list[str]:
    return [f"whole {seconds}" for _, seconds in _GRAINS]


def _counts(available: Available, rows: CleanRows, later: list[str], *, newest: bool) -> sa.Select[Any]:
    """One row of counts over a sample of the rows whose stamp is a time of this world."""
    state = available.column(rows.relation, "status" if rows.relation == "tasks" else "outcome").cast(sa.Text)
    over = (
        sa.or_(*(state == status for status in FINISHED_TASK_STATUSES))
        if rows.relation == "tasks"
        else state != "in_progress"
    )
    chosen = sa.select(
        rows.updated_at.label("stamp"),
        rows.created_at.label("made"),
        over.label("over"),
        *(available.column(rows.relation, name).label(f"its {name}") for name in later),
    ).select_from(rows.table)
    if newest:
        chosen = chosen.order_by(rows.updated_at.desc())
    sample = chosen.limit(SAMPLE_ROWS).subquery()
    column, now = sample.c, sa.func.now()
    fine = sa.and_(column.stamp >= EARLIEST, column.stamp < now + _seconds(STAMP_FUTURE_SECONDS))
    epoch = sa.cast(sa.func.extract("epoch", column.stamp), sa.Numeric)
    ahead = column.stamp > now + _seconds(TOLERANCE_SECONDS)

    def count(*where: Expression) -> Expression:
        return sa.func.count().filter(fine, *where)

    told = {name: sa.and_(column[f"its {name}"] >= EARLIEST, column[f"its {name}"] <= now) for name in later}
    late = {name: column[f"its {name}"] - column.stamp for name in later}
    after = {name: sa.and_(told[name], late[name] > _seconds(TOLERANCE_SECONDS)) for name in later}
    furthest = [sa.case((after[name], sa.func.extract("epoch", late[name]))) for name in later]
    return sa.select(
        count(),
        count(column.stamp >= now),
        sa.cast(sa.func.coalesce(sa.func.max(sa.func.greatest(*furthest)).filter(fine), 0), sa.Double),
        count(column.over),
        count(column.over, column.stamp == column.made),
        count(ahead),
        sa.cast(
            sa.func.coalesce(sa.func.max(sa.func.extract("epoch", column.stamp - now)).filter(fine, ahead), 0),
            sa.Double,
        ),
        *(count(sa.func.mod(epoch, seconds) == 0) for _, seconds in _GRAINS),
        *(count(condition) for name in later for condition in (told[name], after[name])),
    ).select_from(sample)


def _seconds(seconds: float) -> Expression:
    return sa.func.make_interval(0, 0, 0, 0, 0, 0, seconds)


def _systematic(bad: int, told: int) -> bool:
    return bad >= max(SYSTEMATIC_ROWS, SYSTEMATIC_SHARE * told)


def _alike(alike: int, rows: int) -> bool:
    return alike >= max(ALIKE_ROWS, ALIKE_SHARE * rows)


def _of(part: int, whole: int) -> str:
    return f"{part:,} of {counted(whole, 'row')}"
