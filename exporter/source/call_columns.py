"""Calls as cleaned rows: each column as SQL. Amounts are whole millionths (`*_micro`); times are seconds since 1970."""

from __future__ import annotations

import functools
from collections.abc import Iterable, Mapping

import sqlalchemy as sa

from exporter.contract.availability import Available
from exporter.contract.codes import OTHER, THROUGH_OUTCOMES
from exporter.contract.error_codes import NORMAL_ENDS
from exporter.source.clean_rows import CleanRows, Parts, Raw
from exporter.source.cleaning import (
    Expression,
    bad_stamp,
    broken_bits,
    bucket_of,
    clean_text,
    id_kind,
    id_value,
    in_time,
    mark,
    micro,
    no_time,
    outside,
    recent_day,
    recent_hour,
    seconds,
    stamp,
    told_bits,
    whole,
    within,
)
from exporter.source.closed_calls import was_outside
from exporter.source.columns import (
    DELAY_BUCKETS,
    MICRO,
    RING_BUCKETS,
    RING_SECONDS,
    RULES,
    SCORE_BUCKETS,
    TALK_BUCKETS,
    WORD_BUCKETS,
)

_TALK, _SCORE, _COST = (0, 86_400), (0, 100), (0, MICRO)
_WAIT, _PASSED = (-60, 30 * 86_400), (-60, 86_400)
"""Seconds between two moments. Clocks of two servers may differ: up to a minute early counts as no time at all."""


ABANDONED_AFTER = sa.bindparam("abandoned_after", type_=sa.Double)
ABANDONED_LEAST = sa.bindparam("abandoned_least", type_=sa.Double)
"""Seconds from the answer: a first word that comes later is too late, and who was there for less did not wait."""


def call_rows(available: Available) -> CleanRows:
    """The cleaned rows of `calls`."""

    def raw(name: str) -> Expression:
        return available.column("calls", name)

    updated = stamp(available, "calls", "created_at", "started_at", "answered_at", "ended_at")
    return CleanRows(
        "calls",
        raw,
        _parts(raw, updated),
        functools.partial(_columns, available),
        available.tables["calls"],
        id_kind(available, "calls", "call_id"),
        raw("call_id"),
        raw("campaign_id"),
        raw("created_at"),
        updated,
        live=raw("outcome").cast(sa.Text) == "in_progress",
    )


def _no_error(raw: Raw) -> Expression:
    """Whether what is told as an error is how the call ended: it was taken, by whomever, or the code says so."""
    outcome, code = raw("outcome").cast(sa.Text), sa.func.lower(raw("error_code").cast(sa.Text))
    return sa.or_(_one_of(outcome, THROUGH_OUTCOMES), _one_of(code, sorted(NORMAL_ENDS)))


def _one_of(text: Expression, values: Iterable[str]) -> Expression:
    return text.in_([sa.literal_column(f"'{each}'") for each in values])


def _parts(raw: Raw, updated: Expression) -> Parts:
    return {
        "number": clean_text(raw("number_id")),
        "variant": clean_text(raw("variant")),
        "error": sa.case((_no_error(raw), sa.null()), else_=clean_text(raw("error_code"))),
        "sentiment": clean_text(raw("sentiment")),
        "talk": micro(raw("talk_seconds"), *_TALK),
        "score": micro(raw("score"), *_SCORE),
        "ai_cost": micro(raw("ai_cost"), *_COST),
        "telephony_cost": micro(raw("telephony_cost"), *_COST),
        "eligible": seconds(raw("eligible_at")),
        "started": seconds(raw("started_at")),
        "answered": seconds(raw("answered_at")),
        "ended": seconds(raw("ended_at")),
        "spoke": seconds(raw("agent_spoke_at")),
        "created": seconds(raw("created_at")),
        "updated": seconds(updated),
    }


