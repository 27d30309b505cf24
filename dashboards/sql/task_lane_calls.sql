-- A task's calls on the time axis: each holds from its start to its end, or to now.
SELECT moment.at AS time, moment.outcome AS "Call"
FROM (
    SELECT c.started_at, c.outcome,
           coalesce(c.ended_at, CASE WHEN c.outcome = 'in_progress' THEN least(now(), $__timeTo()) END,
                    c.started_at + interval '1 second' * least(greatest(c.talk_seconds, 0), 86400)) AS ended_at
    FROM campaign_grafana.calls AS c
    WHERE c.task_id = campaign_grafana.task_key(${task:sqlstring})
      AND c.campaign_id = campaign_grafana.campaign_key(${campaign:sqlstring})
    ORDER BY c.started_at DESC
    LIMIT 500
) AS call
CROSS JOIN LATERAL (
    VALUES (call.started_at, call.outcome),
           (greatest(call.ended_at, call.started_at + interval '1 second'), NULL)
) AS moment (at, outcome)
WHERE isfinite(moment.at)
ORDER BY moment.at, moment.outcome NULLS FIRST
LIMIT 1000
