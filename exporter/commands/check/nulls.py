"""Nulls in columns that must not have any: what such a row still counts for, and what to show instead."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Any

from exporter.commands.check.report import Finding, Level, counted
from exporter.contract.identifiers import identifier
from exporter.source.clean_rows import CleanRows
from exporter.source.cleaning import Expression, broken_bits

_RULES: Mapping[str, Mapping[str, tuple[str, str]]] = {
    "tasks": {
        "attempts": (
            "they count by status, but nobody knows which were tried, or have used their attempts",
            "show in {view} how often each was called: 0 where it was not",
        ),
        "created_at": (
            "they count by status, but never settle, and nobody knows how long they wait",
            "show in {view} the first time that is known of it, or when its campaign was made",
        ),
    },
    "calls": {
        "attempt": (
            "they count by outcome, but as no attempt",
            "show in {view} which call of its task it is: row_number() OVER (PARTITION BY task_id ORDER BY started_at)",
        ),
        "started_at": (
            "they count by outcome, but in no day or hour, nor for delays and ring times",
            "show in {view} the nearest time there is, as coalesce(started_at, created_at) does, or leave them out",
        ),
        "created_at": (
            "they count by outcome, but never settle",
            "show in {view} the nearest time there is, as coalesce(created_at, started_at) does, or leave them out",
        ),
    },
}
"""By relation and column. Of other required ones it is told elsewhere, as of an id, a code, a campaign or a stamp."""


def null_bits(rows: CleanRows) -> Expression:
    """Which of these columns are null in a row, as bits."""
    required = tuple(_RULES[rows.relation])
    return broken_bits(required, {column: rows.raw(column).is_(None) for column in required})


def null_columns(relation: str, bits: int) -> Collection[str]:
    """The columns that these bits speak of."""
    return [column for bit, column in enumerate(_RULES[relation]) if bits & (1 << bit)]


def nulls(relation: str, schema: str, groups: Sequence[Mapping[str, Any]], much: float) -> Iterator[Finding]:
    """What is to say of groups of rows with their `nulls`. From `much` rows on it is the view that is wrong."""
    for column, (effect, remedy) in _RULES[relation].items():
        count = sum(group["count"] for group in groups if column in null_columns(relation, group["nulls"]))
        has = "has" if count == 1 else "have"
        if count:
            yield Finding(
                relation,
                Level.PROBLEM if count >= much else Level.ADVICE,
                column,
                f"{counted(count, 'row')} {has} null, where there must be a value: {effect}",
                remedy.format(view=identifier(schema, relation)),
            )