def _columns(available: Available, raw: Raw, parts: Parts) -> Mapping[str, Expression]:
    settled = sa.func.coalesce(raw("outcome").cast(sa.Text) != "in_progress", sa.true())
    answered = raw("outcome").cast(sa.Text) == "answered"
    started = parts["started"]
    wait, silence = started - parts["eligible"], parts["spoke"] - parts["answered"]
    delay = _between(wait, _WAIT)
    word = sa.case((answered, _between(silence, _PASSED)), else_=sa.null())
    rang, lasted = parts["answered"] - started, parts["ended"] - started
    ring = sa.case((settled, _between(rang, _PASSED)), else_=sa.null())
    in_vain = raw("outcome").cast(sa.Text) == "no_answer"
    unanswered = sa.case((in_vain, _between(lasted, _PASSED)), else_=sa.null())
    spoke = raw("agent_spoke_at")
    by_a_person = sa.or_(answered, raw("outcome").cast(sa.Text) == "abandoned")
    heard = sa.and_(by_a_person, in_time(raw("answered_at")), sa.or_(spoke.is_(None), silence.between(*_PASSED)))
    waited = sa.func.coalesce(parts["ended"] - parts["answered"] >= ABANDONED_LEAST, sa.true())
    abandoned = sa.or_(silence > ABANDONED_AFTER, sa.and_(spoke.is_(None), waited))
    talk_counted = sa.case((answered, parts["talk"]), else_=sa.null())
    score_counted = sa.case((settled, parts["score"]), else_=sa.null())
    violated = {
        "attempt": sa.not_(sa.func.coalesce(whole(raw("attempt"), 1, MICRO), sa.false())),
        "talk_seconds": outside(within(raw("talk_seconds"), *_TALK)),
        "score": outside(within(raw("score"), *_SCORE)),
        "ai_cost": outside(within(raw("ai_cost"), *_COST)),
        "telephony_cost": outside(within(raw("telephony_cost"), *_COST)),
        "eligible_at": sa.or_(
            outside(in_time(raw("eligible_at"))),
            sa.and_(in_time(raw("started_at")), in_time(raw("eligible_at")), sa.not_(wait.between(*_WAIT))),
        ),
        "started_at": no_time(raw("started_at")),
        "created_at": no_time(raw("created_at")),
        "updated_at": sa.false() if "calls" in available.counted else bad_stamp(raw("updated_at")),
        "agent_spoke_at": sa.or_(outside(in_time(raw("agent_spoke_at"))), sa.not_(silence.between(*_PASSED))),
        "answered_at": sa.or_(outside(in_time(raw("answered_at"))), sa.not_(rang.between(*_PASSED))),
        "ended_at": sa.or_(outside(in_time(raw("ended_at"))), sa.not_(lasted.between(*_PASSED))),
    }
    filled = {
        "number_id": parts["number"],
        "variant": parts["variant"],
        "eligible_at": delay,
        "agent_spoke_at": raw("agent_spoke_at"),
        "error_code": parts["error"],
        "talk_seconds": parts["talk"],
        "ai_cost": parts["ai_cost"],
        "telephony_cost": parts["telephony_cost"],
        "sentiment": parts["sentiment"],
        "score": parts["score"],
        "answered_at": raw("answered_at"),
        "ended_at": raw("ended_at"),
    }
    return {
        "id": id_value(raw("call_id"), id_kind(available, "calls", "call_id")),
        "campaign": sa.cast(raw("campaign_id"), sa.Text),
        "task": sa.func.left(sa.cast(raw("task_id"), sa.Text), 64),
        "outcome": sa.func.coalesce(clean_text(raw("outcome")), OTHER),
        "attempt": sa.case((whole(raw("attempt"), 1, 1000), sa.cast(raw("attempt"), sa.Integer)), else_=0),
        "first": sa.case((whole(raw("attempt"), 1, 1), 1), else_=sa.null()),
        "number": parts["number"],
        "variant": parts["variant"],
        "provider": sa.case((parts["error"].is_not(None), clean_text(raw("provider"))), else_=sa.null()),
        "error": parts["error"],
        "sentiment": parts["sentiment"],
        # Only totals by GROUP BY need buckets: of a single row the ledger works them out.
        "talk_bucket": bucket_of(talk_counted, TALK_BUCKETS),
        "talk_micro": talk_counted,
        "score_bucket": bucket_of(score_counted, SCORE_BUCKETS),
        "score_micro": score_counted,
        "delay_bucket": bucket_of(delay, DELAY_BUCKETS),
        "delay_micro": delay,
        "ring_bucket": bucket_of(ring, RING_BUCKETS),
        "ring_micro": ring,
        "unanswered_bucket": bucket_of(unanswered, RING_BUCKETS),
        "unanswered_micro": unanswered,
        "cut_short": sa.case((unanswered < RING_SECONDS * MICRO, 1), else_=sa.null()),
        "word_bucket": bucket_of(word, WORD_BUCKETS),
        "word_micro": word,
        "silent": sa.case((sa.and_(answered, raw("agent_spoke_at").is_(None)), 1), else_=sa.null()),
        "heard": sa.case((heard, 1), else_=sa.null()),
        "heard_day": sa.case((heard, recent_day(started)), else_=sa.null()),
        "abandoned_micro": sa.case((abandoned, MICRO), else_=0),
        "answered_micro": sa.case((answered, MICRO), else_=0),
        "ai_micro": sa.func.coalesce(parts["ai_cost"], 0),
        "telephony_micro": sa.func.coalesce(parts["telephony_cost"], 0),
        "started": started,
        "created": parts["created"],
        "updated": parts["updated"],
        "mark": mark(parts["updated"]),
        "broken": broken_bits(RULES["calls"], violated),
        "told": told_bits("calls", filled),
        "hour": recent_hour(started),
        "outside": was_outside(started),
        # Days of the campaign's tenant, counted from 1970; see `days`.
        "day": sa.case(
            *((sa.and_(started >= low, started < high), day) for day, low, high in _day_bounds()),
            else_=sa.null(),
        ),
    }


def _between(passed: Expression, allowed: tuple[int, int]) -> Expression:
    """Whole millionths of a time that passed; null of one that cannot be."""
    took = sa.cast(sa.func.greatest(passed, 0.0) * MICRO, sa.BigInteger)
    return sa.case((passed.between(*allowed), took), else_=sa.null())


def _day_bounds() -> tuple[tuple[Expression, Expression, Expression], ...]:
    """Two days, today and the next, each as (ordinal, first second, first second of the day after)."""
    names = ("midnight_0", "midnight_1", "midnight_2")
    midnights = [sa.bindparam(name, type_=sa.Double) for name in names]
    today = sa.bindparam("today", type_=sa.Integer)
    return ((today, midnights[0], midnights[1]), (today + 1, midnights[1], midnights[2]))
