-- What held a task, on the time axis: a code of the vocabulary holds from its event to the next one, and what the row
-- says holds now.
SELECT moment.at AS time, moment.code AS "Held by"
FROM campaign_grafana.tasks AS t
CROSS JOIN LATERAL (
    (SELECT e.at, CASE WHEN e.code IN (
            -- vocabulary: begin
            'campaign_paused', 'not_started', 'circuit_breaker_open', 'audience_not_ready', 'invalid_number',
            'timezone_missing', 'dnc', 'consent_missing', 'contact_frequency_cap', 'outside_call_window',
            'no_window_enabled', 'budget_exhausted', 'credits_exhausted', 'campaign_concurrency',
            'tenant_concurrency', 'pool_exhausted', 'connection_limit', 'higher_priority_campaign',
            'number_cooldown', 'number_daily_cap', 'number_flagged', 'no_country_match', 'provider_throttled',
            'provider_error', 'provider_auth', 'network_blocked', 'no_agent_available', 'retry_wait',
            'attempts_exhausted'
            -- vocabulary: end
        ) THEN e.code END AS code
     FROM campaign_grafana.task_events AS e
     WHERE e.task_id = t.task_id AND e.at < greatest(t.updated_at, t.last_attempted_at)
     ORDER BY e.at DESC
     LIMIT 500)
    UNION ALL
    -- A task that is over is held by nothing; else what it carries holds since the row changed.
    SELECT greatest(t.updated_at, t.last_attempted_at),
           t.held_by
) AS moment (at, code)
WHERE t.task_id = campaign_grafana.task_key(${task:sqlstring})
  AND t.campaign_id = campaign_grafana.campaign_key(${campaign:sqlstring})
  AND isfinite(moment.at)
ORDER BY moment.at
LIMIT 501
