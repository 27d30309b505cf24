"""Tasks and calls as cleaned rows, in SQL: what is out of range becomes null and sets a bit of `broken`.

The same expressions serve the rows that changed and the totals by `GROUP BY`, so that both always agree.
Amounts are whole millionths (`*_micro`), because sums of whole numbers are exact; times are seconds since 1970.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

import sqlalchemy as sa

from exporter.contract.availability import Available
from exporter.contract.codes import FINISHED_TASK_STATUSES, LIVE_TASK_STATUSES, OTHER

MICRO = 1_000_000

TALK_BUCKETS = (1, 3, 6, 10, 15, 30, 60, 120, 180, 300, 600, 1200)
"""Seconds. 6 is the carriers' limit of a short call (see docs/metrics.md)."""

SCORE_BUCKETS = (10, 20, 30, 40, 50, 60, 70, 80, 90, 100)
DELAY_BUCKETS = (1, 5, 15, 30, 60, 120, 300, 600, 1800, 3600, 14400, 86400)
"""Seconds from due to dialled."""

HORIZONS = (("now", 0), ("5m", 300), ("15m", 900), ("1h", 3600), ("4h", 14400), ("24h", 86400))
"""How far ahead tasks that become due are counted: label and seconds."""

HOURS_BACK = 72
"""Whole hours of which finished tasks and calls are counted one by one, for forecasts."""

STAMP_FUTURE_SECONDS = 3600.0
"""A row stamped further ahead than this is broken: it would be read again at every refresh."""

_TASK_RULES = (
    "attempts",
    "max_attempts",
    "system_retries",
    "next_eligible_at",
    "last_attempted_at",
    "created_at",
    "updated_at",
)
_CALL_RULES = (
    "attempt",
    "talk_seconds",
    "score",
    "ai_cost",
    "telephony_cost",
    "eligible_at",
    "started_at",
    "created_at",
    "updated_at",
    "task_id",
)
RULES: Mapping[str, tuple[str, ...]] = MappingProxyType({"tasks": _TASK_RULES, "calls": _CALL_RULES})
"""By relation, the column that each bit of `broken` speaks of, from the lowest."""

_EARLIEST = sa.text("timestamptz '1970-01-01 00:00:00+00'")
_LATEST = sa.text("timestamptz '2200-01-01 00:00:00+00'")
_TEXT_LIMIT = 256

NOW = sa.bindparam("now", type_=sa.Double)
"""The refresh's instant, in seconds since 1970."""

CAMPAIGNS = sa.bindparam("campaigns", type_=sa.ARRAY(sa.Text))
"""Ids of campaigns, as text."""

ROW_KEYS = sa.bindparam("row_keys", type_=sa.ARRAY(sa.Text))
"""Ids of rows, as text."""

SETTLED_BEFORE = sa.bindparam("settled_before", type_=sa.Double)
"""Rows that are over and were last stamped before this instant are settled."""

STALE_AFTER = sa.bindparam("stale_after", type_=sa.Double)
"""Seconds after which a task still in progress is stale."""

Expression = sa.ColumnElement[Any]


@dataclass(frozen=True, slots=True)
class CleanRows:
    """A relation's cleaned rows: named expressions over its view, and the predicates that select among them."""

    relation: str
    columns: Mapping[str, Expression]
    table: sa.Table
    id_column: Expression
    campaign_column: Expression
    created_at: Expression
    updated_at: Expression
    live: Expression

    @property
    def fetched(self) -> tuple[str, ...]:
        """Names of the columns that the ledger needs of a changed row, in the order of `select`."""
        return tuple(name for name in self.columns if name not in _ONLY_IN_TOTALS)

    def select(self, *where: Expression) -> sa.Select[Any]:
        """The rows the ledger folds."""
        names = self.fetched
        return sa.select(*(self.columns[name].label(name) for name in names)).select_from(self.table).where(*where)

    def of_campaigns(self, same_type: str | None) -> Expression:
        """Rows of the campaigns in `:campaigns`, whose ids are of this type in both relations (else as text)."""
        return _one_of(self.campaign_column, same_type, CAMPAIGNS)

    def of_keys(self, typname: str) -> Expression:
        """Rows with the ids in `:row_keys`."""
        return _one_of(self.id_column, typname, ROW_KEYS)

    def settled(self) -> Expression:
        """Rows that are over and rest: their totals are kept, they are not."""
        return sa.not_(self.remembered())

    def remembered(self) -> Expression:
        """Rows that can still change, one by one: live, or stamped lately (a null or odd stamp included)."""
        rests = sa.and_(
            self.updated_at >= _EARLIEST,
            self.updated_at < sa.func.to_timestamp(SETTLED_BEFORE),
            self.created_at >= _EARLIEST,
            self.created_at <= sa.func.to_timestamp(NOW),
            sa.not_(sa.func.coalesce(self.live, sa.false())),
        )
        return sa.not_(sa.func.coalesce(rests, sa.false()))

    def stamped(self, low: Expression, high: Expression) -> Expression:
        """Rows stamped from `low` to before `high`: the change query, served by an index on `updated_at`."""
        return sa.and_(self.updated_at >= low, self.updated_at < high)


