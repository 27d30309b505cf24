-- The tasks of a campaign that were called last, as far as they pass the filters; a filter that holds one empty text,
-- or nothing, lets everything pass. The order must not be that of an index on updated_at: walking it backwards takes
-- seconds for a campaign that is quiet while others are busy. All but the order is looked up for the rows shown.
WITH shown AS (
    SELECT task_id, last_attempted_at, updated_at
    FROM campaign_grafana.tasks
    WHERE campaign_id = campaign_grafana.campaign_key(${campaign:sqlstring})
      AND ('' = ALL (array[${status:sqlstring}]::text[]) OR status = ANY (array[${status:sqlstring}]::text[]))
      AND ('' = ALL (array[${blocker:sqlstring}]::text[]) OR held_by = ANY (array[${blocker:sqlstring}]::text[]))
    ORDER BY last_attempted_at DESC NULLS LAST, updated_at DESC
    LIMIT 200
)
SELECT t.contact,
       t.phone,
       coalesce(nullif(n.label, ''), n.phone, t.number_id::text) || CASE WHEN t.sticky THEN ' 🔒' ELSE '' END AS "from",
       t.status,
       t.held_by AS blocker,
       t.disposition,
       concat(t.attempts, ' of ' || nullif(t.max_attempts, 0)) AS attempts,
       t.system_retries,
       t.duration_seconds,
       t.score,
       t.last_attempted_at,
       t.task_id::text AS debug
FROM shown
JOIN campaign_grafana.tasks AS t ON t.task_id = shown.task_id
LEFT JOIN campaign_grafana.numbers AS n ON n.number_id = t.number_id
ORDER BY shown.last_attempted_at DESC NULLS LAST, shown.updated_at DESC
LIMIT 200
