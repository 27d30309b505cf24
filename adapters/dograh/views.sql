-- The contract's views for dograh 1.x; see README.md beside this file for what is exact and what is not.
-- One transaction: all of it, or nothing. No table of dograh is touched. Run it as one who may read its tables.
BEGIN;
SET LOCAL lock_timeout = '5s';

CREATE SCHEMA campaign_monitoring;

-- A limit that an organization has not set is the server's own, which no table tells.
CREATE VIEW campaign_monitoring.tenants AS
SELECT o.id AS tenant_id,
       o.provider_id AS name,
       CASE WHEN l.value ->> 'value' ~ '^[0-9]{1,6}$' THEN (l.value ->> 'value')::int END AS concurrency_limit
FROM public.organizations AS o
LEFT JOIN public.organization_configurations AS l
    ON l.organization_id = o.id AND l.key = 'CONCURRENT_CALL_LIMIT';

-- "created" waits for somebody to start it: a draft. The circuit breaker logs that it paused a campaign, and nothing was
-- changed since: later changes may be a person's. Slots that end before they begin never open in dograh.
CREATE VIEW campaign_monitoring.campaigns AS
SELECT c.id AS campaign_id,
       c.organization_id AS tenant_id,
       c.name,
       CASE c.state::text
           WHEN 'created' THEN 'draft' WHEN 'syncing' THEN 'running' WHEN 'running' THEN 'running'
           WHEN 'paused' THEN 'paused' WHEN 'completed' THEN 'completed' WHEN 'failed' THEN 'cancelled'
           ELSE c.state::text END AS status,
       w.name AS agent,
       c.started_at,
       tripped.at AS paused_at,
       CASE WHEN tripped.at IS NOT NULL THEN 'circuit_breaker_tripped' END AS pause_reason,
       CASE WHEN tripped.at IS NOT NULL THEN 'platform' END AS paused_by,
       c.completed_at AS ended_at,
       coalesce(c.orchestrator_metadata #>> '{schedule_config,timezone}', 'UTC') AS timezone,
       CASE WHEN c.orchestrator_metadata #>> '{schedule_config,enabled}' = 'true'
                 AND json_typeof(c.orchestrator_metadata #> '{schedule_config,slots}') = 'array'
                 AND json_array_length(c.orchestrator_metadata #> '{schedule_config,slots}') > 0 THEN coalesce(
           (SELECT jsonb_agg(jsonb_build_object(
                'days', jsonb_build_array((ARRAY['mon', 'tue', 'wed', 'thu', 'fri', 'sat', 'sun'])
                                              [(s.slot ->> 'day_of_week')::int + 1]),
                'start', s.slot ->> 'start_time', 'end', s.slot ->> 'end_time') ORDER BY s.place)
            FROM json_array_elements(c.orchestrator_metadata #> '{schedule_config,slots}')
                     WITH ORDINALITY AS s (slot, place)
            WHERE s.slot ->> 'start_time' < s.slot ->> 'end_time'), '[]'::jsonb) END AS call_windows,
       CASE WHEN c.orchestrator_metadata ->> 'max_concurrency' ~ '^[0-9]{1,6}$'
            THEN (c.orchestrator_metadata ->> 'max_concurrency')::int END AS concurrency_limit,
       c.rate_limit_per_second * 60 AS calls_per_minute,
       CASE WHEN c.retry_config ->> 'enabled' = 'false' THEN 1
            WHEN c.retry_config ->> 'max_retries' ~ '^[0-9]{1,4}$' THEN (c.retry_config ->> 'max_retries')::int + 1
            ELSE 2 END AS max_attempts
FROM public.campaigns AS c
LEFT JOIN public.workflows AS w ON w.id = c.workflow_id
LEFT JOIN LATERAL (
    SELECT (entry.last ->> 'ts')::timestamptz AS at
    FROM (SELECT CASE WHEN json_typeof(c.logs) = 'array' THEN c.logs -> -1 END AS last) AS entry
    WHERE c.state = 'paused' AND entry.last ->> 'event' = 'circuit_breaker_tripped'
      AND c.updated_at < (entry.last ->> 'ts')::timestamptz + interval '1 minute') AS tripped ON true;

CREATE VIEW campaign_monitoring.connections AS
SELECT t.id AS connection_id, t.organization_id AS tenant_id, t.provider
FROM public.telephony_configurations AS t;

CREATE VIEW campaign_monitoring.numbers AS
SELECT n.id AS number_id,
       n.organization_id AS tenant_id,
       n.telephony_configuration_id AS connection_id,
       n.address AS phone,
       n.label,
       n.country_code AS country,
       CASE WHEN n.is_active THEN 'active' ELSE 'released' END AS status
FROM public.telephony_phone_numbers AS n;

-- A campaign dials from any active number of its telephony configuration, each as often as any other.
CREATE VIEW campaign_monitoring.campaign_numbers AS
SELECT c.id AS campaign_id, n.id AS number_id, 1 AS weight
FROM public.campaigns AS c
JOIN public.telephony_phone_numbers AS n
    ON n.telephony_configuration_id = c.telephony_configuration_id AND n.is_active;

-- A retry is a row of its own that points to the one before. The first of them is the contact; "root" finds it.
-- Helpers stand in a schema of their own, so that the contract's has nothing but its views.
CREATE SCHEMA campaign_adapter;
CREATE VIEW campaign_adapter.chains AS
WITH RECURSIVE chain (root, id) AS (
    SELECT q.id, q.id FROM public.queued_runs AS q WHERE q.parent_queued_run_id IS NULL
    UNION ALL
    SELECT chain.root, q.id FROM chain JOIN public.queued_runs AS q ON q.parent_queued_run_id = chain.id
)
SELECT chain.root, chain.id FROM chain;

-- dograh writes when a run was made and what became of it, and when the carrier last said something of it.
CREATE VIEW campaign_monitoring.calls AS
SELECT r.id AS call_id,
       chain.root AS task_id,
       r.campaign_id,
       n.id AS number_id,
       coalesce(q.retry_count, 0) + 1 AS attempt,
       r.created_at AS started_at,
       CASE WHEN r.state = 'completed' AND r.logs #>> '{telephony_status_callbacks,-1,timestamp}' ~ '^\d{4}-\d\d-\d\dT'
            THEN (r.logs #>> '{telephony_status_callbacks,-1,timestamp}')::timestamptz END AS ended_at,
       CASE
           WHEN r.state <> 'completed' THEN 'in_progress'
           WHEN r.gathered_context ->> 'error' IS NOT NULL THEN 'failed'
           WHEN r.gathered_context::jsonb -> 'call_tags' @> '["voicemail_detected"]' THEN 'voicemail'
           WHEN r.gathered_context::jsonb -> 'call_tags' @> '["not_connected"]' THEN
               CASE r.gathered_context ->> 'call_disposition'
                   WHEN 'busy' THEN 'busy' WHEN 'no-answer' THEN 'no_answer' WHEN 'canceled' THEN 'no_answer'
                   ELSE 'failed' END
           ELSE 'answered' END AS outcome,
       r.mode AS provider,
       CASE WHEN r.gathered_context ->> 'error' IS NOT NULL THEN r.gathered_context ->> 'error'
            WHEN r.gathered_context::jsonb -> 'call_tags' @> '["not_connected"]'
                 AND r.gathered_context ->> 'call_disposition' IN ('failed', 'error')
            THEN r.gathered_context ->> 'call_disposition' END AS error_code,
       CASE WHEN json_typeof(r.usage_info -> 'call_duration_seconds') = 'number'
            THEN (r.usage_info ->> 'call_duration_seconds')::numeric END AS talk_seconds,
       r.created_at
FROM public.workflow_runs AS r
JOIN public.campaigns AS c ON c.id = r.campaign_id
LEFT JOIN public.queued_runs AS q ON q.id = r.queued_run_id
LEFT JOIN campaign_adapter.chains AS chain ON chain.id = r.queued_run_id
LEFT JOIN public.telephony_phone_numbers AS n
    ON n.organization_id = c.organization_id AND n.address_normalized = r.initial_context ->> 'caller_number';

-- How a contact stands is how the last row of its chain does. That row is "processed" once the call was made: then the
-- call says it. One that nobody answered is made again by a new row, or was the last.
CREATE VIEW campaign_monitoring.tasks AS
SELECT first.id AS task_id,
       first.campaign_id,
       first.source_uuid AS contact,
       first.context_variables ->> 'phone_number' AS phone,
       CASE
           WHEN now.state = 'queued' THEN 'pending'
           WHEN now.state = 'processing' OR tried.last = 'in_progress' THEN 'in_progress'
           WHEN now.state = 'failed' OR tried.last IS NULL THEN 'failed'
           WHEN tried.last = 'answered' THEN 'completed'
           ELSE 'failed' END AS status,
       CASE WHEN now.state = 'processed' AND tried.last <> 'in_progress' THEN tried.disposition END AS disposition,
       coalesce(tried.calls, 0) AS attempts,
       NULL::bigint AS max_attempts,
       CASE WHEN now.state = 'queued' THEN now.scheduled_for END AS next_eligible_at,
       tried.at AS last_attempted_at,
       first.created_at
FROM (SELECT DISTINCT ON (chain.root) chain.root, chain.id
      FROM campaign_adapter.chains AS chain
      ORDER BY chain.root, chain.id DESC) AS latest
JOIN public.queued_runs AS first ON first.id = latest.root
JOIN public.queued_runs AS now ON now.id = latest.id
LEFT JOIN (SELECT DISTINCT ON (call.task_id) call.task_id,
                  call.outcome AS last,
                  call.started_at AS at,
                  r.gathered_context ->> 'mapped_call_disposition' AS disposition,
                  count(*) OVER (PARTITION BY call.task_id) AS calls
           FROM campaign_monitoring.calls AS call
           JOIN public.workflow_runs AS r ON r.id = call.call_id
           ORDER BY call.task_id, call.started_at DESC, call.call_id DESC) AS tried
    ON tried.task_id = first.id;

-- The campaign's own log, for annotations on boards.
CREATE VIEW campaign_monitoring.campaign_events AS
SELECT c.id || ':' || e.place AS event_id,
       c.id AS campaign_id,
       (e.entry ->> 'ts')::timestamptz AS at,
       e.entry ->> 'event' AS kind,
       (e.entry -> 'details')::jsonb AS detail
FROM public.campaigns AS c
CROSS JOIN LATERAL json_array_elements(CASE WHEN json_typeof(c.logs) = 'array' THEN c.logs ELSE '[]' END)
    WITH ORDINALITY AS e (entry, place);

-- One file a campaign.
CREATE VIEW campaign_monitoring.audience_uploads AS
SELECT c.id AS upload_id,
       c.id AS campaign_id,
       c.source_id AS filename,
       c.total_rows::bigint AS rows_total,
       CASE c.source_sync_status
           WHEN 'pending' THEN 'staged' WHEN 'in_progress' THEN 'processing' WHEN 'completed' THEN 'imported'
           WHEN 'failed' THEN 'failed' ELSE c.source_sync_status END AS status,
       c.source_sync_error AS error,
       c.created_at AS uploaded_at
FROM public.campaigns AS c;