ID_TYPES: Mapping[str, sa.types.TypeEngine[Any]] = {
    "uuid": sa.Uuid(as_uuid=False),
    "int2": sa.SmallInteger(),
    "int4": sa.Integer(),
    "int8": sa.BigInteger(),
    "text": sa.Text(),
    "varchar": sa.Text(),
}
"""Types of ids that are compared as themselves, so that their index serves; any other is compared as text."""


def _one_of(column: Expression, typname: str | None, texts: sa.BindParameter[Any]) -> Expression:
    """Whether the column is one of some ids given as texts: cast to its own type, so that its index serves."""
    kind = ID_TYPES.get(typname or "")
    if kind is None:
        return sa.cast(column, sa.Text) == sa.any_(texts)
    return column == sa.any_(sa.cast(texts, sa.ARRAY(kind)))


def _seconds(column: Expression) -> Expression:
    """Seconds since 1970 as a double: exact to the microsecond until 2200, null outside 1970 to 2200."""
    return sa.case(
        (sa.and_(column >= _EARLIEST, column < _LATEST), sa.func.date_part("epoch", column)), else_=sa.null()
    )


def _minute(seconds: Expression) -> Expression:
    return sa.cast(sa.func.floor(seconds / 60.0), sa.Integer)


def _hour(seconds: Expression) -> Expression:
    """The whole hour since 1970 of a moment; null before the `HOURS_BACK` hours that end with the current one."""
    hour = sa.cast(sa.func.floor(seconds / 3600.0), sa.Integer)
    first = sa.cast(sa.func.floor(NOW / 3600.0), sa.Integer) - HOURS_BACK
    return sa.case((hour > first, hour), else_=sa.null())


_TALK, _SCORE, _COST = (0, 86_400), (0, 100), (0, MICRO)


def _within(column: Expression, low: float, high: float) -> Expression:
    return sa.and_(column >= low, column <= high)


def _micro(column: Expression, low: float, high: float) -> Expression:
    """Whole millionths of a number within [low, high]; null outside (NaN sorts above every number)."""
    number = sa.cast(column, sa.Numeric)
    return sa.case(
        (
            _within(column, low, high),
            sa.cast(sa.func.round(number * MICRO), sa.BigInteger),
        ),
        else_=sa.null(),
    )


def _text(column: Expression) -> Expression:
    """A text, cut so that a hostile value costs little; an empty one is none."""
    return sa.func.nullif(sa.func.left(sa.cast(column, sa.Text), _TEXT_LIMIT), "")


def _id(available: Available, relation: str, name: str) -> Expression:
    """An id as PostgreSQL sends it fastest: whole numbers as they are, everything else as text."""
    column = available.column(relation, name)
    if available.types[relation].get(name) in {"int2", "int4", "int8"}:
        return sa.cast(column, sa.BigInteger)
    if available.types[relation].get(name) == "uuid":  # its 16 bytes: half the memory of its text
        return sa.func.uuid_send(column)
    return sa.cast(column, sa.Text)


def _bucket(micro: Expression, bounds: Sequence[int]) -> Expression:
    """Index of the first bound that is not below the value, `len(bounds)` above all (Prometheus's `le`).

    `width_bucket` counts the bounds at or below a value; negated, that counts those at or above it.
    """
    negated = sa.cast(sa.literal([-bound * MICRO for bound in reversed(bounds)]), sa.ARRAY(sa.BigInteger))
    return len(bounds) - sa.func.width_bucket(-micro, negated)


def _broken(rules: Sequence[str], violated: Mapping[str, Expression]) -> Expression:
    """The rules a row breaks, as bits."""
    total: Expression = sa.literal(0)
    for bit, rule in enumerate(rules):
        total = total + sa.case((violated[rule], 1 << bit), else_=0)
    return sa.cast(total, sa.Integer)


def _in_time(column: Expression) -> Expression:
    return sa.and_(column >= _EARLIEST, column < _LATEST)


def _outside(within: Expression) -> Expression:
    """Whether a value is there but not within its range; of nothing, this is null, which is no."""
    return sa.not_(within)


