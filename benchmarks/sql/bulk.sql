-- What a platform changes in bulk.

-- name: corrected
UPDATE dialler.attempt SET carrier_cost = coalesce(carrier_cost, 0) * 1.1 + 0.0001, updated_at = now()
WHERE attempt_id = ANY (%(ids)s)

-- name: recycled
UPDATE dialler.lead
SET state_code = 'Q', hold_code = NULL, result_code = NULL, goal_reached = NULL, tries = 0, due_at = NULL,
    updated_at = now()
WHERE lead_id IN (SELECT lead_id FROM dialler.lead WHERE state_code IN ('C', 'F', 'X')
                  ORDER BY campaign_id, lead_id LIMIT %(rows)s)

-- name: range
SELECT min(lead_id), max(lead_id)
FROM (SELECT lead_id FROM dialler.lead WHERE state_code IN ('C', 'F', 'X') ORDER BY lead_id LIMIT %(rows)s) AS oldest

-- name: purged
DELETE FROM dialler.lead WHERE lead_id BETWEEN %(low)s AND %(high)s AND state_code IN ('C', 'F', 'X')

-- name: calls
SELECT count(*) FROM dialler.attempt
