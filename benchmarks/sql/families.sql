-- Every family that the exporter serves, as somebody would write it for an exporter that polls: one statement a family,
-- over the contract's views. Labels first, then `value`. Totals are grouped before the tenant is joined, as that is
-- cheaper. A histogram is one statement too, so its sum and count come as further values of `le`.

-- name: campaign_tasks
SELECT c.tenant_id AS tenant, c.campaign_id AS campaign, q.status, q.value
FROM (SELECT campaign_id, status, count(*) AS value
      FROM campaign_monitoring.tasks
      GROUP BY 1, 2) AS q
JOIN campaign_monitoring.campaigns AS c USING (campaign_id)

-- name: campaign_tasks_blocked
SELECT c.tenant_id AS tenant, c.campaign_id AS campaign, blocker, coalesce(q.value, 0) AS value
FROM campaign_monitoring.campaigns AS c
CROSS JOIN unnest(ARRAY[
    'none', 'campaign_paused', 'not_started', 'circuit_breaker_open', 'audience_not_ready', 'invalid_number',
    'timezone_missing', 'dnc', 'consent_missing', 'contact_frequency_cap', 'outside_call_window',
    'no_window_enabled', 'budget_exhausted', 'credits_exhausted', 'campaign_concurrency', 'tenant_concurrency',
    'pool_exhausted', 'connection_limit', 'higher_priority_campaign', 'number_cooldown', 'number_daily_cap',
    'number_flagged', 'no_country_match', 'provider_throttled', 'provider_error', 'provider_auth',
    'network_blocked', 'retry_wait', 'attempts_exhausted'
]) AS blocker
LEFT JOIN (SELECT campaign_id,
                  coalesce(blocker, CASE WHEN attempts >= nullif(max_attempts, 0) THEN 'attempts_exhausted'
                                         WHEN next_eligible_at > now() THEN 'retry_wait' ELSE 'none' END) AS blocker,
                  count(*) AS value
           FROM campaign_monitoring.tasks
           WHERE status = 'pending'
           GROUP BY 1, 2) AS q USING (campaign_id, blocker)

-- name: campaign_tasks_eligible_within
SELECT c.tenant_id AS tenant, c.campaign_id AS campaign, horizon, value
FROM (SELECT campaign_id,
             count(*) FILTER (WHERE due <= now()) AS now,
             count(*) FILTER (WHERE due <= now() + interval '5 minutes') AS m5,
             count(*) FILTER (WHERE due <= now() + interval '15 minutes') AS m15,
             count(*) FILTER (WHERE due <= now() + interval '1 hour') AS h1,
             count(*) FILTER (WHERE due <= now() + interval '4 hours') AS h4,
             count(*) FILTER (WHERE due <= now() + interval '24 hours') AS h24
      FROM (SELECT campaign_id, coalesce(next_eligible_at, created_at) AS due FROM campaign_monitoring.tasks
            WHERE status = 'pending' AND blocker IS NULL) AS pending
      GROUP BY campaign_id) AS q
JOIN campaign_monitoring.campaigns AS c USING (campaign_id)
CROSS JOIN LATERAL (VALUES ('now', now), ('5m', m5), ('15m', m15), ('1h', h1), ('4h', h4), ('24h', h24))
    AS horizons (horizon, value)

-- name: campaign_task_oldest_ready_timestamp_seconds
SELECT c.tenant_id AS tenant, c.campaign_id AS campaign, q.value
FROM (SELECT campaign_id, extract(epoch FROM min(coalesce(next_eligible_at, created_at))) AS value
      FROM campaign_monitoring.tasks
      WHERE status = 'pending' AND blocker IS NULL AND (next_eligible_at IS NULL OR next_eligible_at <= now())
      GROUP BY 1) AS q
JOIN campaign_monitoring.campaigns AS c USING (campaign_id)

