"""Every family by plain SQL over the contract's tables: what the ledger must equal at the same instant.

Written for reading, one statement a family, and on purpose without anything of the exporter's own SQL.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from functools import lru_cache
from typing import Any

import psycopg

from exporter.contract.error_codes import fault_of
from exporter.metrics.snapshot import Snapshot

Series = tuple[str, tuple[tuple[str, str], ...]]
"""A sample's name and its sorted labels."""

Samples = dict[Series, float]

_EXPORTED = """
WITH exported AS (
    SELECT tenant_id::text AS tenant, campaign_id AS id, status IN ('completed', 'cancelled') AS ended,
           campaign_id::text AS campaign,
           coalesce(currency, 'XXX') AS currency, max_attempts AS allowed, timezone, call_windows
    FROM campaign_monitoring.campaigns
    WHERE status <> 'draft'
), task AS (
    SELECT e.tenant, e.campaign, e.currency, e.allowed, e.ended, t.*
    FROM campaign_monitoring.tasks AS t JOIN exported AS e ON e.id = t.campaign_id
), call AS (
    SELECT e.tenant, e.campaign, e.currency, e.timezone, e.call_windows, c.*
    FROM campaign_monitoring.calls AS c JOIN exported AS e ON e.id = c.campaign_id
), waiting AS (
    SELECT *, CASE WHEN blocker <> '' THEN blocker
                   WHEN coalesce(max_attempts, allowed) > 0 AND attempts >= coalesce(max_attempts, allowed)
                       THEN 'attempts_exhausted'
                   WHEN next_eligible_at > %(now)s THEN 'retry_wait'
                   ELSE 'none' END AS effective
    FROM task WHERE status = 'pending'
)
"""

_WORD_BOUNDS = "unnest(ARRAY['0.5', '1.0', '1.5', '2.0', '3.0', '5.0', '10.0', 'Infinity']) AS bound (le)"

_RING_BOUNDS = "unnest(ARRAY['5.0', '10.0', '15.0', '20.0', '30.0', '45.0', 'Infinity']) AS bound (le)"

_PERIOD = """
, heard AS (
    SELECT call.* FROM call
    JOIN campaign_monitoring.campaigns AS c ON c.campaign_id::text = call.campaign
    CROSS JOIN LATERAL (
        SELECT (%(now)s AT TIME ZONE 'UTC')::date AS today, (c.started_at AT TIME ZONE 'UTC')::date AS first) AS day
    WHERE c.started_at <= %(now)s AND outcome IN ('answered', 'abandoned') AND answered_at IS NOT NULL
      AND (call.started_at AT TIME ZONE 'UTC')::date >= today - (today - first) %% 30
      AND EXISTS (SELECT FROM call AS other WHERE other.campaign = call.campaign AND other.agent_spoke_at IS NOT NULL)
)
"""

