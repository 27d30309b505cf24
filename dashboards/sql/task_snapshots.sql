-- What the dispatcher saw when it looked at a task, or at its campaign as a whole, the newest first.
SELECT s.at AS "When",
       CASE WHEN s.task_id IS NULL THEN 'campaign' ELSE 'task' END AS "Looked at",
       coalesce(s.capacity ->> 'reason',
                CASE WHEN s.capacity ? 'reason' THEN 'nothing in the way' END) AS "Reason",
       (CASE jsonb_typeof(s.capacity) WHEN 'object' THEN s.capacity - 'reason' ELSE s.capacity END)::text AS "Capacity"
FROM campaign_grafana.dispatch_snapshots AS s
WHERE s.campaign_id = campaign_grafana.campaign_key(${campaign:sqlstring})
  AND (s.task_id IS NULL OR s.task_id = campaign_grafana.task_key(${task:sqlstring}))
  AND s.at BETWEEN $__timeFrom() AND $__timeTo()
  AND EXISTS (
      SELECT FROM campaign_grafana.tasks AS t
      WHERE t.task_id = campaign_grafana.task_key(${task:sqlstring})
        AND t.campaign_id = campaign_grafana.campaign_key(${campaign:sqlstring}))
ORDER BY s.at DESC
LIMIT 200