-- name: campaign_task_oldest_in_progress_timestamp_seconds
SELECT c.tenant_id AS tenant, c.campaign_id AS campaign, q.value
FROM (SELECT campaign_id, extract(epoch FROM min(coalesce(last_attempted_at, updated_at))) AS value
      FROM campaign_monitoring.tasks
      WHERE status = 'in_progress'
      GROUP BY 1) AS q
JOIN campaign_monitoring.campaigns AS c USING (campaign_id)

-- name: campaign_tasks_in_progress_stale
SELECT c.tenant_id AS tenant, c.campaign_id AS campaign, q.value
FROM (SELECT campaign_id, count(*) AS value
      FROM campaign_monitoring.tasks
      WHERE status = 'in_progress' AND coalesce(last_attempted_at, updated_at) <= now() - interval '30 minutes'
      GROUP BY 1) AS q
JOIN campaign_monitoring.campaigns AS c USING (campaign_id)

-- name: campaign_task_system_retries_total
SELECT c.tenant_id AS tenant, c.campaign_id AS campaign, q.value
FROM (SELECT campaign_id, sum(system_retries) AS value
      FROM campaign_monitoring.tasks
      GROUP BY 1) AS q
JOIN campaign_monitoring.campaigns AS c USING (campaign_id)

-- name: campaign_task_dispositions
SELECT c.tenant_id AS tenant, c.campaign_id AS campaign, q.disposition, q.value
FROM (SELECT campaign_id, disposition, count(*) AS value
      FROM campaign_monitoring.tasks
      WHERE disposition IS NOT NULL
      GROUP BY 1, 2) AS q
JOIN campaign_monitoring.campaigns AS c USING (campaign_id)

-- name: campaign_calls_total
SELECT c.tenant_id AS tenant, c.campaign_id AS campaign, q.outcome, q.value
FROM (SELECT campaign_id, outcome, count(*) AS value
      FROM campaign_monitoring.calls
      WHERE outcome <> 'in_progress'
      GROUP BY 1, 2) AS q
JOIN campaign_monitoring.campaigns AS c USING (campaign_id)

-- name: campaign_calls_in_progress
SELECT c.tenant_id AS tenant, c.campaign_id AS campaign, q.value
FROM (SELECT campaign_id, count(*) AS value
      FROM campaign_monitoring.calls
      WHERE outcome = 'in_progress'
      GROUP BY 1) AS q
JOIN campaign_monitoring.campaigns AS c USING (campaign_id)

-- name: campaign_call_talk_seconds
SELECT c.tenant_id AS tenant, c.campaign_id AS campaign, le, value
FROM (SELECT campaign_id, count(*) AS total, sum(observed) AS observed_sum,
             count(*) FILTER (WHERE observed <= 1) AS b0,
             count(*) FILTER (WHERE observed <= 3) AS b1,
             count(*) FILTER (WHERE observed <= 6) AS b2,
             count(*) FILTER (WHERE observed <= 10) AS b3,
             count(*) FILTER (WHERE observed <= 15) AS b4,
             count(*) FILTER (WHERE observed <= 30) AS b5,
             count(*) FILTER (WHERE observed <= 60) AS b6,
             count(*) FILTER (WHERE observed <= 120) AS b7,
             count(*) FILTER (WHERE observed <= 180) AS b8,
             count(*) FILTER (WHERE observed <= 300) AS b9,
             count(*) FILTER (WHERE observed <= 600) AS b10,
             count(*) FILTER (WHERE observed <= 1200) AS b11
      FROM (SELECT campaign_id, talk_seconds AS observed FROM campaign_monitoring.calls
            WHERE outcome = 'answered' AND talk_seconds IS NOT NULL) AS calls
      GROUP BY campaign_id) AS q
JOIN campaign_monitoring.campaigns AS c USING (campaign_id)
CROSS JOIN LATERAL (VALUES
    ('1.0', b0), ('3.0', b1), ('6.0', b2), ('10.0', b3), ('15.0', b4), ('30.0', b5), ('60.0', b6),
    ('120.0', b7), ('180.0', b8), ('300.0', b9), ('600.0', b10), ('1200.0', b11), ('+Inf', total),
    ('count', total), ('sum', observed_sum)
) AS buckets (le, value)

