-- People, leads and attempts. Parameters: tasks, live, calls, recent, at (the newest stamp).
-- `plan` says of each lead which campaign it is in, whether it is live, and its place among those dialled (null: never
-- dialled). Attempts are numbered in the order of time; the lead in place n owns a run of them. The newest `recent`
-- attempts lie within the hour before `at`, the others within the two weeks before that.
CREATE TEMPORARY TABLE plan AS
SELECT lead_id, live, campaign_id, arm, did,
       CASE WHEN dialled THEN row_number() OVER (PARTITION BY dialled ORDER BY lead_id) END AS place
FROM (
    SELECT n AS lead_id,
           n * %(live)s::bigint / %(tasks)s > (n - 1) * %(live)s::bigint / %(tasks)s AS live,
           -- Some campaigns are several times as big as others.
           (SELECT min(campaign_id) FROM dialler.campaign)
               + floor((SELECT count(*) FROM dialler.campaign) * power(random(), 1.3))::bigint AS campaign_id,
           CASE WHEN random() < 0.5 THEN 'a' ELSE 'b' END AS arm,
           floor(10 * random())::int AS did,
           random() < 0.3 AS called_before
    FROM generate_series(1, %(tasks)s::bigint) AS n
) AS leads
CROSS JOIN LATERAL (SELECT NOT live OR called_before AS dialled) AS dialled;
ANALYZE plan;

-- One row: how many leads are dialled, so that both statements below share the arithmetic.
CREATE TEMPORARY TABLE spread AS
SELECT least(count(place), %(calls)s::bigint) AS leads, %(calls)s::bigint AS calls, %(recent)s::bigint AS recent,
       %(at)s::timestamptz AS at,
       -- Among the newest attempts, those of live leads still go on: about one in fifty live leads.
       greatest(1, %(live)s::bigint / 50 * 15) AS newest
FROM plan;

CREATE FUNCTION pg_temp.dialled_at(attempt bigint, calls bigint, recent bigint, at timestamptz) RETURNS timestamptz
LANGUAGE sql IMMUTABLE AS $$
    -- An interval times a number of rows would be out of range from some millions on: times a fraction it never is.
    SELECT CASE WHEN attempt > calls - recent
                THEN at - interval '60 minutes' + interval '59 minutes' * ((attempt - calls + recent)::float8 / recent)
                ELSE at - interval '14 days' + interval '335 hours' * (attempt::float8 / greatest(calls - recent, 1))
                END
$$;

INSERT INTO dialler.person (person_id, account_id, external_ref, e164, country, tz)
SELECT n, 1, 'contact-' || n, '+4930' || lpad(n::text, 8, '0'), 'DE', 'Europe/Berlin'
FROM generate_series(1, %(tasks)s::bigint) AS n;

INSERT INTO dialler.lead (lead_id, campaign_id, person_id, did_id, did_locked, state_code, hold_code, result_code, arm,
                          tries, max_tries, fault_retries, due_at, talk_seconds, quality, goal_reached,
                          last_dialled_at, created_at, updated_at)
SELECT p.lead_id, p.campaign_id, p.lead_id, pool.did_id, false,
       CASE WHEN NOT p.live THEN (ARRAY['C', 'C', 'C', 'F', 'X'])[1 + floor(5 * r1)::int]
            WHEN going_on THEN 'D' ELSE 'Q' END,
       CASE WHEN p.live AND NOT going_on AND r2 < 0.3
            THEN (ARRAY['outside_call_window', 'pool_exhausted', 'number_cooldown', 'campaign_concurrency', 'dnc',
                        'invalid_number'])[1 + floor(6 * r1)::int] END,
       CASE WHEN NOT p.live THEN (ARRAY['appointment', 'not_interested', 'callback', 'wrong_person', 'voicemail_left',
                                        'survey_done', 'unreachable', 'language_barrier'])[1 + floor(8 * r2)::int] END,
       p.arm, coalesce(last - first + 1, 0), 3, CASE WHEN r1 < 0.05 THEN 1 ELSE 0 END,
       CASE WHEN p.live AND r1 < 0.6 THEN s.at + interval '26 hours' * (r2 - 0.2) END,
       CASE WHEN NOT p.live THEN round((120 * r3)::numeric, 1) END,
       CASE WHEN NOT p.live AND r3 < 0.5 THEN round((100 * r2)::numeric, 1) END,
       CASE WHEN NOT p.live THEN r3 < 0.2 END,
       dialled, s.at - interval '15 days',
       CASE WHEN going_on THEN dialled
            ELSE least(s.at, coalesce(dialled, s.at - interval '15 days') + interval '1 minute') END
