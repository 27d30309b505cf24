"""Tasks as cleaned rows: each column as SQL. Amounts are whole millionths (`*_micro`); times are seconds since 1970."""

from __future__ import annotations

import functools
from collections.abc import Mapping

import sqlalchemy as sa

from exporter.contract.availability import Available
from exporter.contract.codes import EXHAUSTED, FINISHED_TASK_STATUSES, LIVE_TASK_STATUSES, OTHER, READY, RETRY_WAIT
from exporter.source.clean_rows import CleanRows, Parts, Raw
from exporter.source.cleaning import (
    NOW,
    Expression,
    bad_stamp,
    broken_bits,
    clean_text,
    id_kind,
    id_value,
    in_time,
    mark,
    minute,
    no_time,
    outside,
    recent_hour,
    seconds,
    stamp,
    told_bits,
    whole,
)
from exporter.source.columns import HORIZONS, MICRO, RULES

STALE_AFTER = sa.bindparam("stale_after", type_=sa.Double)
"""Seconds after which a task still in progress is stale."""

CAMPAIGN_ATTEMPTS = sa.bindparam("campaign_attempts", type_=sa.BigInteger)
"""What the one campaign that is counted allows a task that has no maximum of its own; null: nothing is told."""


def task_rows(available: Available) -> CleanRows:
    """The cleaned rows of `tasks`."""

    def raw(name: str) -> Expression:
        return available.column("tasks", name)

    updated = stamp(available, "tasks", "created_at", "last_attempted_at")
    return CleanRows(
        "tasks",
        raw,
        _parts(raw, updated),
        functools.partial(_columns, available),
        available.tables["tasks"],
        id_kind(available, "tasks", "task_id"),
        raw("task_id"),
        raw("campaign_id"),
        raw("created_at"),
        updated,
        live=sa.or_(*(raw("status").cast(sa.Text) == status for status in LIVE_TASK_STATUSES)),
    )


def _parts(raw: Raw, updated: Expression) -> Parts:
    return {
        "blocker": clean_text(raw("blocker")),
        "disposition": clean_text(raw("disposition")),
        "variant": clean_text(raw("variant")),
        "attempts": sa.case((whole(raw("attempts"), 0, MICRO), sa.cast(raw("attempts"), sa.Integer)), else_=sa.null()),
        # A maximum that makes no sense allows whatever it likes, as 0 does: a null leaves the word to the campaign.
        "most": sa.case(
            (raw("max_attempts").is_(None), sa.null()),
            (whole(raw("max_attempts"), 0, MICRO), sa.cast(raw("max_attempts"), sa.Integer)),
            else_=0,
        ),
        "retries": sa.case((whole(raw("system_retries"), 0, MICRO), raw("system_retries")), else_=sa.null()),
        "eligible": seconds(raw("next_eligible_at")),
        "attempted": seconds(raw("last_attempted_at")),
        "created": seconds(raw("created_at")),
        "updated": seconds(updated),
    }


def _columns(available: Available, raw: Raw, parts: Parts) -> Mapping[str, Expression]:
    pending = raw("status").cast(sa.Text) == "pending"
    in_progress = raw("status").cast(sa.Text) == "in_progress"
    finished = sa.or_(*(raw("status").cast(sa.Text) == status for status in FINISHED_TASK_STATUSES))
    eligible, blocker, attempts, most = (parts[name] for name in ("eligible", "blocker", "attempts", "most"))
    stamped = "tasks" not in available.counted
    since = sa.func.coalesce(parts["attempted"], parts["updated"]) if stamped else parts["attempted"]
    allowed = sa.func.coalesce(most, CAMPAIGN_ATTEMPTS)
    exhausted = sa.func.coalesce(sa.and_(pending, blocker.is_(None), allowed > 0, attempts >= allowed), sa.false())
    due_in = sa.func.coalesce(eligible, 0.0) - NOW
    violated = {
        "attempts": sa.not_(sa.func.coalesce(whole(raw("attempts"), 0, MICRO), sa.false())),
        "max_attempts": outside(whole(raw("max_attempts"), 0, MICRO)),
        "attempts_made": sa.and_(most > 0, attempts > most),
        "system_retries": outside(whole(raw("system_retries"), 0, MICRO)),
        "next_eligible_at": outside(in_time(raw("next_eligible_at"))),
        "last_attempted_at": outside(in_time(raw("last_attempted_at"))),
        "created_at": no_time(raw("created_at")),
        "updated_at": bad_stamp(raw("updated_at")) if stamped else sa.false(),
    }
    filled = {
        "disposition": parts["disposition"],
        "variant": parts["variant"],
        "system_retries": parts["retries"],
        "goal_met": raw("goal_met"),
    }
    return {
        "id": id_value(raw("task_id"), id_kind(available, "tasks", "task_id")),
        "campaign": sa.cast(raw("campaign_id"), sa.Text),
        "status": sa.func.coalesce(clean_text(raw("status")), OTHER),
        "blocker": sa.case((pending, blocker), else_=sa.null()),
        "eligible": sa.case((pending, eligible), else_=sa.null()),
        "attempts": sa.case((pending, attempts), else_=sa.null()),
        "most": sa.case((pending, most), else_=sa.null()),
        # In progress: since when. Finished: when, as far as is told.
        "since": sa.case((sa.or_(in_progress, finished), since), else_=sa.null()),
        "retries_micro": sa.func.coalesce(sa.cast(parts["retries"], sa.BigInteger), 0) * MICRO,
        "disposition": parts["disposition"],
        "variant": parts["variant"],
        "goal_micro": sa.case((raw("goal_met"), MICRO), else_=0),
        "finished_micro": sa.case((finished, MICRO), else_=0),
        "created": parts["created"],
        "updated": parts["updated"],
        "mark": mark(parts["updated"]),
        "untouched": sa.case((sa.and_(pending, attempts == 0), 1), else_=sa.null()),
        "broken": broken_bits(RULES["tasks"], violated),
        "told": told_bits("tasks", filled),
        # Only totals by GROUP BY need these: of a single row the ledger works them out as time goes by.
        "effective": sa.case(
            (sa.not_(pending), sa.null()),
            (blocker.is_not(None), blocker),
            (exhausted, EXHAUSTED),
            (due_in > 0, RETRY_WAIT),
            else_=READY,
        ),
        "band": sa.case(
            (sa.not_(pending), sa.null()),
            *((due_in <= ahead, band) for band, (_, ahead) in enumerate(HORIZONS)),
            else_=len(HORIZONS),
        ),
        "ready_minute": sa.case(
            (
                sa.and_(pending, blocker.is_(None), sa.not_(exhausted), due_in <= 0),
                minute(sa.func.coalesce(eligible, parts["created"])),
            ),
            else_=sa.null(),
        ),
        "since_minute": sa.case((in_progress, minute(since)), else_=sa.null()),
        "hour": sa.case((finished, recent_hour(since)), else_=sa.null()),
        "stale": sa.case((sa.and_(in_progress, since <= NOW - STALE_AFTER), 1), else_=sa.null()),
    }