-- name: campaign_call_score
SELECT c.tenant_id AS tenant, c.campaign_id AS campaign, le, value
FROM (SELECT campaign_id, count(*) AS total, sum(observed) AS observed_sum,
             count(*) FILTER (WHERE observed <= 10) AS b0,
             count(*) FILTER (WHERE observed <= 20) AS b1,
             count(*) FILTER (WHERE observed <= 30) AS b2,
             count(*) FILTER (WHERE observed <= 40) AS b3,
             count(*) FILTER (WHERE observed <= 50) AS b4,
             count(*) FILTER (WHERE observed <= 60) AS b5,
             count(*) FILTER (WHERE observed <= 70) AS b6,
             count(*) FILTER (WHERE observed <= 80) AS b7,
             count(*) FILTER (WHERE observed <= 90) AS b8,
             count(*) FILTER (WHERE observed <= 100) AS b9
      FROM (SELECT campaign_id, score AS observed FROM campaign_monitoring.calls
            WHERE outcome <> 'in_progress' AND score IS NOT NULL) AS calls
      GROUP BY campaign_id) AS q
JOIN campaign_monitoring.campaigns AS c USING (campaign_id)
CROSS JOIN LATERAL (VALUES
    ('10.0', b0), ('20.0', b1), ('30.0', b2), ('40.0', b3), ('50.0', b4), ('60.0', b5), ('70.0', b6),
    ('80.0', b7), ('90.0', b8), ('100.0', b9), ('+Inf', total), ('count', total), ('sum', observed_sum)
) AS buckets (le, value)

-- name: campaign_call_dispatch_delay_seconds
SELECT c.tenant_id AS tenant, c.campaign_id AS campaign, le, value
FROM (SELECT campaign_id, count(*) AS total, sum(observed) AS observed_sum,
             count(*) FILTER (WHERE observed <= 1) AS b0,
             count(*) FILTER (WHERE observed <= 5) AS b1,
             count(*) FILTER (WHERE observed <= 15) AS b2,
             count(*) FILTER (WHERE observed <= 30) AS b3,
             count(*) FILTER (WHERE observed <= 60) AS b4,
             count(*) FILTER (WHERE observed <= 120) AS b5,
             count(*) FILTER (WHERE observed <= 300) AS b6,
             count(*) FILTER (WHERE observed <= 600) AS b7,
             count(*) FILTER (WHERE observed <= 1800) AS b8,
             count(*) FILTER (WHERE observed <= 3600) AS b9,
             count(*) FILTER (WHERE observed <= 14400) AS b10,
             count(*) FILTER (WHERE observed <= 86400) AS b11
      FROM (SELECT campaign_id, extract(epoch FROM started_at - eligible_at) AS observed FROM campaign_monitoring.calls
            WHERE eligible_at IS NOT NULL) AS calls
      GROUP BY campaign_id) AS q
JOIN campaign_monitoring.campaigns AS c USING (campaign_id)
CROSS JOIN LATERAL (VALUES
    ('1.0', b0), ('5.0', b1), ('15.0', b2), ('30.0', b3), ('60.0', b4), ('120.0', b5), ('300.0', b6),
    ('600.0', b7), ('1800.0', b8), ('3600.0', b9), ('14400.0', b10), ('86400.0', b11), ('+Inf', total),
    ('count', total), ('sum', observed_sum)
) AS buckets (le, value)

-- name: campaign_call_first_word_seconds
SELECT c.tenant_id AS tenant, c.campaign_id AS campaign, le, value
FROM (SELECT campaign_id, count(*) AS total, sum(observed) AS observed_sum,
             count(*) FILTER (WHERE observed <= 0.5) AS b0,
             count(*) FILTER (WHERE observed <= 1) AS b1,
             count(*) FILTER (WHERE observed <= 1.5) AS b2,
             count(*) FILTER (WHERE observed <= 2) AS b3,
             count(*) FILTER (WHERE observed <= 3) AS b4,
             count(*) FILTER (WHERE observed <= 5) AS b5,
             count(*) FILTER (WHERE observed <= 10) AS b6
      FROM (SELECT campaign_id, extract(epoch FROM agent_spoke_at - answered_at) AS observed
            FROM campaign_monitoring.calls
            WHERE outcome = 'answered' AND answered_at IS NOT NULL AND agent_spoke_at IS NOT NULL) AS calls
      GROUP BY campaign_id) AS q
