-- Other pending tasks of the campaign that the same code holds: is it this task, or all of them?
SELECT o.task_id::text AS "Task", o.contact AS "Contact", it.code AS "Held by", o.next_eligible_at AS "Next attempt",
       o.last_attempted_at AS "Last attempted", CASE WHEN isfinite(o.updated_at) THEN o.updated_at END AS "Changed"
FROM (
    SELECT t.task_id, t.campaign_id, t.held_by AS code
    FROM campaign_grafana.tasks AS t
    WHERE t.task_id = campaign_grafana.task_key(${task:sqlstring})
      AND t.campaign_id = campaign_grafana.campaign_key(${campaign:sqlstring})
      AND t.status = 'pending'
    LIMIT 1
) AS it
JOIN campaign_grafana.tasks AS o
  ON o.campaign_id = campaign_grafana.campaign_key(${campaign:sqlstring})
 AND o.status = 'pending'
 AND o.task_id <> it.task_id
 AND o.held_by = it.code
LIMIT 50