_BY_LABELS: Mapping[str, str] = {
    "campaign_tasks": "SELECT tenant, campaign, status, count(*) FROM task GROUP BY 1, 2, 3",
    "campaign_list_tasks": """
        SELECT tenant, campaign, CASE WHEN status = 'pending' AND attempts = 0 THEN 'untouched'
                                      WHEN status IN ('pending', 'in_progress') THEN 'in_circulation'
                                      ELSE 'worked_out' END AS state, count(*)
        FROM task GROUP BY 1, 2, 3""",
    "campaign_tasks_blocked": """
        SELECT tenant, campaign, effective AS blocker, count(*) FROM waiting GROUP BY 1, 2, 3""",
    "campaign_tasks_eligible_within": """
        SELECT tenant, campaign, horizon, count(*)
        FROM waiting
        CROSS JOIN (VALUES ('now', interval '0'), ('5m', interval '5 min'), ('15m', interval '15 min'),
                           ('1h', interval '1 hour'), ('4h', interval '4 hours'), ('24h', interval '24 hours'))
             AS horizons (horizon, ahead)
        WHERE NOT ended
          AND effective IN ('none', 'retry_wait') AND (next_eligible_at IS NULL OR next_eligible_at <= %(now)s + ahead)
        GROUP BY 1, 2, 3""",
    "campaign_task_oldest_ready_timestamp_seconds": """
        SELECT tenant, campaign,
               extract(epoch FROM date_trunc('minute', min(coalesce(next_eligible_at, created_at))))
        FROM waiting WHERE effective = 'none' AND NOT ended GROUP BY 1, 2""",
    "campaign_task_oldest_in_progress_timestamp_seconds": """
        SELECT tenant, campaign, extract(epoch FROM date_trunc('minute', min(coalesce(last_attempted_at, updated_at))))
        FROM task WHERE status = 'in_progress' AND NOT ended GROUP BY 1, 2""",
    "campaign_tasks_in_progress_stale": """
        SELECT tenant, campaign, count(*) FROM task
        WHERE status = 'in_progress'
          AND extract(epoch FROM coalesce(last_attempted_at, updated_at))::float8 <= %(now_seconds)s - %(stale_after)s
        GROUP BY 1, 2""",
    "campaign_task_system_retries_total": "SELECT tenant, campaign, sum(system_retries) FROM task GROUP BY 1, 2",
    "campaign_task_dispositions": """
        SELECT tenant, campaign, disposition, count(*) FROM task WHERE disposition IS NOT NULL GROUP BY 1, 2, 3""",
    "campaign_calls_total": """
        SELECT tenant, campaign, outcome, count(*) FROM call WHERE outcome <> 'in_progress' GROUP BY 1, 2, 3""",
    "campaign_calls_outside_window_total": """
        SELECT tenant, campaign, count(*) FROM call
        CROSS JOIN LATERAL (SELECT started_at AT TIME ZONE timezone AS local) AS clock
        WHERE jsonb_typeof(call_windows) = 'array' AND NOT EXISTS (
            SELECT FROM jsonb_to_recordset(call_windows) AS w (days jsonb, start text, "end" text)
            WHERE w.days ? to_char(local, 'dy') AND to_char(local, 'HH24:MI') >= w.start
              AND to_char(local, 'HH24:MI') < w."end")
        GROUP BY 1, 2""",
    "campaign_calls_in_progress": """
        SELECT tenant, campaign, count(*) FROM call WHERE outcome = 'in_progress' GROUP BY 1, 2""",
    "campaign_call_talk_seconds_count": """
        SELECT tenant, campaign, count(*) FROM call
        WHERE outcome = 'answered' AND talk_seconds IS NOT NULL GROUP BY 1, 2""",
    "campaign_call_talk_seconds_sum": """
        SELECT tenant, campaign, sum(talk_seconds) FROM call WHERE outcome = 'answered' GROUP BY 1, 2""",
    "campaign_call_talk_seconds_bucket": """
        SELECT tenant, campaign, le, count(*) FROM call
        CROSS JOIN unnest(ARRAY['1.0', '3.0', '6.0', '10.0', '15.0', '30.0', '60.0', '120.0', '180.0', '300.0',
                                '600.0', '1200.0', 'Infinity']) AS bound (le)
        WHERE outcome = 'answered' AND talk_seconds <= le::float8 GROUP BY 1, 2, 3""",
    "campaign_call_score_count": """
        SELECT tenant, campaign, count(*) FROM call
        WHERE outcome <> 'in_progress' AND score IS NOT NULL GROUP BY 1, 2""",
    "campaign_call_score_sum": """
        SELECT tenant, campaign, sum(score) FROM call WHERE outcome <> 'in_progress' GROUP BY 1, 2""",
    "campaign_call_dispatch_delay_seconds_count": """
        SELECT tenant, campaign, count(*) FROM call WHERE eligible_at IS NOT NULL GROUP BY 1, 2""",
    "campaign_call_dispatch_delay_seconds_bucket": """
        SELECT tenant, campaign, le, count(*) FROM call
        CROSS JOIN unnest(ARRAY['1.0', '5.0', '15.0', '30.0', '60.0', '120.0', '300.0', '600.0', '1800.0', '3600.0',
                                '14400.0', '86400.0', 'Infinity']) AS bound (le)
        WHERE started_at - eligible_at <= CASE le WHEN 'Infinity' THEN interval '1000 days'
                                                  ELSE le::float8 * interval '1 second' END
        GROUP BY 1, 2, 3""",
    "campaign_calls_silent_total": """
        SELECT tenant, campaign, count(*) FROM call
        WHERE outcome = 'answered' AND agent_spoke_at IS NULL
          AND campaign IN (SELECT campaign FROM call WHERE agent_spoke_at IS NOT NULL) GROUP BY 1, 2""",
    "campaign_call_first_word_seconds_count": """
        SELECT tenant, campaign, count(*) FROM call
        WHERE outcome = 'answered' AND answered_at IS NOT NULL AND agent_spoke_at IS NOT NULL GROUP BY 1, 2""",
    "campaign_call_first_word_seconds_sum": """
        SELECT tenant, campaign, sum(extract(epoch FROM agent_spoke_at - answered_at)) FROM call
        WHERE outcome = 'answered' GROUP BY 1, 2""",
    "campaign_call_first_word_seconds_bucket": f"""
        SELECT tenant, campaign, le, count(*) FROM call CROSS JOIN {_WORD_BOUNDS}
        WHERE outcome = 'answered' AND agent_spoke_at - answered_at <= least(le::float8, 1e6) * interval '1 second'
        GROUP BY 1, 2, 3""",
    "campaign_variant_first_word_seconds_count": """
        SELECT tenant, campaign, variant, count(*) FROM call
        WHERE outcome = 'answered' AND answered_at IS NOT NULL AND agent_spoke_at IS NOT NULL AND variant IS NOT NULL
        GROUP BY 1, 2, 3""",
    "campaign_variant_first_word_seconds_sum": """
        SELECT tenant, campaign, variant, sum(extract(epoch FROM agent_spoke_at - answered_at)) FROM call
        WHERE outcome = 'answered' AND variant IS NOT NULL GROUP BY 1, 2, 3""",
    "campaign_variant_first_word_seconds_bucket": f"""
        SELECT tenant, campaign, variant, le, count(*) FROM call CROSS JOIN {_WORD_BOUNDS}
        WHERE outcome = 'answered' AND variant IS NOT NULL
          AND agent_spoke_at - answered_at <= least(le::float8, 1e6) * interval '1 second'
        GROUP BY 1, 2, 3, 4""",
    "campaign_abandonment_period_answered": f"{_PERIOD} SELECT tenant, campaign, count(*) FROM heard GROUP BY 1, 2",
    "campaign_abandonment_period_abandoned": f"""{_PERIOD}
        SELECT tenant, campaign, count(*) FROM heard
        WHERE agent_spoke_at - answered_at > interval '2 s'
           OR agent_spoke_at IS NULL AND (ended_at IS NULL OR ended_at - answered_at >= interval '2 s')
        GROUP BY 1, 2""",
    "campaign_call_ring_seconds_count": """
        SELECT tenant, campaign, count(*) FROM call
        WHERE outcome <> 'in_progress' AND answered_at - started_at BETWEEN '-1 min' AND '1 day' GROUP BY 1, 2""",
    "campaign_call_ring_seconds_sum": """
        SELECT tenant, campaign, sum(greatest(extract(epoch FROM answered_at - started_at), 0)) FROM call
        WHERE outcome <> 'in_progress' AND answered_at - started_at BETWEEN '-1 min' AND '1 day' GROUP BY 1, 2""",
    "campaign_call_ring_seconds_bucket": f"""
        SELECT tenant, campaign, le, count(*) FROM call CROSS JOIN {_RING_BOUNDS}
        WHERE outcome <> 'in_progress' AND answered_at - started_at BETWEEN '-1 min' AND '1 day'
          AND answered_at - started_at <= least(le::float8, 1e6) * interval '1 second'
        GROUP BY 1, 2, 3""",
    "campaign_call_unanswered_ring_seconds_count": """
        SELECT tenant, campaign, count(*) FROM call
        WHERE outcome = 'no_answer' AND ended_at IS NOT NULL GROUP BY 1, 2""",
    "campaign_call_unanswered_ring_seconds_sum": """
        SELECT tenant, campaign, sum(extract(epoch FROM ended_at - started_at)) FROM call
        WHERE outcome = 'no_answer' GROUP BY 1, 2""",
    "campaign_call_unanswered_ring_seconds_bucket": f"""
        SELECT tenant, campaign, le, count(*) FROM call CROSS JOIN {_RING_BOUNDS}
        WHERE outcome = 'no_answer' AND ended_at - started_at <= least(le::float8, 1e6) * interval '1 second'
        GROUP BY 1, 2, 3""",
    "campaign_calls_cut_short_total": """
        SELECT tenant, campaign, count(*) FROM call
        WHERE outcome = 'no_answer' AND ended_at < started_at + interval '15 seconds' GROUP BY 1, 2""",
    "campaign_call_errors_total": """
        SELECT tenant, campaign, error_code AS code, coalesce(provider, '') AS provider, count(*)
        FROM call WHERE error_code IS NOT NULL AND outcome NOT IN ('answered', 'abandoned', 'voicemail')
        GROUP BY 1, 2, 3, 4""",
    "campaign_call_cost_total": """
        SELECT tenant, campaign, component, currency, sum(CASE component WHEN 'ai' THEN ai_cost ELSE telephony_cost END)
        FROM call CROSS JOIN (VALUES ('ai'), ('telephony')) AS part (component) GROUP BY 1, 2, 3, 4""",
    "campaign_call_sentiment_total": """
        SELECT tenant, campaign, sentiment, count(*) FROM call WHERE sentiment IS NOT NULL GROUP BY 1, 2, 3""",
    "campaign_attempt_calls_total": """
        SELECT tenant, campaign, attempt::text AS attempt, outcome, count(*) FROM call
        WHERE outcome <> 'in_progress' GROUP BY 1, 2, 3, 4""",
    "campaign_attempt_cost_total": """
        SELECT tenant, campaign, attempt::text AS attempt, currency,
               sum(coalesce(ai_cost, 0) + coalesce(telephony_cost, 0)) FROM call GROUP BY 1, 2, 3, 4""",
    "campaign_variant_calls_total": """
        SELECT tenant, campaign, variant, count(*) FROM call WHERE variant IS NOT NULL GROUP BY 1, 2, 3""",
    "campaign_variant_answers_total": """
        SELECT tenant, campaign, variant, count(*) FROM call
        WHERE variant IS NOT NULL AND outcome = 'answered' GROUP BY 1, 2, 3""",
    "campaign_variant_goals_total": """
        SELECT tenant, campaign, variant, count(*) FROM task
        WHERE variant IS NOT NULL AND goal_met GROUP BY 1, 2, 3""",
    "campaign_variant_cost_total": """
        SELECT tenant, campaign, variant, currency, sum(coalesce(ai_cost, 0) + coalesce(telephony_cost, 0))
        FROM call WHERE variant IS NOT NULL GROUP BY 1, 2, 3, 4""",
    "campaign_number_calls_total": """
        SELECT tenant, campaign, number_id::text AS number, outcome, count(*) FROM call
        WHERE number_id IS NOT NULL AND outcome <> 'in_progress' GROUP BY 1, 2, 3, 4""",
    "campaign_utc_offset_seconds": """
        SELECT tenant, campaign, extract(epoch FROM (%(now)s AT TIME ZONE timezone) - (%(now)s AT TIME ZONE 'UTC'))
        FROM exported WHERE NOT ended""",
    "campaign_number_talk_seconds_total": """
        SELECT tenant, campaign, number_id::text AS number,
               sum(CASE outcome WHEN 'answered' THEN coalesce(talk_seconds, 0) ELSE 0 END) FROM call
        WHERE number_id IS NOT NULL GROUP BY 1, 2, 3""",
    "campaign_number_calls_today": """
        SELECT call.tenant, number_id::text AS number, count(*)
        FROM call LEFT JOIN campaign_monitoring.tenants AS t ON t.tenant_id::text = call.tenant
        WHERE number_id IS NOT NULL
          AND (started_at AT TIME ZONE coalesce(t.timezone, 'UTC'))::date
              = (%(now)s AT TIME ZONE coalesce(t.timezone, 'UTC'))::date
        GROUP BY 1, 2""",
    "campaign_tenant_calls_in_progress": """
        SELECT tenant, count(*) FROM call WHERE outcome = 'in_progress' GROUP BY 1""",
    "campaign_connection_calls_in_progress": """
        SELECT tenant, n.connection_id::text AS connection, count(*)
        FROM call JOIN campaign_monitoring.numbers AS n USING (number_id)
        WHERE outcome = 'in_progress' GROUP BY 1, 2""",
}

