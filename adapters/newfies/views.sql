-- The contract's views for Newfies-Dialer 3.x; see README.md beside this file for what is exact and what is not.
-- One transaction: all of it, or nothing. No table of Newfies-Dialer is touched. Run it as one who may read its tables.
BEGIN;
SET LOCAL lock_timeout = '5s';

CREATE SCHEMA campaign_monitoring;

-- Helpers stand in a schema of their own, so that the contract's has nothing but its views.
CREATE SCHEMA campaign_adapter;

-- No table tells the zone of campaigns' hours: it is what the setting TIME_ZONE says (adopt --timezone).
CREATE VIEW campaign_adapter.settings AS SELECT NULL::text AS timezone;

-- Who owns campaigns is a tenant.
CREATE VIEW campaign_monitoring.tenants AS
SELECT u.id AS tenant_id, u.username AS name FROM public.auth_user AS u;

-- One that is paused and was never started waits for somebody to do so: a draft. Hours that end before they begin never
-- open. This view is read whole at each refresh, so it may ask the clock.
CREATE VIEW campaign_monitoring.campaigns AS
SELECT c.id AS campaign_id,
       c.user_id AS tenant_id,
       c.name,
       CASE WHEN c.status = 1 AND c.startingdate > now() THEN 'scheduled'
            WHEN c.status = 1 THEN 'running'
            WHEN c.status = 2 THEN CASE WHEN c.has_been_started THEN 'paused' ELSE 'draft' END
            WHEN c.status = 3 THEN 'cancelled'
            WHEN c.status = 4 THEN 'completed'
            ELSE c.status::text END AS status,
       c.startingdate AS scheduled_at,
       CASE WHEN c.status IN (3, 4) THEN least(c.updated_date, c.expirationdate) END AS ended_at,
       s.timezone,
       CASE WHEN c.daily_start_time > c.daily_stop_time THEN '[]'::jsonb ELSE jsonb_build_array(jsonb_build_object(
           'days', to_jsonb(array_remove(ARRAY[
               CASE WHEN c.monday THEN 'mon' END, CASE WHEN c.tuesday THEN 'tue' END,
               CASE WHEN c.wednesday THEN 'wed' END, CASE WHEN c.thursday THEN 'thu' END,
               CASE WHEN c.friday THEN 'fri' END, CASE WHEN c.saturday THEN 'sat' END,
               CASE WHEN c.sunday THEN 'sun' END], NULL)),
           'start', to_char(c.daily_start_time, 'HH24:MI'),
           'end', CASE c.daily_stop_time WHEN '23:59:59' THEN '24:00'
                      ELSE to_char(c.daily_stop_time, 'HH24:MI') END)) END AS call_windows,
       c.expirationdate AS expires_at,
       c.frequency AS calls_per_minute,
       1 + coalesce(c.maxretry, 0) + coalesce(c.completion_maxretry, 0) AS max_attempts
FROM public.dialer_campaign AS c
CROSS JOIN campaign_adapter.settings AS s;

-- Each callrequest that was dialled: a retry is one of its own. What became of it stands in the record of its first
-- leg, which is written at the end of the call. Until then the callrequest was last changed when it was dialled.
CREATE VIEW campaign_monitoring.calls AS
SELECT r.id AS call_id,
       r.subscriber_id AS task_id,
       r.campaign_id,
       r.num_attempt + 1 AS attempt,
       coalesce(d.starting_date - make_interval(secs => coalesce(d.duration, 0)), r.updated_date) AS started_at,
       CASE WHEN d.billsec > 0 THEN d.starting_date - make_interval(secs => d.billsec) END AS answered_at,
       coalesce(d.starting_date, CASE WHEN r.status IN (2, 4, 5) THEN r.updated_date END) AS ended_at,
       CASE WHEN d.id IS NULL THEN CASE r.status WHEN 7 THEN 'in_progress' WHEN 4 THEN 'answered' ELSE 'failed' END
            WHEN d.disposition = 'ANSWER' THEN CASE d.amd_status WHEN 2 THEN 'voicemail' ELSE 'answered' END
            WHEN d.disposition = 'BUSY' THEN 'busy'
            WHEN d.disposition IN ('NOANSWER', 'CANCEL') THEN 'no_answer'
            WHEN d.hangup_cause = 'CALL_REJECTED' THEN 'rejected'
            WHEN d.disposition IN ('CONGESTION', 'FAILED') THEN 'failed'
            ELSE d.disposition END AS outcome,
       CASE WHEN d.disposition IN ('CONGESTION', 'FAILED') AND d.hangup_cause <> 'CALL_REJECTED'
                 THEN lower(d.hangup_cause)
            WHEN d.id IS NULL AND r.status IN (2, 5) THEN coalesce(nullif(lower(r.hangup_cause), ''), 'not_dialled')
            END AS error_code,
       d.billsec AS talk_seconds,
       r.created_date AS created_at
FROM public.dialer_callrequest AS r
LEFT JOIN (SELECT DISTINCT ON (callrequest_id) id, callrequest_id, starting_date, duration, billsec, disposition,
                  hangup_cause, amd_status
           FROM public.dialer_cdr WHERE leg_type = 1
           ORDER BY callrequest_id, billsec DESC NULLS LAST, id DESC) AS d ON d.callrequest_id = r.id
WHERE r.campaign_id IS NOT NULL AND coalesce(r.alarm_request_id, 0) = 0
  AND (r.status IN (2, 4, 5, 7) OR d.id IS NOT NULL);

-- A subscriber stands as its calls left it while a retry waits: then it is pending, as its last callrequest is. Who
-- must not be called was never dialled.
CREATE VIEW campaign_monitoring.tasks AS
SELECT t.id AS task_id,
       t.campaign_id,
       t.contact_id AS contact,
       t.duplicate_contact AS phone,
       CASE WHEN last.status = 1 AND last.parent_callrequest_id IS NOT NULL AND t.status IN (4, 5) THEN
                CASE WHEN c.status IN (3, 4) THEN 'failed' ELSE 'pending' END
            WHEN last.status = 7 OR t.status = 6 THEN 'in_progress'
            WHEN t.status IN (1, 2) THEN CASE WHEN c.status IN (3, 4) THEN 'cancelled' ELSE 'pending' END
            WHEN t.status IN (3, 7) THEN 'cancelled'
            WHEN t.status = 4 THEN 'failed'
            WHEN t.status IN (5, 8) THEN 'completed'
            ELSE t.status::text END AS status,
       CASE t.status WHEN 3 THEN 'abort' WHEN 4 THEN 'fail' WHEN 5 THEN 'sent' WHEN 7 THEN 'not_authorized'
                     WHEN 8 THEN 'completed' END AS disposition,
       coalesce(t.count_attempt, 0) AS attempts,
       NULL::bigint AS max_attempts,
       CASE WHEN last.status = 1 AND last.parent_callrequest_id IS NOT NULL AND c.status NOT IN (3, 4) THEN
           last.created_date + make_interval(secs => coalesce(
               CASE t.status WHEN 5 THEN c.completion_intervalretry ELSE c.intervalretry END, 0)) END
           AS next_eligible_at,
       t.last_attempt AS last_attempted_at,
       t.created_date AS created_at
FROM public.dialer_subscriber AS t
JOIN public.dialer_campaign AS c ON c.id = t.campaign_id
LEFT JOIN (SELECT DISTINCT ON (subscriber_id) subscriber_id, status, created_date, parent_callrequest_id
           FROM public.dialer_callrequest
           WHERE coalesce(alarm_request_id, 0) = 0
           ORDER BY subscriber_id, id DESC) AS last ON last.subscriber_id = t.id;
