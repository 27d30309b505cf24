-- A task's row, a line a column: its name, its value in words, and the moment where it is one.
SELECT line.name AS "Column", line.value AS "Value", line.at AS "When"
FROM campaign_grafana.tasks AS t
LEFT JOIN campaign_grafana.numbers AS n ON n.number_id = t.number_id
CROSS JOIN LATERAL (
    VALUES
        (1, 'Contact', t.contact, NULL::timestamptz),
        (2, 'Phone', t.phone, NULL),
        (3, 'From', coalesce(nullif(concat_ws(', ', nullif(n.label, ''), n.phone), ''), t.number_id::text)
                    || CASE WHEN t.sticky THEN ' (kept)' ELSE '' END, NULL),
        (4, 'Status', t.status, NULL),
        (5, 'Blocker', nullif(t.blocker, ''), NULL),
        (6, 'Next attempt', NULL, t.next_eligible_at),
        (7, 'Disposition', t.disposition, NULL),
        (8, 'Attempts', t.attempts || ' of ' || t.max_attempts, NULL),
        (9, 'System retries', t.system_retries::text, NULL),
        (10, 'Last attempted', NULL, t.last_attempted_at),
        (11, 'Duration', t.duration_seconds || ' s', NULL),
        (12, 'Score', t.score::text, NULL),
        (13, 'Goal', CASE WHEN t.goal_met THEN 'met' WHEN NOT t.goal_met THEN 'not met' END, NULL),
        (14, 'Variant', t.variant, NULL),
        (15, 'Created', NULL, CASE WHEN isfinite(t.created_at) THEN t.created_at END),
        (16, 'Changed', NULL, CASE WHEN isfinite(t.updated_at) THEN t.updated_at END)
) AS line (place, name, value, at)
WHERE t.task_id = campaign_grafana.task_key(${task:sqlstring})
  AND t.campaign_id = campaign_grafana.campaign_key(${campaign:sqlstring})
  AND (line.value IS NOT NULL OR line.at IS NOT NULL)
ORDER BY line.place
LIMIT 20
