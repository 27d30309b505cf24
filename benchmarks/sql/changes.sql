-- What a dialler writes, one statement a kind of change. Rows are stamped evenly from `low` to `high`; where the two
-- are equal, with that instant. Each returns what the dialler goes on with.

-- name: dial
WITH chosen AS (
    SELECT lead_id, %(low)s + random() * (%(high)s::timestamptz - %(low)s::timestamptz) AS at
    FROM unnest(%(leads)s::bigint[]) AS lead_id
), dialled AS (
    UPDATE dialler.lead AS l
    SET state_code = 'D', hold_code = NULL, tries = least(l.tries + 1, 6), last_dialled_at = chosen.at,
        did_id = coalesce(l.did_id, (SELECT min(m.did_id) FROM dialler.pool_member AS m
                                     WHERE m.campaign_id = l.campaign_id)),
        updated_at = chosen.at
    FROM chosen
    WHERE l.lead_id = chosen.lead_id
    RETURNING l.lead_id, l.campaign_id, l.did_id, l.arm, l.tries, l.due_at, l.created_at, l.updated_at
)
INSERT INTO dialler.attempt (attempt_id, lead_id, campaign_id, did_id, trunk_id, arm, try_no, due_at, dialled_at,
                             result_code, created_at, updated_at)
SELECT gen_random_uuid(), d.lead_id, d.campaign_id, d.did_id, n.trunk_id, d.arm, d.tries,
       d.updated_at - interval '3 seconds', d.updated_at, 'LIVE', d.updated_at, d.updated_at
FROM dialled AS d
JOIN dialler.did AS n USING (did_id)
RETURNING attempt_id, lead_id

-- name: answer
UPDATE dialler.attempt AS a
SET answered_at = chosen.at, agent_spoke_at = chosen.at, updated_at = chosen.at
FROM (SELECT attempt_id, %(low)s + random() * (%(high)s::timestamptz - %(low)s::timestamptz) AS at
      FROM unnest(%(attempts)s::uuid[]) AS attempt_id) AS chosen
WHERE a.attempt_id = chosen.attempt_id
RETURNING a.attempt_id, a.lead_id

-- name: end
WITH chosen AS (
    SELECT attempt_id, random() AS luck, %(low)s + random() * (%(high)s::timestamptz - %(low)s::timestamptz) AS at
    FROM unnest(%(attempts)s::uuid[]) AS attempt_id
), ended AS (
    UPDATE dialler.attempt AS a
    SET hung_up_at = chosen.at,
        result_code = CASE WHEN a.answered_at IS NOT NULL THEN 'ANS' WHEN luck < 0.3 THEN 'VM' WHEN luck < 0.7 THEN 'NA'
                           WHEN luck < 0.8 THEN 'BUSY' WHEN luck < 0.9 THEN 'REJ' ELSE 'ERR' END,
        fault_code = CASE WHEN a.answered_at IS NULL AND luck >= 0.9
                          THEN (ARRAY['486', '503', '408'])[1 + floor(30 * (luck - 0.9))::int] END,
        talk_seconds = CASE WHEN a.answered_at IS NOT NULL THEN round((200 * luck)::numeric, 1) END,
        updated_at = chosen.at
    FROM chosen
    WHERE a.attempt_id = chosen.attempt_id
    RETURNING a.attempt_id, a.lead_id, a.talk_seconds, chosen.luck, chosen.at
), left_over AS (
    UPDATE dialler.lead AS l
    SET state_code = CASE WHEN luck < 0.4 THEN 'C' ELSE 'Q' END,
        result_code = CASE WHEN luck < 0.4 THEN 'not_interested' END,
        goal_reached = CASE WHEN luck < 0.4 THEN luck < 0.1 END,
        due_at = CASE WHEN luck < 0.4 THEN NULL ELSE ended.at + interval '4 hours' * luck END,
        talk_seconds = ended.talk_seconds,
        updated_at = ended.at
    FROM ended
    WHERE l.lead_id = ended.lead_id
    RETURNING l.lead_id, l.state_code
)
SELECT ended.attempt_id, left_over.lead_id, left_over.state_code = 'Q' AS again
FROM ended
JOIN left_over USING (lead_id)

-- name: rate
UPDATE dialler.attempt AS a
SET ai_cost = round((0.08 * luck)::numeric, 6), carrier_cost = round((0.02 * luck)::numeric, 6),
    mood_code = CASE WHEN a.result_code = 'ANS' THEN (ARRAY['POS', 'NEU', 'NEG'])[1 + floor(3 * luck)::int] END,
    quality = CASE WHEN a.result_code = 'ANS' THEN round((100 * luck)::numeric, 1) END,
    updated_at = chosen.at
FROM (SELECT attempt_id, random() AS luck, %(low)s + random() * (%(high)s::timestamptz - %(low)s::timestamptz) AS at
      FROM unnest(%(attempts)s::uuid[]) AS attempt_id) AS chosen
WHERE a.attempt_id = chosen.attempt_id
RETURNING a.attempt_id, a.lead_id

-- name: progress
WITH goals AS (
    UPDATE dialler.objective SET reached = reached + 1 WHERE campaign_id = %(campaign)s RETURNING campaign_id
)
UPDATE dialler.account AS a
SET credit_balance = credit_balance - 1
FROM dialler.campaign AS c
WHERE c.campaign_id = %(campaign)s AND a.account_id = c.account_id

-- name: waiting
SELECT lead_id FROM dialler.lead
WHERE (CASE state_code
           WHEN 'Q' THEN 'pending' WHEN 'D' THEN 'in_progress' WHEN 'C' THEN 'completed'
           WHEN 'F' THEN 'failed' WHEN 'X' THEN 'cancelled' ELSE state_code END) IN ('pending', 'in_progress')
  AND state_code = 'Q' AND hold_code IS NULL
ORDER BY hashint8(lead_id)
LIMIT %(limit)s

-- name: going_on
SELECT attempt_id, lead_id, answered_at IS NOT NULL AS talking FROM dialler.attempt
WHERE (CASE result_code
           WHEN 'LIVE' THEN 'in_progress' WHEN 'ANS' THEN 'answered' WHEN 'VM' THEN 'voicemail'
           WHEN 'NA' THEN 'no_answer' WHEN 'BUSY' THEN 'busy' WHEN 'REJ' THEN 'rejected'
           WHEN 'ERR' THEN 'failed' ELSE result_code END) = 'in_progress'
ORDER BY dialled_at
LIMIT %(limit)s

-- name: ended
SELECT attempt_id, lead_id FROM dialler.attempt
WHERE updated_at > (SELECT max(updated_at) FROM dialler.attempt) - interval '10 minutes' AND result_code <> 'LIVE'
ORDER BY updated_at DESC
LIMIT %(limit)s
