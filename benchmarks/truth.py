"""What SQL says of every family, and what `/metrics` says: whether the two are the same."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Iterator, Mapping

import psycopg

from benchmarks.database import Target
from benchmarks.families import Polled, polled

Series = tuple[str, frozenset[tuple[str, str]]]
"""A sample's name and its labels."""

_LINE = re.compile(r'^(campaign_\w+)\{((?:\w+="(?:[^"\\]|\\.)*",?)*)\} (\S+)', re.MULTILINE)
_LABEL = re.compile(r'(\w+)="((?:[^"\\]|\\.)*)"')
_COUNTED = ("_total", "_bucket", "_count", "_sum")
"""Endings of samples that are counters: they never fall, so they may show more than there is."""

_ROUNDED, _MINUTE = 1e-6, 60.0
"""How close values are that are the same: some times are shown by the minute."""

_PARTS = {"sum": "_sum", "count": "_count"}


def comparable(target: Target) -> list[Polled]:
    """The families that depend on rows alone; those whose statement asks for the time change by themselves."""
    return [family for family in polled(target) if "now()" not in family.statement]


def by_sql(target: Target, families: Iterable[Polled]) -> dict[Series, float]:
    """All samples but zeros, at one snapshot."""
    found: dict[Series, float] = {}
    with psycopg.connect(target.monitor) as connection:
        connection.isolation_level = psycopg.IsolationLevel.REPEATABLE_READ
        for family in families:
            for *labels, value in connection.execute(family.typed("value")).fetchall():
                if value:
                    found[_series(family, labels)] = value
    return found


def _series(family: Polled, values: Iterable[str | None]) -> Series:
    """As the exposition names it: a histogram's statement tells its sum and count as further values of `le`."""
    labels = {name: value or "" for name, value in zip(family.labels, values, strict=True)}
    name = family.name
    if "le" in labels:
        name += _PARTS.get(labels["le"], "_bucket")
        if labels["le"] in _PARTS:
            del labels["le"]
    return name, frozenset(labels.items())


def shown(body: bytes, families: Iterable[Polled]) -> dict[Series, float]:
    """The same families' samples of an exposition, by those labels that their statements have."""
    known = {family.name + part: family.labels for family in families for part in ("", *_COUNTED)}
    found = {}
    for name, text, value in _LINE.findall(body.decode()):
        if name in known and (number := float(value)):
            labels = frozenset(label for label in _LABEL.findall(text) if label[0] in known[name])
            found[name, labels] = number
    return found


def differing(
    ours: Mapping[Series, float], sql: Mapping[Series, float], before: Mapping[Series, float]
) -> Iterator[Series]:
    """Series whose value is not SQL's; a counter is right if it stayed at what it showed before."""
    for series in ours.keys() | sql.keys():
        wanted = sql.get(series, 0.0)
        if series[0].endswith(_COUNTED):
            wanted = max(wanted, before.get(series, 0.0))
        close = _MINUTE if series[0].endswith("_timestamp_seconds") else _ROUNDED
        if not math.isclose(ours.get(series, 0.0), wanted, rel_tol=1e-9, abs_tol=close):
            yield series
