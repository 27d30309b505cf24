-- What was done to a campaign: changes of its state and of its settings, and files that came; marked on graphs. The
-- limit cuts the oldest. Details are in the platform's own words: an object is shown as its fields.
SELECT e.at AS time,
       concat(replace(e.kind, '_', ' '), ': ' || CASE jsonb_typeof(e.detail)
                  WHEN 'object' THEN (SELECT string_agg(key || ' ' || left(value, 80), ', ' ORDER BY key)
                                      FROM jsonb_each_text(e.detail))
                  ELSE left(e.detail #>> '{}', 200) END, ' (' || e.actor || ')') AS text,
       e.kind AS tags
FROM campaign_grafana.campaign_events AS e
WHERE e.campaign_id = campaign_grafana.campaign_key(${campaign:sqlstring})
  AND e.at BETWEEN $__timeFrom() AND $__timeTo()
ORDER BY e.at DESC
LIMIT 200
