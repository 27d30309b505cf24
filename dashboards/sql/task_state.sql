-- A task's state at a glance: what holds it; how many other pending tasks of the campaign the same holds, counted up to
-- a thousand; and whom it calls.
WITH it AS (
    SELECT t.task_id, t.status, t.attempts, t.max_attempts, t.contact, t.held_by AS code
    FROM campaign_grafana.tasks AS t
    WHERE t.task_id = campaign_grafana.task_key(${task:sqlstring})
      AND t.campaign_id = campaign_grafana.campaign_key(${campaign:sqlstring})
    LIMIT 1
)
SELECT it.status AS "Status",
       it.code AS "Held by",
       concat(it.attempts, ' of ' || nullif(it.max_attempts, 0)) AS "Attempts",
       CASE WHEN it.code IS NOT NULL THEN
           CASE WHEN others.number < 1000 THEN others.number::text ELSE '1,000+' END
       END AS "Others",
       it.contact AS "Contact"
FROM it
CROSS JOIN LATERAL (
    SELECT count(*) AS number
    FROM (
        SELECT
        FROM campaign_grafana.tasks AS o
        WHERE o.campaign_id = campaign_grafana.campaign_key(${campaign:sqlstring})
          AND o.status = 'pending'
          AND o.task_id <> it.task_id
          AND it.code = o.held_by
        LIMIT 1000
    ) AS same
) AS others
LIMIT 1