JOIN campaign_monitoring.campaigns AS c USING (campaign_id)
CROSS JOIN LATERAL (VALUES
    ('0.5', b0), ('1.0', b1), ('1.5', b2), ('2.0', b3), ('3.0', b4), ('5.0', b5), ('10.0', b6),
    ('+Inf', total), ('count', total), ('sum', observed_sum)
) AS buckets (le, value)

-- name: campaign_call_ring_seconds
SELECT c.tenant_id AS tenant, c.campaign_id AS campaign, le, value
FROM (SELECT campaign_id, count(*) AS total, sum(observed) AS observed_sum,
             count(*) FILTER (WHERE observed <= 5) AS b0,
             count(*) FILTER (WHERE observed <= 10) AS b1,
             count(*) FILTER (WHERE observed <= 15) AS b2,
             count(*) FILTER (WHERE observed <= 20) AS b3,
             count(*) FILTER (WHERE observed <= 30) AS b4,
             count(*) FILTER (WHERE observed <= 45) AS b5
      FROM (SELECT campaign_id, extract(epoch FROM answered_at - started_at) AS observed
            FROM campaign_monitoring.calls
            WHERE outcome <> 'in_progress' AND answered_at IS NOT NULL) AS calls
      GROUP BY campaign_id) AS q
JOIN campaign_monitoring.campaigns AS c USING (campaign_id)
CROSS JOIN LATERAL (VALUES
    ('5.0', b0), ('10.0', b1), ('15.0', b2), ('20.0', b3), ('30.0', b4), ('45.0', b5),
    ('+Inf', total), ('count', total), ('sum', observed_sum)
) AS buckets (le, value)

-- name: campaign_call_unanswered_ring_seconds
SELECT c.tenant_id AS tenant, c.campaign_id AS campaign, le, value
FROM (SELECT campaign_id, count(*) AS total, sum(observed) AS observed_sum,
             count(*) FILTER (WHERE observed <= 5) AS b0,
             count(*) FILTER (WHERE observed <= 10) AS b1,
             count(*) FILTER (WHERE observed <= 15) AS b2,
             count(*) FILTER (WHERE observed <= 20) AS b3,
             count(*) FILTER (WHERE observed <= 30) AS b4,
             count(*) FILTER (WHERE observed <= 45) AS b5
      FROM (SELECT campaign_id, extract(epoch FROM ended_at - started_at) AS observed
            FROM campaign_monitoring.calls
            WHERE outcome = 'no_answer' AND ended_at IS NOT NULL) AS calls
      GROUP BY campaign_id) AS q
JOIN campaign_monitoring.campaigns AS c USING (campaign_id)
CROSS JOIN LATERAL (VALUES
    ('5.0', b0), ('10.0', b1), ('15.0', b2), ('20.0', b3), ('30.0', b4), ('45.0', b5),
    ('+Inf', total), ('count', total), ('sum', observed_sum)
) AS buckets (le, value)

-- name: campaign_calls_cut_short_total
SELECT c.tenant_id AS tenant, c.campaign_id AS campaign, q.value
FROM (SELECT campaign_id, count(*) AS value
      FROM campaign_monitoring.calls
      WHERE outcome = 'no_answer' AND ended_at < started_at + interval '15 seconds'
      GROUP BY 1) AS q
JOIN campaign_monitoring.campaigns AS c USING (campaign_id)

-- name: campaign_calls_silent_total
SELECT c.tenant_id AS tenant, c.campaign_id AS campaign, q.value
FROM (SELECT campaign_id, count(*) AS value
      FROM campaign_monitoring.calls
      WHERE outcome = 'answered' AND agent_spoke_at IS NULL
      GROUP BY 1) AS q
