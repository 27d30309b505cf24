-- The contract's views for RapidPro 9.0; see README.md beside this file for what is exact and what is not.
-- One transaction: all of it, or nothing. No table of RapidPro is touched. Run it as one who may read its tables.
BEGIN;
SET LOCAL lock_timeout = '5s';

CREATE SCHEMA campaign_monitoring;

-- Helpers stand in a schema of their own, so that the contract's has nothing but its views.
CREATE SCHEMA campaign_adapter;

CREATE VIEW campaign_monitoring.tenants AS
SELECT o.id AS tenant_id, o.name, o.timezone FROM public.orgs_org AS o;

-- One row a contact of a voice flow's start: RapidPro writes each attempt over the one before. An attempt that is made,
-- or was made last, counts; one that waits for its turn does not yet.
CREATE VIEW campaign_adapter.called AS
SELECT c.id, s.flowstart_id, c.channel_id, c.contact_id, c.status, c.created_on, c.modified_on, c.started_on,
       c.ended_on, c.duration, c.error_reason, c.next_attempt,
       c.error_count + CASE WHEN c.status IN ('W', 'I', 'D', 'F') THEN 1 ELSE 0 END AS attempts
FROM public.ivr_call AS c
JOIN public.flows_flowstart_calls AS s ON s.call_id = c.id
WHERE c.direction = 'O';

-- A start is complete to RapidPro when all its calls are asked for. To us it runs until the last of them is over.
CREATE VIEW campaign_monitoring.campaigns AS
SELECT s.id AS campaign_id,
       s.org_id AS tenant_id,
       f.name,
       CASE WHEN s.status = 'P' THEN 'scheduled'
            WHEN s.status = 'F' THEN 'cancelled'
            WHEN s.status = 'C' AND NOT coalesce(made.live, false) THEN 'completed'
            WHEN s.status IN ('S', 'C') THEN 'running'
            ELSE s.status END AS status,
       f.name AS agent,
       CASE WHEN s.status <> 'P' THEN s.created_on END AS started_at,
       CASE WHEN s.status = 'F' OR s.status = 'C' AND NOT coalesce(made.live, false)
            THEN greatest(s.modified_on, made.last) END AS ended_at,
       o.timezone,
       CASE WHEN f.metadata ~ '"ivr_retry": *-1' THEN 1 ELSE 4 END AS max_attempts
FROM public.flows_flowstart AS s
JOIN public.flows_flow AS f ON f.id = s.flow_id
JOIN public.orgs_org AS o ON o.id = s.org_id
LEFT JOIN (SELECT c.flowstart_id, bool_or(c.status IN ('P', 'Q', 'W', 'I', 'E')) AS live, max(c.modified_on) AS last
           FROM campaign_adapter.called AS c GROUP BY 1) AS made ON made.flowstart_id = s.id
WHERE f.flow_type = 'V';

-- A channel is a number and the way to its provider at once.
CREATE VIEW campaign_monitoring.connections AS
SELECT h.id AS connection_id,
       h.org_id AS tenant_id,
       h.channel_type AS provider,
       CASE WHEN h.config ->> 'max_concurrent_events' ~ '^[0-9]{1,6}$'
            THEN nullif((h.config ->> 'max_concurrent_events')::int, 0) END AS concurrency_limit
FROM public.channels_channel AS h
WHERE h.role LIKE '%C%' AND h.org_id IS NOT NULL;

CREATE VIEW campaign_monitoring.numbers AS
SELECT h.id AS number_id,
       h.org_id AS tenant_id,
       h.id AS connection_id,
       coalesce(h.address, '') AS phone,
       h.name AS label,
       nullif(h.country, '') AS country,
       CASE WHEN h.is_active THEN 'active' ELSE 'released' END AS status
FROM public.channels_channel AS h
WHERE h.role LIKE '%C%' AND h.org_id IS NOT NULL;

-- The last attempt of each contact.
CREATE VIEW campaign_monitoring.calls AS
SELECT c.id || ':' || c.attempts AS call_id,
       c.id AS task_id,
       c.flowstart_id AS campaign_id,
       c.channel_id AS number_id,
       c.attempts AS attempt,
       coalesce(CASE WHEN c.attempts = 1 THEN c.created_on WHEN c.status IN ('W', 'I', 'D') THEN c.next_attempt END,
                c.ended_on, c.modified_on) AS started_at,
       CASE WHEN c.status IN ('I', 'D') THEN c.started_on END AS answered_at,
       CASE WHEN c.status NOT IN ('W', 'I') THEN c.ended_on END AS ended_at,
       CASE WHEN c.status IN ('W', 'I') THEN 'in_progress'
            WHEN c.status = 'D' THEN 'answered'
            WHEN c.error_reason = 'B' THEN 'busy'
            WHEN c.error_reason = 'N' THEN 'no_answer'
            WHEN c.error_reason = 'M' THEN 'voicemail'
            ELSE 'failed' END AS outcome,
       h.channel_type AS provider,
       CASE WHEN c.status IN ('E', 'F', 'Q', 'P') AND coalesce(c.error_reason, 'P') = 'P' THEN 'provider' END
           AS error_code,
       CASE WHEN c.status = 'D' THEN c.duration END AS talk_seconds,
       c.created_on AS created_at
FROM campaign_adapter.called AS c
LEFT JOIN public.channels_channel AS h ON h.id = c.channel_id
WHERE c.attempts > 0;

-- A call that is queued waits for a slot of its channel; one that erred, for the time of its next attempt.
CREATE VIEW campaign_monitoring.tasks AS
SELECT c.id AS task_id,
       c.flowstart_id AS campaign_id,
       c.contact_id AS contact,
       CASE c.status WHEN 'P' THEN 'pending' WHEN 'Q' THEN 'pending' WHEN 'E' THEN 'pending'
           WHEN 'W' THEN 'in_progress' WHEN 'I' THEN 'in_progress' WHEN 'D' THEN 'completed' WHEN 'F' THEN 'failed'
           ELSE c.status END AS status,
       CASE WHEN c.status = 'Q' THEN 'connection_limit' END AS blocker,
       CASE WHEN c.status = 'D' THEN 'completed'
            WHEN c.status = 'F' THEN CASE c.error_reason WHEN 'B' THEN 'busy' WHEN 'N' THEN 'no_answer'
                WHEN 'M' THEN 'machine' ELSE 'provider' END END AS disposition,
       c.attempts,
       NULL::bigint AS max_attempts,
       CASE WHEN c.status IN ('Q', 'E') THEN c.next_attempt END AS next_eligible_at,
       CASE WHEN c.status IN ('D', 'F') THEN c.duration END AS duration_seconds,
       CASE WHEN c.attempts > 0 THEN coalesce(CASE WHEN c.status IN ('W', 'I') THEN c.modified_on END, c.ended_on) END
           AS last_attempted_at,
       c.created_on AS created_at
FROM campaign_adapter.called AS c;

-- Contacts become calls in batches. Those that cannot be called become none.
CREATE VIEW campaign_monitoring.audience_uploads AS
SELECT s.id AS upload_id,
       s.id AS campaign_id,
       f.name AS filename,
       s.contact_count AS rows_total,
       CASE s.status WHEN 'P' THEN 'staged' WHEN 'S' THEN 'processing' WHEN 'C' THEN 'imported' WHEN 'F' THEN 'failed'
           ELSE s.status END AS status,
       s.created_on AS uploaded_at
FROM public.flows_flowstart AS s
JOIN public.flows_flow AS f ON f.id = s.flow_id
WHERE f.flow_type = 'V';
