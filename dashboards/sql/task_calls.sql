-- The calls of a task, the newest first.
SELECT c.started_at AS "Started",
       c.attempt AS "Attempt",
       coalesce(nullif(n.label, ''), n.phone, c.number_id::text) AS "From",
       c.answered_at AS "Answered",
       c.ended_at AS "Ended",
       c.outcome AS "Outcome",
       c.talk_seconds::float8 AS "Talk",
       c.provider AS "Provider",
       c.error_code AS "Error",
       CASE WHEN c.ai_cost IS NOT NULL OR c.telephony_cost IS NOT NULL
            THEN (coalesce(c.ai_cost, 0) + coalesce(c.telephony_cost, 0))::float8 END AS "Cost",
       CASE WHEN c.ai_cost IS NOT NULL OR c.telephony_cost IS NOT NULL
            THEN coalesce(p.currency, 'XXX') END AS "Currency",
       c.sentiment AS "Sentiment",
       c.score::float8 AS "Score"
FROM campaign_grafana.calls AS c
LEFT JOIN campaign_grafana.numbers AS n ON n.number_id = c.number_id
LEFT JOIN campaign_grafana.campaigns AS p ON p.campaign_id = c.campaign_id
WHERE c.task_id = campaign_grafana.task_key(${task:sqlstring})
  AND c.campaign_id = campaign_grafana.campaign_key(${campaign:sqlstring})
  AND isfinite(c.started_at)
ORDER BY c.started_at DESC
LIMIT 500