JOIN campaign_monitoring.campaigns AS c USING (campaign_id)

-- name: campaign_call_errors_total
SELECT c.tenant_id AS tenant, c.campaign_id AS campaign, q.provider, q.code, q.value
FROM (SELECT campaign_id, provider, error_code AS code, count(*) AS value
      FROM campaign_monitoring.calls
      WHERE error_code IS NOT NULL AND outcome NOT IN ('answered', 'abandoned', 'voicemail')
      GROUP BY 1, 2, 3) AS q
JOIN campaign_monitoring.campaigns AS c USING (campaign_id)

-- name: campaign_call_cost_total
SELECT c.tenant_id AS tenant, c.campaign_id AS campaign, component, c.currency, value
FROM (SELECT campaign_id, coalesce(sum(ai_cost), 0) AS ai, coalesce(sum(telephony_cost), 0) AS telephony
      FROM campaign_monitoring.calls
      GROUP BY campaign_id) AS q
JOIN campaign_monitoring.campaigns AS c USING (campaign_id)
CROSS JOIN LATERAL (VALUES ('ai', ai), ('telephony', telephony)) AS components (component, value)

-- name: campaign_call_sentiment_total
SELECT c.tenant_id AS tenant, c.campaign_id AS campaign, q.sentiment, q.value
FROM (SELECT campaign_id, sentiment, count(*) AS value
      FROM campaign_monitoring.calls
      WHERE sentiment IS NOT NULL
      GROUP BY 1, 2) AS q
JOIN campaign_monitoring.campaigns AS c USING (campaign_id)

-- name: campaign_attempt_calls_total
SELECT c.tenant_id AS tenant, c.campaign_id AS campaign, q.attempt, q.outcome, q.value
FROM (SELECT campaign_id, attempt, outcome, count(*) AS value
      FROM campaign_monitoring.calls
      WHERE outcome <> 'in_progress'
      GROUP BY 1, 2, 3) AS q
JOIN campaign_monitoring.campaigns AS c USING (campaign_id)

-- name: campaign_attempt_cost_total
SELECT c.tenant_id AS tenant, c.campaign_id AS campaign, q.attempt, c.currency, q.value
FROM (SELECT campaign_id, attempt, coalesce(sum(ai_cost), 0) + coalesce(sum(telephony_cost), 0) AS value
      FROM campaign_monitoring.calls
      GROUP BY 1, 2) AS q
JOIN campaign_monitoring.campaigns AS c USING (campaign_id)

-- name: campaign_variant_calls_total
SELECT c.tenant_id AS tenant, c.campaign_id AS campaign, q.variant, q.value
FROM (SELECT campaign_id, variant, count(*) AS value
      FROM campaign_monitoring.calls
      WHERE variant IS NOT NULL
      GROUP BY 1, 2) AS q
JOIN campaign_monitoring.campaigns AS c USING (campaign_id)

-- name: campaign_variant_answers_total
SELECT c.tenant_id AS tenant, c.campaign_id AS campaign, q.variant, q.value
FROM (SELECT campaign_id, variant, count(*) FILTER (WHERE outcome = 'answered') AS value
      FROM campaign_monitoring.calls
      WHERE variant IS NOT NULL
      GROUP BY 1, 2) AS q
JOIN campaign_monitoring.campaigns AS c USING (campaign_id)

-- name: campaign_variant_first_word_seconds
SELECT c.tenant_id AS tenant, c.campaign_id AS campaign, q.variant, le, value
FROM (SELECT campaign_id, variant, count(*) AS total, sum(observed) AS observed_sum,
             count(*) FILTER (WHERE observed <= 0.5) AS b0,
             count(*) FILTER (WHERE observed <= 1) AS b1,
             count(*) FILTER (WHERE observed <= 1.5) AS b2,
             count(*) FILTER (WHERE observed <= 2) AS b3,
             count(*) FILTER (WHERE observed <= 3) AS b4,
             count(*) FILTER (WHERE observed <= 5) AS b5,
             count(*) FILTER (WHERE observed <= 10) AS b6
      FROM (SELECT campaign_id, variant, extract(epoch FROM agent_spoke_at - answered_at) AS observed
            FROM campaign_monitoring.calls
            WHERE outcome = 'answered' AND answered_at IS NOT NULL AND agent_spoke_at IS NOT NULL AND variant IS NOT NULL) AS calls
      GROUP BY campaign_id, variant) AS q