def _bad_stamp(column: Expression) -> Expression:
    fine = sa.and_(column >= _EARLIEST, column < sa.func.to_timestamp(NOW + STAMP_FUTURE_SECONDS))
    return sa.not_(sa.func.coalesce(fine, sa.false()))


def _no_time(column: Expression) -> Expression:
    return sa.not_(sa.func.coalesce(_in_time(column), sa.false()))


def task_rows(available: Available) -> CleanRows:
    """The cleaned rows of `tasks`."""

    def raw(name: str) -> Expression:
        return available.column("tasks", name)

    pending = raw("status").cast(sa.Text) == "pending"
    in_progress = raw("status").cast(sa.Text) == "in_progress"
    finished = sa.or_(*(raw("status").cast(sa.Text) == status for status in FINISHED_TASK_STATUSES))
    eligible = _seconds(raw("next_eligible_at"))
    created = _seconds(raw("created_at"))
    updated = _seconds(raw("updated_at"))
    attempted = _seconds(raw("last_attempted_at"))
    since = sa.func.coalesce(attempted, updated)
    retries = sa.case(
        (sa.and_(raw("system_retries") >= 0, raw("system_retries") <= MICRO), raw("system_retries")), else_=0
    )
    blocker = _text(raw("blocker"))
    due_in = sa.func.coalesce(eligible, 0.0) - NOW
    violated = {
        "attempts": sa.not_(sa.func.coalesce(raw("attempts").between(0, MICRO), sa.false())),
        "max_attempts": sa.not_(sa.func.coalesce(raw("max_attempts").between(0, MICRO), sa.false())),
        "system_retries": sa.not_(sa.func.coalesce(raw("system_retries"), 0).between(0, MICRO)),
        "next_eligible_at": _outside(_in_time(raw("next_eligible_at"))),
        "last_attempted_at": _outside(_in_time(raw("last_attempted_at"))),
        "created_at": _no_time(raw("created_at")),
        "updated_at": _bad_stamp(raw("updated_at")),
    }
    columns = {
        "id": _id(available, "tasks", "task_id"),
        "campaign": sa.cast(raw("campaign_id"), sa.Text),
        "status": sa.func.coalesce(_text(raw("status")), OTHER),
        "blocker": sa.case((pending, blocker), else_=sa.null()),
        "eligible": sa.case((pending, eligible), else_=sa.null()),
        # In progress: since when. Finished: when, as far as is told.
        "since": sa.case((sa.or_(in_progress, finished), since), else_=sa.null()),
        "retries_micro": sa.cast(retries, sa.BigInteger) * MICRO,
        "disposition": _text(raw("disposition")),
        "variant": _text(raw("variant")),
        "goal_micro": sa.case((raw("goal_met"), MICRO), else_=0),
        "finished_micro": sa.case((finished, MICRO), else_=0),
        "created": created,
        "updated": updated,
        "broken": _broken(_TASK_RULES, violated),
        # Only totals by GROUP BY need these: of a single row the ledger works them out as time goes by.
        "effective": sa.case(
            (sa.not_(pending), sa.null()),
            (blocker.is_not(None), blocker),
            (due_in > 0, "retry_wait"),
            else_="none",
        ),
        "band": sa.case(
            (sa.not_(pending), sa.null()),
            *((due_in <= seconds, band) for band, (_, seconds) in enumerate(HORIZONS)),
            else_=len(HORIZONS),
        ),
        "ready_minute": sa.case(
            (
                sa.and_(pending, blocker.is_(None), due_in <= 0),
                _minute(sa.func.coalesce(eligible, created)),
            ),
            else_=sa.null(),
        ),
        "since_minute": sa.case((in_progress, _minute(since)), else_=sa.null()),
        "hour": sa.case((finished, _hour(since)), else_=sa.null()),
        "stale": sa.case((sa.and_(in_progress, since <= NOW - STALE_AFTER), 1), else_=sa.null()),
    }
    return CleanRows(
        "tasks",
        MappingProxyType(columns),
        available.tables["tasks"],
        raw("task_id"),
        raw("campaign_id"),
        raw("created_at"),
        raw("updated_at"),
        live=sa.or_(*(raw("status").cast(sa.Text) == status for status in LIVE_TASK_STATUSES)),
    )


