-- Tenants, trunks, numbers and campaigns with all that belongs to them. Parameter: campaigns.
-- Four campaigns share a tenant, a tenant has two trunks and twenty numbers, a campaign calls from ten of them.
INSERT INTO dialler.voice_agent (agent_code, display_name)
SELECT 'agent-' || n, 'Agent ' || n FROM generate_series(1, 8) AS n;

INSERT INTO dialler.account (account_id, display_name, tz, max_channels, credit_balance)
SELECT n, 'Tenant ' || n,
       (ARRAY['Europe/Berlin', 'America/New_York', 'Asia/Kolkata', 'UTC'])[1 + n %% 4], 2000, 1000000
FROM generate_series(1, (%(campaigns)s + 3) / 4) AS n;

INSERT INTO dialler.trunk (trunk_id, account_id, provider, max_channels, max_cps)
SELECT 2 * a.account_id + side, a.account_id, (ARRAY['telnyx', 'twilio', 'plivo', 'vonage'])[1 + side + a.account_id %% 3],
       1000, 50
FROM dialler.account AS a CROSS JOIN generate_series(0, 1) AS side;

INSERT INTO dialler.did (did_id, account_id, trunk_id, e164, nickname, country, state_code, max_per_day, spacing_seconds)
SELECT 20 * a.account_id + n, a.account_id, 2 * a.account_id + n %% 2,
       '+1555' || lpad((20 * a.account_id + n)::text, 7, '0'), 'Line ' || n, 'US',
       CASE WHEN n = 19 THEN 'S' ELSE 'A' END, 5000, 5
FROM dialler.account AS a CROSS JOIN generate_series(0, 19) AS n;

INSERT INTO dialler.campaign (campaign_id, account_id, title, state_code, agent_code, dial_priority, planned_start_at,
                              launched_at, halted_at, halt_reason, tz, expires_at, max_channels, max_per_minute,
                              max_tries, budget_limit)
SELECT n, (n + 3) / 4, 'Campaign ' || n, CASE WHEN n %% 20 = 0 THEN 'HALTED' ELSE 'LIVE' END, 'agent-' || (1 + n %% 8),
       1 + n %% 9, %(at)s - interval '15 days', %(at)s - interval '14 days',
       CASE WHEN n %% 20 = 0 THEN %(at)s - interval '1 hour' END, CASE WHEN n %% 20 = 0 THEN 'operator' END,
       'Europe/Berlin', %(at)s + interval '30 days', 200, 600, 3, 500000
FROM generate_series(1, %(campaigns)s) AS n;

INSERT INTO dialler.schedule_range (range_id, campaign_id, days, opens, closes)
SELECT 2 * c.campaign_id + half, c.campaign_id, ARRAY['mon', 'tue', 'wed', 'thu', 'fri'],
       CASE half WHEN 0 THEN time '09:00' ELSE time '14:00' END, CASE half WHEN 0 THEN time '13:00' ELSE time '19:00' END
FROM dialler.campaign AS c CROSS JOIN generate_series(0, 1) AS half;

INSERT INTO dialler.pool_member (campaign_id, did_id, weight)
SELECT c.campaign_id, 20 * c.account_id + (c.campaign_id * 5 + n) %% 20, 1 + n %% 3
FROM dialler.campaign AS c CROSS JOIN generate_series(0, 9) AS n;

INSERT INTO dialler.objective (campaign_id, label, wanted, reached)
SELECT c.campaign_id, label, 5000, 100
FROM dialler.campaign AS c CROSS JOIN (VALUES ('appointments'), ('surveys')) AS goals (label);

INSERT INTO dialler.split_arm (campaign_id, arm, agent_code, share)
SELECT c.campaign_id, arm, 'agent-' || (1 + c.campaign_id %% 8), 50
FROM dialler.campaign AS c CROSS JOIN (VALUES ('a'), ('b')) AS arms (arm);

INSERT INTO dialler.list_file (list_file_id, campaign_id, filename, bytes, rows_total, rows_ok, rows_bad, state_code,
                               received_at)
SELECT c.campaign_id, c.campaign_id, 'contacts-' || c.campaign_id || '.csv', 1000000, 10000, 9900, 100, 'LOADED',
       %(at)s - interval '15 days'
FROM dialler.campaign AS c;