JOIN campaign_monitoring.campaigns AS c USING (campaign_id)
CROSS JOIN LATERAL (VALUES
    ('0.5', b0), ('1.0', b1), ('1.5', b2), ('2.0', b3), ('3.0', b4), ('5.0', b5), ('10.0', b6),
    ('+Inf', total), ('count', total), ('sum', observed_sum)
) AS buckets (le, value)

-- name: campaign_variant_goals_total
SELECT c.tenant_id AS tenant, c.campaign_id AS campaign, q.variant, q.value
FROM (SELECT campaign_id, variant, count(*) FILTER (WHERE goal_met) AS value
      FROM campaign_monitoring.tasks
      WHERE variant IS NOT NULL
      GROUP BY 1, 2) AS q
JOIN campaign_monitoring.campaigns AS c USING (campaign_id)

-- name: campaign_variant_cost_total
SELECT c.tenant_id AS tenant, c.campaign_id AS campaign, q.variant, c.currency, q.value
FROM (SELECT campaign_id, variant, coalesce(sum(ai_cost), 0) + coalesce(sum(telephony_cost), 0) AS value
      FROM campaign_monitoring.calls
      WHERE variant IS NOT NULL
      GROUP BY 1, 2) AS q
JOIN campaign_monitoring.campaigns AS c USING (campaign_id)

-- name: campaign_number_calls_total
SELECT c.tenant_id AS tenant, c.campaign_id AS campaign, q.number, q.outcome, q.value
FROM (SELECT campaign_id, number_id AS number, outcome, count(*) AS value
      FROM campaign_monitoring.calls
      WHERE number_id IS NOT NULL AND outcome <> 'in_progress'
      GROUP BY 1, 2, 3) AS q
JOIN campaign_monitoring.campaigns AS c USING (campaign_id)

-- name: campaign_utc_offset_seconds
SELECT tenant_id AS tenant, campaign_id AS campaign,
       extract(epoch FROM (now() AT TIME ZONE timezone) - (now() AT TIME ZONE 'UTC')) AS value
FROM campaign_monitoring.campaigns
WHERE status NOT IN ('draft', 'completed', 'cancelled')

-- name: campaign_number_talk_seconds_total
SELECT c.tenant_id AS tenant, c.campaign_id AS campaign, q.number, q.value
FROM (SELECT campaign_id, number_id AS number, coalesce(sum(talk_seconds) FILTER (WHERE outcome = 'answered'), 0) AS value
      FROM campaign_monitoring.calls
      WHERE number_id IS NOT NULL
      GROUP BY 1, 2) AS q
JOIN campaign_monitoring.campaigns AS c USING (campaign_id)

-- name: campaign_number_calls_today
SELECT t.tenant_id AS tenant, q.number_id AS number, sum(q.calls) AS value
FROM (SELECT n.number_id, n.tenant_id, count(*) AS calls
      FROM campaign_monitoring.calls AS a
      JOIN campaign_monitoring.numbers AS n USING (number_id)
      JOIN campaign_monitoring.tenants AS t USING (tenant_id)
      WHERE a.started_at >= date_trunc('day', now(), t.timezone)
      GROUP BY n.number_id, n.tenant_id) AS q
JOIN campaign_monitoring.tenants AS t USING (tenant_id)
GROUP BY 1, 2

-- name: campaign_tenant_calls_in_progress
SELECT c.tenant_id AS tenant, sum(q.calls) AS value
FROM (SELECT campaign_id, count(*) AS calls FROM campaign_monitoring.calls WHERE outcome = 'in_progress'
      GROUP BY campaign_id) AS q
