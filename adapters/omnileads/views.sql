-- The contract's views for OMniLeads 1.x with Wombat; see README.md beside this file for what is exact and what is not.
-- One transaction: all of it, or nothing. No table of OMniLeads is touched. Run it as one who may read its tables.
BEGIN;
SET LOCAL lock_timeout = '5s';

CREATE SCHEMA campaign_monitoring;

-- Helpers stand in a schema of their own, so that the contract's has nothing but its views.
CREATE SCHEMA campaign_adapter;

-- No table tells the zone of campaigns' hours: it is what the setting TZ of OMniLeads says (adopt --timezone).
CREATE VIEW campaign_adapter.settings AS SELECT NULL::text AS timezone;

-- Campaigns of the dialler, without templates and without what was deleted: both are only marked.
CREATE VIEW campaign_adapter.dialled AS
SELECT c.id, c.nombre, c.estado, c.fecha_inicio, c.bd_contacto_id, c.objetivo
FROM public.ominicontacto_app_campana AS c
WHERE c.type = 2 AND NOT c.es_template AND c.estado NOT IN (4, 8, 9);

-- All are of one tenant. "Inactiva" waits for somebody to start it: a draft.
CREATE VIEW campaign_monitoring.campaigns AS
SELECT c.id AS campaign_id,
       'default'::text AS tenant_id,
       c.nombre AS name,
       CASE c.estado WHEN 2 THEN 'running' WHEN 3 THEN 'completed' WHEN 5 THEN 'paused' WHEN 6 THEN 'draft'
           ELSE c.estado::text END AS status,
       c.fecha_inicio::timestamp AT TIME ZONE s.timezone AS scheduled_at,
       s.timezone,
       CASE WHEN h.id IS NOT NULL THEN jsonb_build_array(jsonb_build_object(
           'days', to_jsonb(array_remove(ARRAY[
               CASE WHEN h.lunes THEN 'mon' END, CASE WHEN h.martes THEN 'tue' END,
               CASE WHEN h.miercoles THEN 'wed' END, CASE WHEN h.jueves THEN 'thu' END,
               CASE WHEN h.viernes THEN 'fri' END, CASE WHEN h.sabado THEN 'sat' END,
               CASE WHEN h.domingo THEN 'sun' END], NULL)),
           'start', to_char(h.hora_desde, 'HH24:MI'), 'end', to_char(h.hora_hasta, 'HH24:MI'))) END AS call_windows,
       nullif(q.maxlen, 0) AS concurrency_limit
FROM campaign_adapter.dialled AS c
CROSS JOIN campaign_adapter.settings AS s
LEFT JOIN public.ominicontacto_app_actuacionvigente AS h ON h.campana_id = c.id
LEFT JOIN public.queue_table AS q ON q.campana_id = c.id;

-- What a campaign is to achieve: contacts that an agent filled the campaign's form for.
CREATE VIEW campaign_monitoring.goals AS
SELECT c.id AS campaign_id,
       'gestion'::text AS goal,
       c.objetivo AS target,
       (SELECT count(*) FROM public.ominicontacto_app_calificacioncliente AS q
        JOIN public.ominicontacto_app_opcioncalificacion AS o ON o.id = q.opcion_calificacion_id
        WHERE o.campana_id = c.id AND o.tipo = 1) AS achieved
FROM campaign_adapter.dialled AS c
WHERE c.objetivo > 0;

-- A call is the events of one callid. Which come, and in which order, does not matter: each is looked for by itself.
-- Only what the dialler dialled (tipo_llamada 2): no manual calls, no calls that came in.
CREATE VIEW campaign_adapter.attempts AS
SELECT one.*,
       min(one.started_at) OVER (PARTITION BY one.campana_id, one.contacto_id) AS first_at,
       count(*) OVER (PARTITION BY one.campana_id, one.contacto_id, one.reason ORDER BY one.started_at, one.callid)
           AS of_reason,
       row_number() OVER (PARTITION BY one.campana_id, one.contacto_id ORDER BY one.started_at, one.callid) AS attempt,
       row_number() OVER (PARTITION BY one.campana_id, one.contacto_id ORDER BY one.started_at DESC, one.callid DESC)
           AS from_last