def call_rows(available: Available) -> CleanRows:
    """The cleaned rows of `calls`."""

    def raw(name: str) -> Expression:
        return available.column("calls", name)

    outcome = sa.func.coalesce(_text(raw("outcome")), OTHER)
    settled = sa.func.coalesce(raw("outcome").cast(sa.Text) != "in_progress", sa.true())
    answered = raw("outcome").cast(sa.Text) == "answered"
    started = _seconds(raw("started_at"))
    eligible = _seconds(raw("eligible_at"))
    talk = _micro(raw("talk_seconds"), *_TALK)
    score = _micro(raw("score"), *_SCORE)
    ai_cost = _micro(raw("ai_cost"), *_COST)
    telephony_cost = _micro(raw("telephony_cost"), *_COST)
    # Clocks of two servers may differ: up to a minute early counts as no delay at all.
    wait = started - eligible
    delay = sa.case(
        (wait.between(-60, 30 * 86_400), sa.cast(sa.func.greatest(wait, 0.0) * MICRO, sa.BigInteger)),
        else_=sa.null(),
    )
    talk_counted = sa.case((answered, talk), else_=sa.null())
    score_counted = sa.case((settled, score), else_=sa.null())
    violated = {
        "attempt": sa.not_(sa.func.coalesce(raw("attempt").between(1, MICRO), sa.false())),
        "talk_seconds": _outside(_within(raw("talk_seconds"), *_TALK)),
        "score": _outside(_within(raw("score"), *_SCORE)),
        "ai_cost": _outside(_within(raw("ai_cost"), *_COST)),
        "telephony_cost": _outside(_within(raw("telephony_cost"), *_COST)),
        "eligible_at": sa.or_(
            _outside(_in_time(raw("eligible_at"))),
            sa.and_(_in_time(raw("started_at")), _in_time(raw("eligible_at")), sa.not_(wait.between(-60, 30 * 86_400))),
        ),
        "started_at": _no_time(raw("started_at")),
        "created_at": _no_time(raw("created_at")),
        "updated_at": _bad_stamp(raw("updated_at")),
        "task_id": raw("task_id").is_(None),
    }
    columns = {
        "id": _id(available, "calls", "call_id"),
        "campaign": sa.cast(raw("campaign_id"), sa.Text),
        "task": sa.func.left(sa.cast(raw("task_id"), sa.Text), 64),
        "outcome": outcome,
        "attempt": sa.case((raw("attempt").between(1, 1000), sa.cast(raw("attempt"), sa.Integer)), else_=0),
        "number": _text(raw("number_id")),
        "variant": _text(raw("variant")),
        "provider": sa.case((raw("error_code").is_not(None), _text(raw("provider"))), else_=sa.null()),
        "error": _text(raw("error_code")),
        "sentiment": _text(raw("sentiment")),
        "talk_bucket": _bucket(talk_counted, TALK_BUCKETS),
        "talk_micro": talk_counted,
        "score_bucket": _bucket(score_counted, SCORE_BUCKETS),
        "score_micro": score_counted,
        "delay_bucket": _bucket(delay, DELAY_BUCKETS),
        "delay_micro": delay,
        "silent": sa.case((sa.and_(answered, raw("agent_spoke_at").is_(None)), 1), else_=sa.null()),
        "answered_micro": sa.case((answered, MICRO), else_=0),
        "ai_micro": sa.func.coalesce(ai_cost, 0),
        "telephony_micro": sa.func.coalesce(telephony_cost, 0),
        "started": started,
        "created": _seconds(raw("created_at")),
        "updated": _seconds(raw("updated_at")),
        "broken": _broken(_CALL_RULES, violated),
        "hour": _hour(started),
        "outside_minute": _minute(started),
        # Days of the campaign's tenant, counted from 1970; see `days`.
        "day": sa.case(
            *((sa.and_(started >= low, started < high), day) for day, low, high in _day_bounds()),
            else_=sa.null(),
        ),
    }
    return CleanRows(
        "calls",
        MappingProxyType(columns),
        available.tables["calls"],
        raw("call_id"),
        raw("campaign_id"),
        raw("created_at"),
        raw("updated_at"),
        live=raw("outcome").cast(sa.Text) == "in_progress",
    )


def _day_bounds() -> tuple[tuple[Expression, Expression, Expression], ...]:
    """Two days, today and the next, each as (ordinal, first second, first second of the day after)."""
    names = ("midnight_0", "midnight_1", "midnight_2")
    midnights = [sa.bindparam(name, type_=sa.Double) for name in names]
    today = sa.bindparam("today", type_=sa.Integer)
    return ((today, midnights[0], midnights[1]), (today + 1, midnights[1], midnights[2]))


_ONLY_IN_TOTALS = frozenset(
    {"effective", "band", "ready_minute", "since_minute", "stale", "day", "hour", "outside_minute"}
)