JOIN campaign_monitoring.campaigns AS c USING (campaign_id)
GROUP BY 1

-- name: campaign_connection_calls_in_progress
SELECT n.tenant_id AS tenant, n.connection_id AS connection, sum(q.calls) AS value
FROM (SELECT number_id, count(*) AS calls FROM campaign_monitoring.calls WHERE outcome = 'in_progress'
      GROUP BY number_id) AS q
JOIN campaign_monitoring.numbers AS n USING (number_id)
GROUP BY 1, 2

-- name: campaign_info
SELECT tenant_id AS tenant, campaign_id AS campaign, name, agent, timezone, currency, 1 AS value
FROM campaign_monitoring.campaigns

-- name: campaign_status
SELECT tenant_id AS tenant, campaign_id AS campaign, state AS status, (status = state)::int AS value
FROM campaign_monitoring.campaigns
CROSS JOIN unnest(ARRAY['scheduled', 'running', 'paused', 'completed', 'cancelled']) AS state

-- name: campaign_pause_info
SELECT tenant_id AS tenant, campaign_id AS campaign, coalesce(pause_reason, '') AS reason, 1 AS value
FROM campaign_monitoring.campaigns
WHERE status = 'paused'

-- name: campaign_scheduled_timestamp_seconds
SELECT tenant_id AS tenant, campaign_id AS campaign, extract(epoch FROM scheduled_at) AS value
FROM campaign_monitoring.campaigns
WHERE scheduled_at IS NOT NULL

-- name: campaign_started_timestamp_seconds
SELECT tenant_id AS tenant, campaign_id AS campaign, extract(epoch FROM started_at) AS value
FROM campaign_monitoring.campaigns
WHERE started_at IS NOT NULL

-- name: campaign_paused_timestamp_seconds
SELECT tenant_id AS tenant, campaign_id AS campaign, extract(epoch FROM paused_at) AS value
FROM campaign_monitoring.campaigns
WHERE paused_at IS NOT NULL

-- name: campaign_ended_timestamp_seconds
SELECT tenant_id AS tenant, campaign_id AS campaign, extract(epoch FROM ended_at) AS value
FROM campaign_monitoring.campaigns
WHERE ended_at IS NOT NULL

-- name: campaign_expires_timestamp_seconds
SELECT tenant_id AS tenant, campaign_id AS campaign, extract(epoch FROM expires_at) AS value
FROM campaign_monitoring.campaigns
WHERE expires_at IS NOT NULL

-- name: campaign_priority
SELECT tenant_id AS tenant, campaign_id AS campaign, priority AS value
FROM campaign_monitoring.campaigns

-- name: campaign_variant_weight
SELECT tenant_id AS tenant, campaign_id AS campaign, variant, weight AS value
FROM campaign_monitoring.variants
JOIN (SELECT campaign_id, tenant_id FROM campaign_monitoring.campaigns) AS c USING (campaign_id)

-- name: campaign_budget
SELECT tenant_id AS tenant, campaign_id AS campaign, currency, budget AS value
FROM campaign_monitoring.campaigns
WHERE budget IS NOT NULL

-- name: campaign_goal_target
SELECT tenant_id AS tenant, campaign_id AS campaign, goal, target AS value
FROM campaign_monitoring.goals
JOIN (SELECT campaign_id, tenant_id FROM campaign_monitoring.campaigns) AS c USING (campaign_id)

-- name: campaign_goal_achieved
SELECT tenant_id AS tenant, campaign_id AS campaign, goal, achieved AS value
FROM campaign_monitoring.goals
JOIN (SELECT campaign_id, tenant_id FROM campaign_monitoring.campaigns) AS c USING (campaign_id)

-- name: campaign_number_weight
SELECT tenant_id AS tenant, campaign_id AS campaign, number_id AS number, weight AS value
FROM campaign_monitoring.campaign_numbers
JOIN (SELECT campaign_id, tenant_id FROM campaign_monitoring.campaigns) AS c USING (campaign_id)

