"""`check --watch`: the same rows seen twice, to find those that changed while their stamp stood still."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import psycopg

from exporter.commands.check.report import Finding, Level, Report, counted
from exporter.commands.check.rows import newest_rows
from exporter.config import Config
from exporter.contract.availability import Available
from exporter.contract.relations import RELATIONS
from exporter.contract.wording import duration
from exporter.errors import DatabaseUnavailableError, RowError
from exporter.source.clean_rows import ROW_KEYS, CleanRows, key_text
from exporter.source.database import Compiled, Connection, Database, fetch, reason
from exporter.source.moment import Moment
from exporter.source.reader import Reader

THING = "updated_at, watched"
NEWEST_ROWS, WATCHED_ROWS = 20_000, 5_000
"""Of so many newest rows so many are watched, those that go on before those that are over."""

_STATEMENT_SECONDS = 10.0
_ALIKE = (0.95, 20)
_GOES_ON = ("in_progress", "pending")
_MOVES_BY_ITSELF = frozenset({"updated", "broken"})

Row = Mapping[str, Any]
Rows = Mapping[Any, Row]


@dataclass(frozen=True, slots=True)
class _Watched:
    """What is known of a relation."""

    rows: CleanRows
    again: Compiled
    before: Rows


def watched(config: Config, seconds: float, wait: Callable[[float], object] = time.sleep) -> list[Finding]:
    """What became of rows of `tasks` and `calls` within so many seconds. No transaction is open meanwhile.

    `DatabaseUnavailableError` when it cannot be reached.
    """
    database = Database(config)
    connection = database.connect()
    try:
        with database.snapshot(connection):
            available = database.discover(connection)
            reader = Reader(available)
            moment = _begin(connection, config)
            seen = [
                _Watched(rows, _by_key(available, rows), _first(connection, rows, moment))
                for rows in (reader.statements(name).rows for name in ("tasks", "calls"))
                if rows.relation not in available.hidden and rows.relation not in available.counted
            ]
        wait(seconds)
        with database.snapshot(connection):
            again = _begin(connection, config)
            return [
                finding
                for each in seen
                for finding in _compared(each, _again(connection, each, again), moment.now, seconds, available.schema)
            ]
    except (psycopg.Error, RowError) as error:
        why = reason(error) if isinstance(error, psycopg.Error) else str(error)
        raise DatabaseUnavailableError(f"the watch was cut short: {why}; try again") from None
    finally:
        database.close(connection)


def with_watched(report: Report, findings: Sequence[Finding]) -> Report:
    """The report with what was watched, each finding after the others of its relation."""
    place = {about: index for index, about in enumerate(dict.fromkeys(each.about for each in report.findings))}
    every = sorted((*report.findings, *findings), key=lambda each: place.get(each.about, len(place)))
    return Report(tuple(every), report.rows, report.series)


def _begin(connection: Connection, config: Config) -> Moment:
    limit = round(min(config.database.statement_timeout, _STATEMENT_SECONDS) * 1000)
    connection.execute("SELECT pg_catalog.set_config('statement_timeout', %s, true)", (f"{limit}ms",))
    row = connection.execute("SELECT extract(epoch FROM now())::float8").fetchone()
    assert row is not None, "one row"
    return Moment(row[0], config.settle_after, config.stale_after, config.abandonment.spans)


def _first(connection: Connection, rows: CleanRows, moment: Moment) -> Rows:
    found: Sequence[tuple[Any, ...]] = ()
    for newest in (True, False):
        query = Compiled(newest_rows(rows, rows.fetched, NEWEST_ROWS, newest=newest))
        try:
            with connection.transaction():
                found = fetch(connection, query, **moment.parameters())
            break
        except psycopg.errors.QueryCanceled:  # no index serves the newest
            continue
    state = rows.fetched.index("status" if rows.relation == "tasks" else "outcome")
    rank = {code: place for place, code in enumerate(_GOES_ON)}
    chosen = sorted(found, key=lambda row: rank.get(row[state], len(rank)))[:WATCHED_ROWS]
    return _by_id(rows, chosen)


def _by_key(available: Available, rows: CleanRows) -> Compiled:
    typname = available.types[rows.relation][RELATIONS[rows.relation].key[0]]
    return Compiled(rows.select(rows.of_keys(typname)))


def _again(connection: Connection, each: _Watched, moment: Moment) -> Rows:
    keys = [key_text(key) for key in each.before]
    return _by_id(each.rows, fetch(connection, each.again, **moment.parameters(), **{ROW_KEYS.key: keys}))


def _by_id(rows: CleanRows, found: Sequence[tuple[Any, ...]]) -> Rows:
    named = [dict(zip(rows.fetched, row, strict=True)) for row in found]
    return {row["id"]: row for row in named if row["id"] is not None}


def _compared(each: _Watched, after: Rows, began: float, seconds: float, schema: str) -> Iterator[Finding]:
    relation, pairs = each.rows.relation, [(row, after[key]) for key, row in each.before.items() if key in after]
    changed = [(old, new) for old, new in pairs if _differs(old, new)]
    still = [(old, new) for old, new in changed if new["updated"] == old["updated"] or new["updated"] is None]
    back = [(old, new) for old, new in pairs if _stamp(new) < _stamp(old)]
    late = [(old, new) for old, new in changed if _stamp(old) < _stamp(new) < began - 1.0]
    idle = sum(old["updated"] != new["updated"] and not _differs(old, new) for old, new in pairs)
    span, view = duration(seconds), f"{schema}.{relation}"

    def finding(level: Level, value: str, remedy: str = "") -> Finding:
        return Finding(relation, level, THING, f"{counted(len(pairs), 'row')} for {span}: {value}", remedy)

    if idle >= max(_ALIKE[1], _ALIKE[0] * len(pairs)):
        yield finding(
            Level.PROBLEM,
            f"{idle:,} got another updated_at though nothing else of them changed: every refresh reads them",
            f"show in {view} the time at which the row last changed, not now()",
        )
        return
    for rows, what in (
        (still, "changed and kept their updated_at: such changes are missed"),
        (back, "were stamped with a time before their last one: what changed may be missed"),
        (late, "changed and were stamped with a time before the watch began: what changed is found late"),
    ):
        if rows:
            remedy = f"let the platform write the time of the change, by the database's clock, into {view}.updated_at"
            yield finding(Level.PROBLEM, f"{len(rows):,} {what}", remedy)
    if not changed:
        yield finding(Level.ADVICE, "none changed, which proves nothing", "watch while it dials, or for longer")
    elif not still and not back and not late:
        yield finding(Level.OK, f"{len(changed):,} changed, all with their updated_at")


def _stamp(row: Row) -> float:
    return row["updated"] if row["updated"] is not None else float("-inf")


def _differs(old: Row, new: Row) -> bool:
    """Whether anything changed but the stamp, and what is made of it."""
    return any(
        old[name] != new[name]
        for name in old.keys() - _MOVES_BY_ITSELF
        if not (name == "since" and old[name] == old["updated"] and new[name] == new["updated"])
    )
