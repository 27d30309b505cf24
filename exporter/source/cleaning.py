"""SQL that cleans a value: what is out of range becomes null, or sets a bit of `broken`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import sqlalchemy as sa

from exporter.contract.availability import Available
from exporter.source.columns import DAYS_BACK, HOURS_BACK, MICRO
from exporter.source.records import IdKind
from exporter.source.told import TOLD

Expression = sa.ColumnElement[Any]

NOW = sa.bindparam("now", type_=sa.Double)
"""The refresh's instant, in seconds since 1970."""

STAMP_FUTURE_SECONDS = 3600.0
"""A row stamped further ahead than this is broken: it would be read again at every refresh."""

EARLIEST = sa.text("timestamptz '1970-01-01 00:00:00+00'")
LATEST = sa.text("timestamptz '2200-01-01 00:00:00+00'")
_TEXT_LIMIT = 256


def seconds(column: Expression) -> Expression:
    """Seconds since 1970 as a double: exact to the microsecond until 2200, null outside 1970 to 2200."""
    return sa.case((sa.and_(column >= EARLIEST, column < LATEST), sa.func.date_part("epoch", column)), else_=sa.null())


def minute(moment: Expression) -> Expression:
    """The whole minute since 1970 of a moment in seconds."""
    return sa.cast(sa.func.floor(moment / 60.0), sa.Integer)


def mark(stamp: Expression) -> Expression:
    """The last 32 bits of the microseconds of a stamp in seconds; 0 where there is none."""
    return sa.cast(sa.func.coalesce(stamp, 0.0) * MICRO, sa.BigInteger).op("&")(sa.literal_column("4294967295"))


def recent_hour(moment: Expression) -> Expression:
    """The whole hour since 1970 of a moment; null before the `HOURS_BACK` hours that end with the current one."""
    hour = sa.cast(sa.func.floor(moment / 3600.0), sa.Integer)
    first = sa.cast(sa.func.floor(NOW / 3600.0), sa.Integer) - HOURS_BACK
    return sa.case((hour > first, hour), else_=sa.null())


def recent_day(moment: Expression) -> Expression:
    """The whole day of UTC since 1970 of a moment; null before the `DAYS_BACK` days that end with the current one."""
    day = sa.cast(sa.func.floor(moment / 86400.0), sa.Integer)
    first = sa.cast(sa.func.floor(NOW / 86400.0), sa.Integer) - DAYS_BACK
    return sa.case((day > first, day), else_=sa.null())


def within(column: Expression, low: float, high: float) -> Expression:
    """Whether a number is within [low, high]; null of nothing."""
    return sa.and_(column >= low, column <= high)


def whole(column: Expression, low: int, high: int) -> Expression:
    """Whether a whole number is within [low, high], and is one; null of nothing."""
    inside = column.between(low, high)
    return sa.and_(inside, sa.func.trunc(column) == column) if type(column.type) is sa.Numeric else inside


def micro(column: Expression, low: float, high: float) -> Expression:
    """Whole millionths of a number within [low, high]; null outside (NaN sorts above every number)."""
    # A float as it is written: PostgreSQL's own cast to numeric keeps six digits of a short one.
    number = sa.cast(sa.cast(column, sa.Text) if isinstance(column.type, sa.Double) else column, sa.Numeric)
    return sa.case(
        (
            within(column, low, high),
            sa.cast(sa.func.round(number * MICRO), sa.BigInteger),
        ),
        else_=sa.null(),
    )


def clean_text(column: Expression) -> Expression:
    """A text, cut so that a hostile value costs little; an empty one is none."""
    return sa.func.nullif(sa.func.left(sa.cast(column, sa.Text), _TEXT_LIMIT), "")


def id_kind(available: Available, relation: str, name: str) -> IdKind:
    """How a relation's ids are sent."""
    typname = available.types[relation].get(name)
    if typname in {"int2", "int4", "int8"}:
        return IdKind.WHOLE
    return IdKind.UUID if typname == "uuid" else IdKind.TEXT


def id_value(column: Expression, kind: IdKind) -> Expression:
    """An id as PostgreSQL sends it fastest: whole numbers and the 16 bytes of a uuid as they are, all else as text."""
    if kind is IdKind.WHOLE:
        return sa.cast(column, sa.BigInteger)
    return sa.func.uuid_send(column) if kind is IdKind.UUID else sa.cast(column, sa.Text)


def bucket_of(value: Expression, bounds: Sequence[float]) -> Expression:
    """Index of the first bound that is not below the value, `len(bounds)` above all (Prometheus's `le`).

    `width_bucket` counts the bounds at or below a value; negated, that counts those at or above it.
    """
    negated = sa.cast(sa.literal([-round(bound * MICRO) for bound in reversed(bounds)]), sa.ARRAY(sa.BigInteger))
    return len(bounds) - sa.func.width_bucket(-value, negated)


def broken_bits(rules: Sequence[str], violated: Mapping[str, Expression]) -> Expression:
    """The rules a row breaks, as bits."""
    total: Expression = sa.literal(0)
    for bit, rule in enumerate(rules):
        total = total + sa.case((violated[rule], 1 << bit), else_=0)
    return sa.cast(total, sa.Integer)


def told_bits(relation: str, filled: Mapping[str, Expression]) -> Expression:
    """Which of the columns in `TOLD` a row fills, as bits: with a value that can be taken."""
    total: Expression = sa.literal(0)
    for bit, column in enumerate(TOLD[relation]):
        total = total + sa.case((filled[column].is_not(None), 1 << bit), else_=0)
    return sa.cast(total, sa.Integer)


def in_time(column: Expression) -> Expression:
    """Whether a time is within 1970 to 2200; null of nothing."""
    return sa.and_(column >= EARLIEST, column < LATEST)


def outside(within: Expression) -> Expression:
    """Whether a value is there but not within its range; of nothing, this is null, which is no."""
    return sa.not_(within)


def stamp(available: Available, relation: str, *told: str) -> Expression:
    """`updated_at`, or where there is none the latest of these times: nothing later is known of the row."""
    if available.has(relation, "updated_at"):
        return available.column(relation, "updated_at")
    return sa.func.greatest(*(available.column(relation, name) for name in told), type_=sa.DateTime(timezone=True))


def bad_stamp(column: Expression) -> Expression:
    """Whether a row's `updated_at` is missing, out of range or too far ahead."""
    fine = sa.and_(column >= EARLIEST, column < sa.func.to_timestamp(NOW + STAMP_FUTURE_SECONDS))
    return sa.not_(sa.func.coalesce(fine, sa.false()))


def no_time(column: Expression) -> Expression:
    """Whether a time that must be there is missing or out of range."""
    return sa.not_(sa.func.coalesce(in_time(column), sa.false()))
