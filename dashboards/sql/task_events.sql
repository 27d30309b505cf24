-- What happened to a task, the newest first.
SELECT e.at AS "When", e.kind AS "Event", e.code AS "Code", e.detail::text AS "Detail"
FROM campaign_grafana.task_events AS e
WHERE e.task_id = campaign_grafana.task_key(${task:sqlstring})
  AND EXISTS (
      SELECT FROM campaign_grafana.tasks AS t
      WHERE t.task_id = campaign_grafana.task_key(${task:sqlstring})
        AND t.campaign_id = campaign_grafana.campaign_key(${campaign:sqlstring}))
  AND isfinite(e.at)
ORDER BY e.at DESC, e.event_id DESC
LIMIT 500