FROM (SELECT *, random() AS r1, random() AS r2, random() AS r3 FROM plan) AS p
CROSS JOIN spread AS s
CROSS JOIN LATERAL (
    SELECT CASE WHEN p.place <= s.leads THEN ceil((p.place - 1)::numeric * s.calls / s.leads)::bigint + 1 END AS first,
           CASE WHEN p.place <= s.leads THEN ceil(p.place::numeric * s.calls / s.leads)::bigint END AS last
) AS run
CROSS JOIN LATERAL (
    SELECT pg_temp.dialled_at(last, s.calls, s.recent, s.at) AS dialled,
           coalesce(p.live AND last > s.calls - s.newest, false) AS going_on
) AS latest
JOIN dialler.campaign AS c ON c.campaign_id = p.campaign_id
CROSS JOIN LATERAL (
    SELECT CASE WHEN p.place IS NOT NULL THEN 20 * c.account_id + (c.campaign_id * 5 + p.did) %% 20 END AS did_id
) AS pool;

INSERT INTO dialler.attempt (attempt_id, lead_id, campaign_id, did_id, trunk_id, arm, try_no, due_at, dialled_at,
                             answered_at, agent_spoke_at, hung_up_at, result_code, fault_code, talk_seconds, ai_cost,
                             carrier_cost, mood_code, quality, created_at, updated_at)
SELECT gen_random_uuid(), p.lead_id, p.campaign_id, 20 * c.account_id + (c.campaign_id * 5 + p.did) %% 20,
       2 * c.account_id + ((c.campaign_id * 5 + p.did) %% 20) %% 2, p.arm,
       least(a.n - ceil((p.place - 1)::numeric * s.calls / s.leads)::bigint, 6),
       dialled - interval '200 seconds' * r2 * r2,
       dialled,
       CASE WHEN answered OR (going_on AND r1 < 0.4) THEN dialled + interval '8 seconds' END,
       CASE WHEN (answered AND r2 < 0.98) OR (going_on AND r1 < 0.4) THEN dialled + interval '9 seconds' END,
       CASE WHEN NOT going_on THEN least(s.at, dialled + interval '10 seconds' + interval '50 seconds' * r3) END,
       CASE WHEN going_on THEN 'LIVE' WHEN answered THEN 'ANS' WHEN r1 < 0.55 THEN 'VM' WHEN r1 < 0.80 THEN 'NA'
            WHEN r1 < 0.88 THEN 'BUSY' WHEN r1 < 0.93 THEN 'REJ' ELSE 'ERR' END,
       CASE WHEN NOT going_on AND r1 >= 0.93
            THEN (ARRAY['486', '503', '408', 'carrier_timeout', 'media_failed', 'throttled'])[1 + floor(6 * r2)::int] END,
       CASE WHEN answered THEN round((-90 * ln(1 - 0.999 * r3))::numeric, 1) END,
       CASE WHEN NOT going_on THEN round((0.08 * r3)::numeric, 6) END,
       CASE WHEN NOT going_on THEN round((0.02 * r2)::numeric, 6) END,
       CASE WHEN answered THEN (ARRAY['POS', 'NEU', 'NEG'])[1 + floor(3 * r2)::int] END,
       CASE WHEN answered THEN round((100 * r2)::numeric, 1) END,
       dialled,
       CASE WHEN going_on THEN dialled ELSE least(s.at, dialled + interval '2 minutes' * r2 + interval '1 minute') END
FROM (SELECT n, random() AS r1, random() AS r2, random() AS r3
      FROM generate_series(1, (SELECT calls FROM spread)) AS n) AS a
CROSS JOIN spread AS s
JOIN plan AS p ON p.place = (a.n - 1) * s.leads / s.calls + 1
JOIN dialler.campaign AS c ON c.campaign_id = p.campaign_id
CROSS JOIN LATERAL (
    SELECT pg_temp.dialled_at(a.n, s.calls, s.recent, s.at) AS dialled,
           p.live AND a.n > s.calls - s.newest AND a.n = ceil(p.place::numeric * s.calls / s.leads) AS going_on
) AS latest
CROSS JOIN LATERAL (SELECT NOT going_on AND r1 < 0.35 AS answered) AS result;

DROP TABLE plan, spread;
