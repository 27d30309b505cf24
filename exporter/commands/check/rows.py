"""What the rows hold: unknown codes and time zones, values out of range, references to nothing, views that fail."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

import psycopg
import sqlalchemy as sa

from exporter.calendar.days import zone
from exporter.commands.check.failures import failed
from exporter.commands.check.nulls import null_bits, null_columns, nulls
from exporter.commands.check.plans import explain
from exporter.commands.check.report import Finding, Level, counted
from exporter.contract.availability import Available
from exporter.contract.codes import (
    CAMPAIGN_STATUSES,
    NUMBER_STATUSES,
    OTHER,
    OUTCOMES,
    TASK_STATUSES,
    UPLOAD_STATUSES,
    blocker_group,
    clean_code,
    clean_label,
    clean_reason,
)
from exporter.contract.identifiers import identifier
from exporter.errors import RowError
from exporter.source.clean_rows import CleanRows
from exporter.source.columns import RULES, broken_rule
from exporter.source.database import Compiled, Connection, Rows, fetch
from exporter.source.moment import Moment
from exporter.source.platform import Platform
from exporter.source.query_time import Meter
from exporter.source.reader import Reader
from exporter.source.small_cleaning import windows_problem
from exporter.source.small_reader import SMALL, SMALL_LIMIT

SAMPLE_ROWS = 100_000
"""How many rows of `tasks` and of `calls` are looked at."""

_SHOWN = 5
_OF_THE_CALL = ("started_at", "answered_at", "ended_at", "created_at")
"""Times that stand in an order, whatever the platform is like."""

MANY, MUCH = 20, 0.2
"""From so many rows on, and such a share of them, it is the view that is wrong, and not some rows."""

_CODES: Mapping[tuple[str, str], Sequence[str]] = {
    ("campaigns", "status"): ("draft", *CAMPAIGN_STATUSES),
    ("tasks", "status"): TASK_STATUSES,
    ("calls", "outcome"): OUTCOMES,
    ("numbers", "status"): NUMBER_STATUSES,
    ("audience_uploads", "status"): UPLOAD_STATUSES,
}
_NULL = "null or other"
"""What the cleaned column makes of a null, and of this very text."""

_CODE_OF: Mapping[str, str] = {"tasks": "status", "calls": "outcome"}

_RULES: Mapping[str, tuple[Level, str, str]] = {
    "unknown_code": (Level.PROBLEM, "an unknown code", "translate it in the view {view} to one of {known}"),
    "unknown_timezone": (
        Level.PROBLEM,
        "a time zone that does not exist",
        "show names of the IANA database in the view {view}, such as Europe/Berlin",
    ),
    "null": (Level.PROBLEM, "null, where there must be a value", "show a value in the view {view}"),
    "not_an_id": (Level.PROBLEM, "no usable id, and are left out", "show printable ids of up to 128 characters"),
    "duplicate": (Level.PROBLEM, "an id that another row has, and are left out", "let the view {view} show each once"),
    "unknown_reference": (Level.ADVICE, "a reference to nothing", "show what they refer to, or leave them out"),
    "above_maximum": (
        Level.PROBLEM,
        "more attempts than max_attempts allows",
        "stop the dispatcher from dialling them again, or show in the view {view} the maximum that it obeys (0: none)",
    ),
    "not_a_label": (Level.ADVICE, "a text that is no label, shown as other", "show a short name in the view {view}"),
}
_OTHER_RULE = (Level.ADVICE, "a value that makes no sense and is left out", "mend the rows, or leave it null in {view}")
_STAMP_RULE = (
    Level.PROBLEM,
    "null, or a time before 1970 or after now: what changes in them is found by the audit only",
    "let the platform write it whenever a row changes",
)


def read_small(
    connection: Connection, reader: Reader, relation: str, schema: str, limit: float
) -> tuple[Rows, float, list[Finding]]:
    """The rows of a small relation as the exporter reads them, the seconds it took, and what was odd about it."""
    meter = Meter()
    findings: list[Finding] = []
    rows: Rows = ()
    try:
        with connection.transaction():
            rows = reader.small.rows(connection, relation, meter)
    except (psycopg.Error, RowError) as error:
        findings.append(failed(connection, schema, relation, "rows", error, limit))
    lost = meter.unreadable.get(relation, 0)
    if lost:
        what = f"the view raises an error for {counted(lost, 'row')}, which are left out"
        remedy = f"mend the expression in {identifier(schema, relation)} that fails (a cast, a division)"
        findings.append(Finding(relation, Level.PROBLEM, "rows", what, remedy))
    if len(rows) >= SMALL_LIMIT:
        what = f"more than {SMALL_LIMIT:,}, of which the rest is left out"
        remedy = f"let {identifier(schema, relation)} show only what is still used"
        findings.append(Finding(relation, Level.PROBLEM, "rows", what, remedy))
    return rows, meter.seconds, findings


def violations(platform: Platform, raw: Mapping[str, Rows], schema: str) -> Iterator[Finding]:
    """What breaks the contract in the small relations."""
    for (relation, column, rule), count in sorted(platform.violations.items()):
        place = SMALL[relation].index(column)
        if column == "call_windows":
            yield _unread_windows(schema, count, [row[place] for row in raw[relation] if row[place] is not None])
            continue
        bad: Counter[str | None] = Counter()
        if rule == "unknown_code":
            known = _CODES[relation, column]
            bad.update(row[place] for row in raw[relation] if row[place] not in known)
        elif rule == "unknown_timezone":
            bad.update(row[place] for row in raw[relation] if row[place] is not None and zone(row[place]) is None)
        yield _broken(schema, relation, column, rule, count, bad)


def _unread_windows(schema: str, count: int, texts: Sequence[str]) -> Finding:
    sentences = Counter(clean_reason(problem) for problem in map(windows_problem, texts) if problem)
    shown = [f"{sentence} ({rows:,})" for sentence, rows in sentences.most_common(_SHOWN)]
    return Finding(
        "campaigns",
        Level.PROBLEM,
        "call_windows",
        f"{counted(count, 'row')} cannot be read, so nobody knows when to dial: "
        + ", ".join([*shown, *(["…"] if len(sentences) > _SHOWN else [])]),
        f"write them in the view {identifier(schema, 'campaigns')} in the form that docs/contract.md gives",
    )


def _broken(
    schema: str, relation: str, column: str, rule: str, count: int, bad: Mapping[str | None, int] | None = None
) -> Finding:
    level, what, remedy = _STAMP_RULE if column == "updated_at" else _RULES.get(rule, _OTHER_RULE)
    has = "has" if count == 1 else "have"
    values = _listed(bad or {})
    known = ", ".join(_CODES.get((relation, column), ()))
    return Finding(
        relation,
        level,
        column,
        f"{counted(count, 'row')} {has} {what}" + (f": {values}" if values else ""),
        remedy.format(view=identifier(schema, relation), known=known),
    )


def _listed(bad: Mapping[str | None, int]) -> str:
    """The commonest values with their counts; what does not look like a code may be anything, so it is not shown."""
    named: Counter[str] = Counter()
    for value, count in bad.items():
        label = "null" if value is None else clean_label(value)
        named["(no code)" if label == OTHER != value else label] += count
    shown = [f"{value} ({count:,})" for value, count in named.most_common(_SHOWN)]
    return ", ".join([*shown, *(["…"] if len(named) > _SHOWN else [])])


def sampled(
    connection: Connection,
    rows: CleanRows,
    available: Available,
    campaigns: Sequence[str],
    moment: Moment,
    *,
    newest: bool,
    limit: float,
) -> tuple[int | None, list[Finding]]:
    """How many rows `tasks` or `calls` has (an estimate where there are many), and what is wrong with a sample.

    `campaigns` are all ids there are. `newest`: an index can serve the newest rows; else those found first are taken.
    """
    schema = available.schema
    names = (
        ("campaign", "status", "blocker", "broken") if rows.relation == "tasks" else ("campaign", "outcome", "broken")
    )
    cleaned = sa.select(*(rows.columns[name].label(name) for name in names), null_bits(rows).label("nulls"))
    sample = some_of(cleaned.select_from(rows.table), rows, SAMPLE_ROWS, newest=newest).subquery()
    groups = Compiled(sa.select(*sample.c, sa.func.count()).group_by(*sample.c))
    everything = Compiled(sa.select(rows.id_column).select_from(rows.table))
    try:
        with connection.transaction():
            found = [
                dict(zip((*names, "nulls", "count"), row, strict=True))
                for row in fetch(connection, groups, **moment.parameters())
            ]
            seen = sum(group["count"] for group in found)
            estimate = seen if seen < SAMPLE_ROWS else int(explain(connection, everything, {})["Plan Rows"])
    except (psycopg.Error, RowError) as error:
        return None, [failed(connection, schema, rows.relation, "rows", error, limit)]
    findings = [*_unknown_codes(rows.relation, schema, found), *_broken_rows(rows.relation, schema, found, seen)]
    known = frozenset((*campaigns, None))
    stray = sum(group["count"] for group in found if group["campaign"] not in known)
    if stray:
        findings.append(_stray(available, rows.relation, stray, most=stray > seen / 2))
    nobodys = sum(group["count"] for group in found if group["campaign"] is None)
    if nobodys:
        findings.append(_nobodys(schema, rows.relation, nobodys, most=nobodys > seen / 2))
    return max(estimate, seen), findings


def _stray(available: Available, relation: str, count: int, *, most: bool) -> Finding:
    own, others = (available.types[name]["campaign_id"] for name in (relation, "campaigns"))
    what = f"{counted(count, 'row')} of a campaign that does not exist, which are not counted"
    campaigns = identifier(available.schema, "campaigns")
    if not most:
        remedy = f"show their campaign in {campaigns}, or leave them out of the view"
    elif own == others:
        remedy = f"show the same ids as {campaigns} does"
    else:
        what += f"; ids are {own} here and {others} in {campaigns}, and compared as texts"
        remedy = f"write in the view {identifier(available.schema, relation)}: campaign_id::{others} AS campaign_id"
    return Finding(relation, Level.PROBLEM if most else Level.ADVICE, "campaign_id", what, remedy)


def _nobodys(schema: str, relation: str, count: int, *, most: bool) -> Finding:
    what = f"{counted(count, 'row')} of no campaign (null), which are not counted"
    remedy = f"show in {identifier(schema, relation)} the campaign of each; leave out what is of none, as by hand"
    return Finding(relation, Level.PROBLEM if most else Level.ADVICE, "campaign_id", what, remedy)


def newest_rows(rows: CleanRows, names: Sequence[str], limit: int, *, newest: bool) -> sa.Select[Any]:
    """Some cleaned rows: the newest where an index can serve them."""
    query = sa.select(*(rows.columns[name].label(name) for name in names)).select_from(rows.table)
    return some_of(query, rows, limit, newest=newest)


def some_of(query: sa.Select[Any], rows: CleanRows, limit: int, *, newest: bool) -> sa.Select[Any]:
    """The same of these rows."""
    return query.order_by(rows.updated_at.desc()).limit(limit) if newest else query.limit(limit)


def _unknown_codes(relation: str, schema: str, groups: Sequence[Mapping[str, Any]]) -> Iterator[Finding]:
    column = _CODE_OF[relation]
    codes: Counter[str | None] = Counter()
    blockers: Counter[str | None] = Counter()
    for group in groups:
        if group[column] not in _CODES[relation, column]:
            codes[_NULL if group[column] == OTHER else group[column]] += group["count"]
        blocker = group.get("blocker")
        if blocker is not None and blocker_group(clean_code(blocker)) == "unknown":
            blockers[blocker] += group["count"]
    if codes:
        yield _broken(schema, relation, column, "unknown_code", codes.total(), codes)
    if blockers:
        # Kept as they are: the platform may have reasons of its own.
        what = f"{counted(blockers.total(), 'pending row')} with an unknown code, shown in the group unknown"
        remedy = f"translate it in the view {identifier(schema, relation)} to a code of docs/contract.md where one fits"
        yield Finding(relation, Level.ADVICE, "blocker", f"{what}: {_listed(blockers)}", remedy)


def _broken_rows(relation: str, schema: str, groups: Sequence[Mapping[str, Any]], seen: int) -> Iterator[Finding]:
    counts: Counter[str] = Counter()
    for group in groups:
        null = null_columns(relation, group["nulls"])
        for bit, name in enumerate(RULES[relation]):
            if group["broken"] & (1 << bit) and name not in null:
                counts[name] += group["count"]
    much = max(MANY, MUCH * seen)
    for name, count in counts.items():
        finding = _broken(schema, relation, *broken_rule(name), count)
        wrong = finding.thing in _OF_THE_CALL and count >= much
        yield replace(finding, level=Level.PROBLEM) if wrong else finding
    yield from nulls(relation, schema, groups, much)