FROM (
    SELECT e.callid,
           e.campana_id,
           min(e.contacto_id) FILTER (WHERE e.contacto_id > 0) AS contacto_id,
           min(e.time) AS started_at,
           min(e.time) FILTER (WHERE e.event = 'ANSWER') AS answered_at,
           max(e.time) FILTER (WHERE e.event = 'AMD' OR e.event IN (
               'NOANSWER', 'CANCEL', 'BUSY', 'CHANUNAVAIL', 'FAIL', 'OTHER', 'BLACKLIST', 'CONGESTION', 'NONDIALPLAN',
               'COMPLETEAGENT', 'COMPLETEOUTNUM', 'ABANDON', 'ABANDONWEL', 'EXITWITHTIMEOUT', 'COMPLETE-BT',
               'COMPLETE-CT', 'COMPLETE-CAMPT', 'COMPLETE-BTOUT', 'COMPLETE-CTOUT', 'ABANDON-CT', 'ABANDON-CTOUT'))
               AS ended_at,
           bool_or(e.event IN ('ANSWER', 'ENTERQUEUE', 'CONNECT')) AS answered,
           bool_or(e.event = 'CONNECT') AS connected,
           bool_or(e.event = 'AMD') AS machine,
           max(e.event) FILTER (WHERE e.event IN (
               'NOANSWER', 'CANCEL', 'BUSY', 'CHANUNAVAIL', 'FAIL', 'OTHER', 'BLACKLIST', 'CONGESTION', 'NONDIALPLAN',
               'AMD', 'ABANDON', 'ABANDONWEL', 'EXITWITHTIMEOUT')) AS reason,
           max(e.duracion_llamada) FILTER (WHERE e.agente_id > 0 AND e.duracion_llamada > 0) AS talk_seconds
    FROM public.reportes_app_llamadalog AS e
    JOIN campaign_adapter.dialled AS c ON c.id = e.campana_id
    WHERE e.tipo_llamada = 2 AND e.callid <> ''
    GROUP BY e.callid, e.campana_id) AS one;

-- A call whose end was never logged is over when its contact was called again: how it ended is not known.
CREATE VIEW campaign_monitoring.calls AS
SELECT a.callid AS call_id,
       a.campana_id || ':' || a.contacto_id AS task_id,
       a.campana_id AS campaign_id,
       a.attempt,
       a.started_at,
       a.answered_at,
       a.ended_at,
       CASE WHEN a.machine THEN 'voicemail'
            WHEN a.ended_at IS NULL AND a.from_last = 1 THEN 'in_progress'
            WHEN a.answered AND NOT a.connected AND a.reason IN ('ABANDON', 'ABANDONWEL', 'EXITWITHTIMEOUT')
                THEN 'abandoned'
            WHEN a.answered THEN 'answered'
            WHEN a.reason = 'BUSY' THEN 'busy'
            WHEN a.reason IN ('NOANSWER', 'CANCEL') THEN 'no_answer'
            ELSE 'failed' END AS outcome,
       CASE WHEN a.answered OR a.machine OR a.ended_at IS NULL AND a.from_last = 1 THEN NULL
            WHEN a.ended_at IS NULL THEN 'no_end_logged'
            WHEN a.reason NOT IN ('BUSY', 'NOANSWER', 'CANCEL') THEN lower(a.reason) END AS error_code,
       a.talk_seconds,
       a.started_at AS created_at
FROM campaign_adapter.attempts AS a
WHERE a.contacto_id IS NOT NULL;

-- A contact is a task in each campaign that dials its list, and in each that has dialled it. Wombat's own lists are in
-- no table here: what it will dial again is worked out of the campaign's rules, which OMniLeads gives to it.
CREATE VIEW campaign_monitoring.tasks AS
SELECT t.campana_id || ':' || t.contacto_id AS task_id,
       t.campana_id AS campaign_id,
       p.id_externo AS contact,
       p.telefono AS phone,
       CASE WHEN last.callid IS NULL THEN CASE WHEN c.estado = 3 THEN 'cancelled' ELSE 'pending' END
            WHEN last.ended_at IS NULL THEN 'in_progress'
            WHEN rule.intento_max >= last.of_reason THEN CASE WHEN c.estado = 3 THEN 'failed' ELSE 'pending' END
            WHEN last.connected THEN 'completed'
            ELSE 'failed' END AS status,
       coalesce(said.nombre, lower(last.reason)) AS disposition,
       coalesce(last.attempt, 0) AS attempts,
       NULL::bigint AS max_attempts,
       CASE WHEN rule.intento_max >= last.of_reason AND c.estado <> 3 THEN last.ended_at + make_interval(secs =>
           rule.reintentar_tarde * CASE rule.en_modo WHEN 2 THEN last.of_reason ELSE 1 END) END AS next_eligible_at,
       said.tipo = 1 AS goal_met,
       last.started_at AS last_attempted_at,
       coalesce(l.fecha_alta, last.first_at) AS created_at