NAMES = frozenset(_BY_LABELS)
_LABEL = re.compile(r'(\w+)="([^"\\]*)"')


def expected(connection: psycopg.Connection[Any], now: float, stale_after: float) -> Samples:
    """All samples that are not zero, at `now` (seconds since 1970)."""
    moment = connection.execute("SELECT to_timestamp(%s)", (now,)).fetchone()
    assert moment is not None
    found: Samples = {}
    for name, query in _BY_LABELS.items():
        cursor = connection.execute(
            (_EXPORTED + query).encode(), {"now": moment[0], "now_seconds": now, "stale_after": stale_after}
        )
        assert cursor.description is not None
        labels = [column.name for column in cursor.description[:-1]]
        for *values, value in cursor:
            texts = {label: "+Inf" if text == "Infinity" else text for label, text in zip(labels, values, strict=True)}
            if name == "campaign_call_errors_total":
                texts["fault"] = fault_of(texts["code"])
            if value:
                found[(name, tuple(sorted(texts.items())))] = float(value)
    return found


@lru_cache(maxsize=100_000)
def series(text: str) -> Series | None:
    """A sample's name and labels but for the derived ones, if it is of a family that the oracle knows."""
    name, _, labels = text.partition("{")
    if name not in NAMES:
        return None
    return name, tuple(sorted((key, value) for key, value in _LABEL.findall(labels) if key != "group"))


def samples(snapshot: Snapshot) -> Samples:
    """All samples of the families that the oracle knows, but for zeros."""
    lines = (line.rsplit(" ", 1) for line in snapshot.text.decode().splitlines() if not line.startswith("#"))
    return {known: number for text, value in lines if (known := series(text)) and (number := float(value))}


def differences(ours: Samples, sql: Samples) -> dict[Series, tuple[float, float]]:
    """Samples that are not the same: ours and SQL's."""
    pairs = {key: (ours.get(key, 0.0), sql.get(key, 0.0)) for key in ours.keys() | sql.keys()}
    return {key: pair for key, pair in pairs.items() if not math.isclose(*pair, rel_tol=1e-6, abs_tol=1e-9)}
