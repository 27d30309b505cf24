-- What the dispatcher said on the time axis, when it looked at a task or at its campaign: each change of its reason.
SELECT changed.at AS time, changed.reason AS "Dispatcher"
FROM (
    SELECT seen.at, seen.reason, lag(seen.reason) OVER (ORDER BY seen.at) AS before
    FROM (
        -- Where the platform writes reasons down, none means that nothing was in the way.
        SELECT s.at, coalesce(s.capacity ->> 'reason',
                              CASE WHEN s.capacity ? 'reason' THEN 'nothing in the way' ELSE 'looked' END) AS reason
        FROM campaign_grafana.dispatch_snapshots AS s
        WHERE s.campaign_id = campaign_grafana.campaign_key(${campaign:sqlstring})
          AND (s.task_id IS NULL OR s.task_id = campaign_grafana.task_key(${task:sqlstring}))
          AND s.at BETWEEN $__timeFrom() AND $__timeTo()
          AND EXISTS (
              SELECT FROM campaign_grafana.tasks AS t
              WHERE t.task_id = campaign_grafana.task_key(${task:sqlstring})
                AND t.campaign_id = campaign_grafana.campaign_key(${campaign:sqlstring}))
        ORDER BY s.at DESC
        LIMIT 5000
    ) AS seen
) AS changed
WHERE changed.reason IS DISTINCT FROM changed.before
ORDER BY changed.at
LIMIT 1000
