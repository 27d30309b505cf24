-- The contract's views over the dialler's tables. Idempotent.
--
-- Rules that keep them cheap, worth keeping in views over your own tables:
--   * plain columns for ids and updated_at, so that the reader's predicates reach the base tables' indexes;
--   * a CASE for codes, word for word the expression that indexes.sql indexes;
--   * LEFT JOIN only on a unique key: PostgreSQL drops the join where no column of it is asked for;
--   * no now(): a row reads the same whenever it is read. A code without a translation passes through as it is.
CREATE SCHEMA IF NOT EXISTS campaign_monitoring;

CREATE OR REPLACE VIEW campaign_monitoring.tenants AS
SELECT account_id AS tenant_id,
       display_name AS name,
       tz AS timezone,
       max_channels AS concurrency_limit,
       credit_balance AS credits_remaining
FROM dialler.account;

CREATE OR REPLACE VIEW campaign_monitoring.campaigns AS
SELECT c.campaign_id,
       c.account_id AS tenant_id,
       c.title AS name,
       CASE c.state_code
           WHEN 'DRAFT' THEN 'draft' WHEN 'PLANNED' THEN 'scheduled' WHEN 'LIVE' THEN 'running'
           WHEN 'HALTED' THEN 'paused' WHEN 'DONE' THEN 'completed' WHEN 'ABORTED' THEN 'cancelled'
           ELSE c.state_code END AS status,
       c.agent_code AS agent,
       c.dial_priority AS priority,
       c.planned_start_at AS scheduled_at,
       c.launched_at AS started_at,
       c.halted_at AS paused_at,
       c.halt_reason AS pause_reason,
       c.finished_at AS ended_at,
       c.tz AS timezone,
       CASE WHEN NOT c.always_open THEN coalesce(
           (SELECT jsonb_agg(jsonb_build_object('days', to_jsonb(r.days),
                                                'start', to_char(r.opens, 'HH24:MI'),
                                                'end', to_char(r.closes, 'HH24:MI')) ORDER BY r.range_id)
            FROM dialler.schedule_range AS r
            WHERE r.campaign_id = c.campaign_id AND r.enabled), '[]'::jsonb) END AS call_windows,
       c.expires_at,
       c.max_channels AS concurrency_limit,
       c.max_per_minute AS calls_per_minute,
       c.max_tries AS max_attempts,
       c.match_country AS country_match,
       c.currency,
       c.budget_limit AS budget,
       c.halted_by AS paused_by,
       true AS list_known
FROM dialler.campaign AS c;

CREATE OR REPLACE VIEW campaign_monitoring.goals AS
SELECT campaign_id, label AS goal, wanted AS target, reached AS achieved
FROM dialler.objective;

CREATE OR REPLACE VIEW campaign_monitoring.variants AS
SELECT campaign_id, arm AS variant, agent_code AS agent, share AS weight
FROM dialler.split_arm;

CREATE OR REPLACE VIEW campaign_monitoring.agents AS
SELECT campaign_id,
       logged_in,
       logged_in - paused - talking AS free,
       talking AS on_call,
       paused,
       break_reason AS pause_reason,
       break_until AS break_ends_at,
       jsonb_build_array(jsonb_build_object('days', to_jsonb(shift_days),
                                            'start', to_char(shift_opens, 'HH24:MI'),
                                            'end', to_char(shift_closes, 'HH24:MI'))) AS shifts,
       ratio AS dial_ratio
FROM dialler.crew;

CREATE OR REPLACE VIEW campaign_monitoring.connections AS
SELECT trunk_id AS connection_id,
       account_id AS tenant_id,
       provider,
       max_channels AS concurrency_limit,
       max_cps AS calls_per_second
FROM dialler.trunk;

CREATE OR REPLACE VIEW campaign_monitoring.numbers AS
SELECT did_id AS number_id,
       account_id AS tenant_id,
       trunk_id AS connection_id,
       e164 AS phone,
       nickname AS label,
       country,
       CASE state_code
           WHEN 'A' THEN 'active' WHEN 'R' THEN 'resting' WHEN 'S' THEN 'flagged' WHEN 'X' THEN 'released'
           ELSE state_code END AS status,
       max_per_day AS daily_cap,
       rest_until AS cooldown_until
