-- A campaign of its own whose calls are told apart on the page.

-- name: campaign
WITH made AS (
    INSERT INTO dialler.campaign (campaign_id, account_id, title, state_code, launched_at, tz)
    VALUES (%(campaign)s, 1, 'Probe', 'LIVE', now(), 'UTC')
    ON CONFLICT DO NOTHING
    RETURNING campaign_id
)
INSERT INTO dialler.lead (lead_id, campaign_id, person_id, state_code, max_tries, created_at, updated_at)
SELECT campaign_id, campaign_id, 1, 'Q', 3, now(), now() FROM made

-- name: call
INSERT INTO dialler.attempt (attempt_id, lead_id, campaign_id, try_no, dialled_at, answered_at, agent_spoke_at,
                             hung_up_at, result_code, talk_seconds, created_at, updated_at)
VALUES (gen_random_uuid(), %(campaign)s, %(campaign)s, 1, %(at)s, %(at)s, %(at)s, %(at)s, 'ANS', 1, %(at)s, %(at)s)