-- name: campaign_number_info
SELECT tenant_id AS tenant, number_id AS number, phone, label, country, connection_id AS connection, 1 AS value
FROM campaign_monitoring.numbers

-- name: campaign_number_status
SELECT tenant_id AS tenant, number_id AS number, state AS status, (status = state)::int AS value
FROM campaign_monitoring.numbers
CROSS JOIN unnest(ARRAY['active', 'resting', 'flagged', 'released']) AS state

-- name: campaign_number_daily_cap
SELECT tenant_id AS tenant, number_id AS number, daily_cap AS value
FROM campaign_monitoring.numbers
WHERE daily_cap IS NOT NULL

-- name: campaign_number_cooldown_timestamp_seconds
SELECT tenant_id AS tenant, number_id AS number, extract(epoch FROM cooldown_until) AS value
FROM campaign_monitoring.numbers
WHERE cooldown_until IS NOT NULL

-- name: campaign_tenant_info
SELECT tenant_id AS tenant, name, timezone, 1 AS value
FROM campaign_monitoring.tenants

-- name: campaign_tenant_concurrency_limit
SELECT tenant_id AS tenant, concurrency_limit AS value
FROM campaign_monitoring.tenants
WHERE concurrency_limit IS NOT NULL

-- name: campaign_tenant_credits
SELECT tenant_id AS tenant, credits_remaining AS value
FROM campaign_monitoring.tenants
WHERE credits_remaining IS NOT NULL

-- name: campaign_connection_info
SELECT tenant_id AS tenant, connection_id AS connection, provider, 1 AS value
FROM campaign_monitoring.connections

-- name: campaign_connection_concurrency_limit
SELECT tenant_id AS tenant, connection_id AS connection, concurrency_limit AS value
FROM campaign_monitoring.connections

-- name: campaign_connection_calls_per_second_limit
SELECT tenant_id AS tenant, connection_id AS connection, calls_per_second AS value
FROM campaign_monitoring.connections

-- name: campaign_audience_upload_info
SELECT c.tenant_id AS tenant, campaign_id AS campaign, upload_id AS upload, filename, status, 1 AS value
FROM (SELECT DISTINCT ON (campaign_id) * FROM campaign_monitoring.audience_uploads
      ORDER BY campaign_id, uploaded_at DESC) AS newest
JOIN (SELECT campaign_id, tenant_id FROM campaign_monitoring.campaigns) AS c USING (campaign_id)

-- name: campaign_audience_rows
SELECT c.tenant_id AS tenant, campaign_id AS campaign, state, rows AS value
FROM (SELECT DISTINCT ON (campaign_id) * FROM campaign_monitoring.audience_uploads
      ORDER BY campaign_id, uploaded_at DESC) AS newest
JOIN (SELECT campaign_id, tenant_id FROM campaign_monitoring.campaigns) AS c USING (campaign_id)
CROSS JOIN LATERAL (VALUES ('total', rows_total), ('accepted', rows_accepted), ('rejected', rows_rejected))
    AS counted (state, rows)

-- name: campaign_audience_size_bytes
SELECT c.tenant_id AS tenant, campaign_id AS campaign, size_bytes AS value
FROM (SELECT DISTINCT ON (campaign_id) * FROM campaign_monitoring.audience_uploads
      ORDER BY campaign_id, uploaded_at DESC) AS newest
JOIN (SELECT campaign_id, tenant_id FROM campaign_monitoring.campaigns) AS c USING (campaign_id)

-- name: campaign_audience_uploaded_timestamp_seconds
SELECT c.tenant_id AS tenant, campaign_id AS campaign, extract(epoch FROM uploaded_at) AS value
FROM (SELECT DISTINCT ON (campaign_id) * FROM campaign_monitoring.audience_uploads
      ORDER BY campaign_id, uploaded_at DESC) AS newest
JOIN (SELECT campaign_id, tenant_id FROM campaign_monitoring.campaigns) AS c USING (campaign_id)