FROM dialler.did;

CREATE OR REPLACE VIEW campaign_monitoring.campaign_numbers AS
SELECT campaign_id, did_id AS number_id, weight
FROM dialler.pool_member;

CREATE OR REPLACE VIEW campaign_monitoring.tasks AS
SELECT l.lead_id AS task_id,
       l.campaign_id,
       p.external_ref AS contact,
       p.e164 AS phone,
       l.did_id AS number_id,
       l.did_locked AS sticky,
       CASE l.state_code
           WHEN 'Q' THEN 'pending' WHEN 'D' THEN 'in_progress' WHEN 'C' THEN 'completed'
           WHEN 'F' THEN 'failed' WHEN 'X' THEN 'cancelled' ELSE l.state_code END AS status,
       l.hold_code AS blocker,
       l.result_code AS disposition,
       l.arm AS variant,
       l.tries AS attempts,
       l.max_tries AS max_attempts,
       l.fault_retries AS system_retries,
       l.due_at AS next_eligible_at,
       l.talk_seconds AS duration_seconds,
       l.quality AS score,
       l.goal_reached AS goal_met,
       l.last_dialled_at AS last_attempted_at,
       l.created_at,
       l.updated_at
FROM dialler.lead AS l
LEFT JOIN dialler.person AS p ON p.person_id = l.person_id;

CREATE OR REPLACE VIEW campaign_monitoring.calls AS
SELECT a.attempt_id AS call_id,
       a.lead_id AS task_id,
       a.campaign_id,
       a.did_id AS number_id,
       a.arm AS variant,
       a.try_no AS attempt,
       a.due_at AS eligible_at,
       a.dialled_at AS started_at,
       a.answered_at,
       a.agent_spoke_at,
       a.hung_up_at AS ended_at,
       CASE a.result_code
           WHEN 'LIVE' THEN 'in_progress' WHEN 'ANS' THEN 'answered' WHEN 'VM' THEN 'voicemail'
           WHEN 'NA' THEN 'no_answer' WHEN 'BUSY' THEN 'busy' WHEN 'REJ' THEN 'rejected'
           WHEN 'ERR' THEN 'failed' WHEN 'ABD' THEN 'abandoned' ELSE a.result_code END AS outcome,
       t.provider,
       a.fault_code AS error_code,
       a.talk_seconds,
       a.ai_cost,
       a.carrier_cost AS telephony_cost,
       CASE a.mood_code
           WHEN 'POS' THEN 'positive' WHEN 'NEU' THEN 'neutral' WHEN 'NEG' THEN 'negative'
           ELSE a.mood_code END AS sentiment,
       a.quality AS score,
       a.created_at,
       a.updated_at
FROM dialler.attempt AS a
LEFT JOIN dialler.trunk AS t ON t.trunk_id = a.trunk_id;

CREATE OR REPLACE VIEW campaign_monitoring.campaign_events AS
SELECT entry_id AS event_id, campaign_id, at, kind, actor, detail
FROM dialler.campaign_journal;

CREATE OR REPLACE VIEW campaign_monitoring.audience_uploads AS
SELECT list_file_id AS upload_id,
       campaign_id,
       filename,
       bytes AS size_bytes,
       rows_total,
       rows_ok AS rows_accepted,
       rows_bad AS rows_rejected,
       CASE state_code
           WHEN 'STAGED' THEN 'staged' WHEN 'READING' THEN 'processing' WHEN 'LOADED' THEN 'imported'
           WHEN 'BROKEN' THEN 'failed' ELSE state_code END AS status,
       error_text AS error,
       received_at AS uploaded_at
FROM dialler.list_file;

CREATE OR REPLACE VIEW campaign_monitoring.task_events AS
SELECT entry_id AS event_id, lead_id AS task_id, at, kind, code, detail
FROM dialler.lead_log;

CREATE OR REPLACE VIEW campaign_monitoring.dispatch_snapshots AS
SELECT entry_id AS snapshot_id, campaign_id, lead_id AS task_id, at, capacity
FROM dialler.dispatch_log;
