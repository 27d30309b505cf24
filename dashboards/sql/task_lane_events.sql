-- A task's events on the time axis: each holds until the next one.
SELECT newest.at AS time, newest.kind AS "Last event"
FROM (
    SELECT e.at, e.kind, e.event_id
    FROM campaign_grafana.task_events AS e
    WHERE e.task_id = campaign_grafana.task_key(${task:sqlstring})
      AND EXISTS (
          SELECT FROM campaign_grafana.tasks AS t
          WHERE t.task_id = campaign_grafana.task_key(${task:sqlstring})
            AND t.campaign_id = campaign_grafana.campaign_key(${campaign:sqlstring}))
      AND isfinite(e.at)
    ORDER BY e.at DESC, e.event_id DESC
    LIMIT 500
) AS newest
ORDER BY newest.at, newest.event_id
LIMIT 500
