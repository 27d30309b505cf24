-- Few rows a second, each in a transaction of its own: rows that go on, rows that settled long ago, rows that leave.
-- The first three find rows; `percent` is the share of the table's pages to look at, `rows` how many are wanted.

-- name: live_leads
SELECT lead_id FROM dialler.lead TABLESAMPLE SYSTEM (%(percent)s)
WHERE state_code = 'Q' AND hold_code IS NULL
ORDER BY random()
LIMIT %(rows)s

-- name: settled_leads
SELECT lead_id FROM dialler.lead TABLESAMPLE SYSTEM (%(percent)s)
WHERE state_code IN ('C', 'F', 'X') AND updated_at < now() - interval '2 hours'
ORDER BY random()
LIMIT %(rows)s

-- name: settled_calls
SELECT attempt_id FROM dialler.attempt TABLESAMPLE SYSTEM (%(percent)s)
WHERE result_code <> 'LIVE' AND updated_at < now() - interval '2 hours'
ORDER BY random()
LIMIT %(rows)s

-- name: live
UPDATE dialler.lead SET due_at = now() + interval '1 hour' * random(), updated_at = now() WHERE lead_id = %(id)s

-- name: review
UPDATE dialler.lead SET result_code = CASE result_code WHEN 'callback' THEN 'survey_done' ELSE 'callback' END,
                        updated_at = now()
WHERE lead_id = %(id)s

-- name: score
UPDATE dialler.attempt SET quality = round((100 * random())::numeric, 1), updated_at = now()
WHERE attempt_id = %(id)s

-- name: cost
UPDATE dialler.attempt SET carrier_cost = carrier_cost + 0.0001, updated_at = now() WHERE attempt_id = %(id)s

-- name: arrive
INSERT INTO dialler.person (person_id, account_id, external_ref, e164) VALUES (%(id)s, 1, 'nobody', '')
ON CONFLICT DO NOTHING

-- name: leave
DELETE FROM dialler.person WHERE person_id = %(id)s