FROM (SELECT c.id AS campana_id, p.id AS contacto_id
      FROM campaign_adapter.dialled AS c
      JOIN public.ominicontacto_app_contacto AS p ON p.bd_contacto_id = c.bd_contacto_id AND p.es_originario) AS listed
FULL JOIN (SELECT a.* FROM campaign_adapter.attempts AS a WHERE a.from_last = 1 AND a.contacto_id IS NOT NULL) AS last
    ON last.campana_id = listed.campana_id AND last.contacto_id = listed.contacto_id
CROSS JOIN LATERAL (SELECT coalesce(listed.campana_id, last.campana_id) AS campana_id,
                           coalesce(listed.contacto_id, last.contacto_id) AS contacto_id) AS t
JOIN campaign_adapter.dialled AS c ON c.id = t.campana_id
LEFT JOIN public.ominicontacto_app_contacto AS p ON p.id = t.contacto_id
LEFT JOIN public.ominicontacto_app_basedatoscontacto AS l ON l.id = p.bd_contacto_id
LEFT JOIN (SELECT DISTINCT ON (q.contacto_id, o.campana_id)
                  q.contacto_id, o.campana_id, o.id, o.nombre, o.tipo, q.callid
           FROM public.ominicontacto_app_calificacioncliente AS q
           JOIN public.ominicontacto_app_opcioncalificacion AS o ON o.id = q.opcion_calificacion_id
           ORDER BY q.contacto_id, o.campana_id, q.modified DESC, q.id DESC) AS said
    ON said.contacto_id = t.contacto_id AND said.campana_id = t.campana_id
LEFT JOIN (SELECT r.campana_id, r.estado, NULL::int AS option, r.intento_max, r.reintentar_tarde, r.en_modo
           FROM (SELECT DISTINCT ON (campana_id, estado) * FROM public.ominicontacto_app_reglasincidencia
                 ORDER BY campana_id, estado, id DESC) AS r
           UNION ALL
           SELECT o.campana_id, NULL, o.id, r.intento_max, r.reintentar_tarde, r.en_modo
           FROM public.ominicontacto_app_reglaincidenciaporcalificacion AS r
           JOIN public.ominicontacto_app_opcioncalificacion AS o ON o.id = r.opcion_calificacion_id) AS rule
    ON rule.campana_id = t.campana_id
   AND (rule.option = said.id AND last.connected AND said.callid = last.callid
        OR NOT last.connected AND rule.estado = CASE last.reason
               WHEN 'BUSY' THEN 1 WHEN 'AMD' THEN 2 WHEN 'NOANSWER' THEN 3 WHEN 'CANCEL' THEN 5
               WHEN 'CHANUNAVAIL' THEN 4 WHEN 'CONGESTION' THEN 4 WHEN 'FAIL' THEN 4 WHEN 'OTHER' THEN 4 END);

-- A list may serve several campaigns: it is shown to each.
CREATE VIEW campaign_monitoring.audience_uploads AS
SELECT c.id AS upload_id,
       c.id AS campaign_id,
       l.nombre_archivo_importacion AS filename,
       l.cantidad_contactos AS rows_accepted,
       CASE WHEN l.estado = 0 THEN 'staged' WHEN l.estado = 2 THEN 'processing' ELSE 'imported' END AS status,
       l.fecha_alta AS uploaded_at
FROM campaign_adapter.dialled AS c
JOIN public.ominicontacto_app_basedatoscontacto AS l ON l.id = c.bd_contacto_id;
