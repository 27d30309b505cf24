-- The two roles that read. Idempotent; passwords are set by install(), never here.
DO $$
BEGIN
    IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'campaign_monitor') THEN
        CREATE ROLE campaign_monitor LOGIN;
    END IF;
    -- Without this every role may create temporary tables, which is writing too.
    EXECUTE format('REVOKE TEMPORARY, CREATE ON DATABASE %I FROM PUBLIC', current_database());
END $$;
REVOKE CREATE ON SCHEMA public FROM PUBLIC;
-- So may every role create large objects.
REVOKE EXECUTE ON FUNCTION lo_creat(integer), lo_create(oid), lo_from_bytea(oid, bytea) FROM PUBLIC;

-- The exporter: the views and nothing else; pg_monitor shows it other sessions' open transactions.
ALTER ROLE campaign_monitor NOSUPERUSER NOCREATEDB NOCREATEROLE NOREPLICATION CONNECTION LIMIT 10;
ALTER ROLE campaign_monitor SET default_transaction_read_only = on;
ALTER ROLE campaign_monitor SET statement_timeout = '30s';
ALTER ROLE campaign_monitor SET lock_timeout = '2s';
ALTER ROLE campaign_monitor SET idle_in_transaction_session_timeout = '60s';
GRANT pg_monitor TO campaign_monitor;
GRANT USAGE ON SCHEMA campaign_monitoring TO campaign_monitor;
GRANT SELECT ON ALL TABLES IN SCHEMA campaign_monitoring TO campaign_monitor;

-- Grafana's role and its masking views: word for word what `campaign-exporter dashboards sql` prints for this platform.
-- A test holds the two together; docs/grafana-database.md explains it.

-- 1. The role. It gets no password here: set one in psql with \password, so that it stands in no file.
DO $$
DECLARE
    it record;
    found text;
BEGIN
    IF NOT EXISTS (SELECT FROM pg_catalog.pg_roles WHERE rolname = 'campaign_grafana') THEN
        CREATE ROLE "campaign_grafana" LOGIN;
    END IF;
    SELECT * INTO STRICT it FROM pg_catalog.pg_roles WHERE rolname = 'campaign_grafana';
    -- An owner may do anything with what it owns, whatever is granted: then this is not a role to read with.
    IF EXISTS (SELECT FROM pg_catalog.pg_shdepend
               WHERE refclassid = 'pg_catalog.pg_authid'::pg_catalog.regclass AND refobjid = it.oid AND deptype = 'o')
    THEN
        RAISE EXCEPTION 'the role % owns something: it could write', it.rolname
            USING HINT = 'Take another name (--role), or give away what it owns: REASSIGN OWNED BY ... TO ...';
    END IF;
    -- Only a superuser may take these away, so they are not touched where there is nothing to take.
    IF it.rolsuper OR it.rolcreatedb OR it.rolcreaterole OR it.rolreplication OR it.rolbypassrls THEN
        ALTER ROLE "campaign_grafana" NOSUPERUSER NOCREATEDB NOCREATEROLE NOREPLICATION NOBYPASSRLS;
    END IF;
    -- It starts from nothing: no membership, no privilege of before in this database.
    FOR found IN
        SELECT pg_catalog.format('REVOKE %I FROM %I', g.rolname, it.rolname)
        FROM pg_catalog.pg_auth_members AS m
        JOIN pg_catalog.pg_roles AS g ON g.oid = m.roleid
        WHERE m.member = it.oid
        UNION ALL
        SELECT pg_catalog.format(
            'REVOKE ALL ON %s %s FROM %I',
            CASE WHEN thing.type IN ('table', 'view', 'materialized view', 'foreign table') THEN 'TABLE'
                 WHEN thing.type IN ('function', 'procedure', 'aggregate') THEN 'ROUTINE'
                 WHEN thing.type = 'foreign-data wrapper' THEN 'FOREIGN DATA WRAPPER'
                 WHEN thing.type = 'server' THEN 'FOREIGN SERVER'
                 ELSE pg_catalog.upper(thing.type) END,
            thing.identity, it.rolname)
        FROM pg_catalog.pg_shdepend AS d
        JOIN pg_catalog.pg_database AS here ON here.datname = pg_catalog.current_database()
        CROSS JOIN LATERAL (SELECT type, identity FROM pg_catalog.pg_identify_object(d.classid, d.objid, 0)) AS thing
        WHERE d.refclassid = 'pg_catalog.pg_authid'::pg_catalog.regclass AND d.refobjid = it.oid AND d.deptype = 'a'
          AND (d.dbid = here.oid OR (thing.type = 'database' AND d.objid = here.oid))
          AND thing.type <> 'default acl'
    LOOP
        EXECUTE found;
    END LOOP;
    ALTER ROLE "campaign_grafana" RESET ALL;
    EXECUTE pg_catalog.format('ALTER ROLE %I IN DATABASE %I RESET ALL', it.rolname, pg_catalog.current_database());
    EXECUTE pg_catalog.format('GRANT CONNECT ON DATABASE %I TO %I', pg_catalog.current_database(), it.rolname);
    -- A limit that the role cannot lift: what its queries may write to disk while they sort. Superusers set it only.
    IF (SELECT rolsuper FROM pg_catalog.pg_roles WHERE rolname = current_user) THEN
        ALTER ROLE "campaign_grafana" SET temp_file_limit = '1GB';
    END IF;
END $$;

ALTER ROLE "campaign_grafana" LOGIN CONNECTION LIMIT 20;
-- Guards against accidents. Whoever sends SQL of his own can lift these: what he may not do rests on the grants alone.
ALTER ROLE "campaign_grafana" SET default_transaction_read_only = on;
ALTER ROLE "campaign_grafana" SET statement_timeout = '15s';
ALTER ROLE "campaign_grafana" SET lock_timeout = '2s';
ALTER ROLE "campaign_grafana" SET idle_in_transaction_session_timeout = '30s';
ALTER ROLE "campaign_grafana" SET search_path = campaign_grafana;
-- Compiling costs more than it saves on statements that read a few thousand rows.
ALTER ROLE "campaign_grafana" SET jit = off;

-- 2. The schema. What stands there is made anew, as a view cannot change the type of a column. This fails,
-- and changes nothing, where views of your own rest on these.
CREATE SCHEMA IF NOT EXISTS campaign_grafana;
REVOKE ALL ON SCHEMA campaign_grafana FROM PUBLIC;
DROP VIEW IF EXISTS
    campaign_grafana.tenants, campaign_grafana.campaigns, campaign_grafana.goals, campaign_grafana.variants,
    campaign_grafana.connections, campaign_grafana.numbers, campaign_grafana.campaign_numbers,
    campaign_grafana.tasks, campaign_grafana.calls, campaign_grafana.campaign_events,
    campaign_grafana.audience_uploads, campaign_grafana.task_events, campaign_grafana.dispatch_snapshots;
DROP FUNCTION IF EXISTS
    campaign_grafana.campaign_key(text[]), campaign_grafana.task_key(text[]), campaign_grafana.as_jsonb(json),
    campaign_grafana.masked_text(text), campaign_grafana.masked_json(jsonb, integer);

-- 3. A viewer's text as an id of this platform, null where it cannot be one: so that a condition on an id
-- finds its index, and a text of any kind raises no error.
CREATE FUNCTION campaign_grafana.campaign_key(VARIADIC ids text[] DEFAULT '{}') RETURNS bigint
LANGUAGE sql IMMUTABLE PARALLEL SAFE
AS $$
    SELECT CASE WHEN ids[1] ~ '^-?[0-9]{1,19}$' THEN
        CASE WHEN ids[1]::numeric BETWEEN -9223372036854775808 AND 9223372036854775807 THEN ids[1]::bigint END END
$$;
CREATE FUNCTION campaign_grafana.task_key(VARIADIC ids text[] DEFAULT '{}') RETURNS bigint
LANGUAGE sql IMMUTABLE PARALLEL SAFE
AS $$
    SELECT CASE WHEN ids[1] ~ '^-?[0-9]{1,19}$' THEN
        CASE WHEN ids[1]::numeric BETWEEN -9223372036854775808 AND 9223372036854775807 THEN ids[1]::bigint END END
$$;
-- JSON that PostgreSQL cannot take apart is null, without an error that quotes it.
CREATE FUNCTION campaign_grafana.as_jsonb(it json) RETURNS jsonb
LANGUAGE plpgsql IMMUTABLE STRICT
AS $$
BEGIN
    RETURN it::jsonb;
EXCEPTION WHEN others THEN
    RETURN NULL;
END $$;

-- 4. What masks texts and JSON. A phone in free text is seven digits or more, however they are set apart; UUIDs, dates
-- and times are left. They raise no error whatever the text holds: an error could quote what it hides.
CREATE FUNCTION campaign_grafana.masked_text(words text) RETURNS text
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
AS $$
    SELECT CASE WHEN words ~ '@|[0-9](?:[[:space:]()/._-]{0,3}[0-9]){6}' THEN pg_catalog.regexp_replace(
        pg_catalog.regexp_replace(words, '[^[:space:]"<>@]{1,64}@[^[:space:]"<>@]+', '***@***', 'g'),
        '(?<![0-9A-Fa-f])(?<![0-9A-Fa-f]-)(?!(?:19|20)[0-9]{2}-[01][0-9]-[0-3][0-9])(?![0-9A-Fa-f]{8}-[0-9A-Fa-f]{4}-)'
            || '[+]?[0-9](?:[[:space:]()/._-]{0,3}[0-9]){6,}',
        '***', 'g') ELSE words END
$$;

-- Texts in JSON, its keys too; and whole numbers of 10 to 15 digits, which may be phones. Most has nothing to hide:
-- one look at the whole of it is much quicker than a look at each part.
CREATE FUNCTION campaign_grafana.masked_json(it jsonb, depth integer DEFAULT 0) RETURNS jsonb
LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE
AS $$
BEGIN
    IF depth = 0 AND it::text !~ '@|\\|[0-9](?:[[:space:]()/._-]{0,3}[0-9]){6}' THEN
        RETURN it;
    END IF;
    CASE pg_catalog.jsonb_typeof(it)
        WHEN 'string' THEN
            RETURN pg_catalog.to_jsonb(campaign_grafana.masked_text(it #>> '{}'));
        WHEN 'number' THEN
            RETURN CASE WHEN (it #>> '{}') ~ '^-?[0-9]{10,15}([.]0+)?$' THEN '"***"' ELSE it END;
        WHEN 'object' THEN
            RETURN CASE WHEN depth > 30 THEN '"***"' ELSE (
                SELECT coalesce(pg_catalog.jsonb_object_agg(
                    campaign_grafana.masked_text(key), campaign_grafana.masked_json(value, depth + 1)), '{}')
                FROM pg_catalog.jsonb_each(it)) END;
        WHEN 'array' THEN
            RETURN CASE WHEN depth > 30 THEN '"***"' ELSE (
                SELECT coalesce(pg_catalog.jsonb_agg(
                    campaign_grafana.masked_json(value, depth + 1) ORDER BY place), '[]')
                FROM pg_catalog.jsonb_array_elements(it) WITH ORDINALITY AS element (value, place)) END;
        ELSE
            RETURN it;
    END CASE;
END $$;


-- 5. The views: plain columns, so that a condition reaches the index of the table below. They hide columns,
-- not rows, so they need no security_barrier: whatever a viewer asks, he asks of what a column shows here.
-- An infinite time becomes null, as Grafana shows nothing at all of an answer that has one.
CREATE VIEW campaign_grafana.tenants AS
SELECT tenant_id,
       name,
       timezone,
       concurrency_limit,
       credits_remaining
FROM "campaign_monitoring"."tenants";

CREATE VIEW campaign_grafana.campaigns AS
SELECT campaign_id,
       tenant_id,
       name,
       status,
       agent,
       priority,
       CASE WHEN isfinite(scheduled_at) THEN scheduled_at END AS scheduled_at,
       CASE WHEN isfinite(started_at) THEN started_at END AS started_at,
       CASE WHEN isfinite(paused_at) THEN paused_at END AS paused_at,
       campaign_grafana.masked_text(pause_reason) AS pause_reason,
       CASE WHEN isfinite(ended_at) THEN ended_at END AS ended_at,
       timezone,
       call_windows,
       CASE WHEN isfinite(expires_at) THEN expires_at END AS expires_at,
       concurrency_limit,
       calls_per_minute,
       max_attempts,
       country_match,
       currency,
       budget
FROM "campaign_monitoring"."campaigns";

CREATE VIEW campaign_grafana.goals AS
SELECT campaign_id,
       goal,
       target,
       achieved
FROM "campaign_monitoring"."goals";

CREATE VIEW campaign_grafana.variants AS
SELECT campaign_id,
       variant,
       agent,
       weight
FROM "campaign_monitoring"."variants";

CREATE VIEW campaign_grafana.connections AS
SELECT connection_id,
       tenant_id,
       provider,
       concurrency_limit,
       calls_per_second
FROM "campaign_monitoring"."connections";

CREATE VIEW campaign_grafana.numbers AS
SELECT number_id,
       tenant_id,
       connection_id,
       phone,
       label,
       country,
       status,
       daily_cap,
       CASE WHEN isfinite(cooldown_until) THEN cooldown_until END AS cooldown_until
FROM "campaign_monitoring"."numbers";

CREATE VIEW campaign_grafana.campaign_numbers AS
SELECT campaign_id,
       number_id,
       weight
FROM "campaign_monitoring"."campaign_numbers";

CREATE VIEW campaign_grafana.tasks AS
SELECT task_id,
       campaign_id,
       CASE WHEN contact ~ '^[[:space:]]*[+]|@' THEN '*****' || right(contact, 2) ELSE contact END AS contact,
       CASE WHEN length(phone) >= 9 THEN left(phone, 3) || '*****' || right(phone, 2)
            WHEN phone <> '' THEN '*****' END AS phone,
       number_id,
       sticky,
       status,
       blocker,
       disposition,
       variant,
       attempts,
       max_attempts,
       system_retries,
       CASE WHEN isfinite(next_eligible_at) THEN next_eligible_at END AS next_eligible_at,
       duration_seconds,
       score,
       goal_met,
       CASE WHEN isfinite(last_attempted_at) THEN last_attempted_at END AS last_attempted_at,
       created_at,
       updated_at
FROM "campaign_monitoring"."tasks";

CREATE VIEW campaign_grafana.calls AS
SELECT call_id,
       task_id,
       campaign_id,
       number_id,
       variant,
       attempt,
       CASE WHEN isfinite(eligible_at) THEN eligible_at END AS eligible_at,
       started_at,
       CASE WHEN isfinite(answered_at) THEN answered_at END AS answered_at,
       CASE WHEN isfinite(agent_spoke_at) THEN agent_spoke_at END AS agent_spoke_at,
       CASE WHEN isfinite(ended_at) THEN ended_at END AS ended_at,
       outcome,
       provider,
       error_code,
       talk_seconds,
       ai_cost,
       telephony_cost,
       sentiment,
       score,
       created_at,
       updated_at
FROM "campaign_monitoring"."calls";

CREATE VIEW campaign_grafana.campaign_events AS
SELECT event_id,
       campaign_id,
       at,
       kind,
       actor,
       campaign_grafana.masked_json(detail) AS detail
FROM "campaign_monitoring"."campaign_events";

CREATE VIEW campaign_grafana.audience_uploads AS
SELECT upload_id,
       campaign_id,
       filename,
       size_bytes,
       rows_total,
       rows_accepted,
       rows_rejected,
       status,
       campaign_grafana.masked_text(error) AS error,
       uploaded_at
FROM "campaign_monitoring"."audience_uploads";

CREATE VIEW campaign_grafana.task_events AS
SELECT event_id,
       task_id,
       at,
       kind,
       code,
       campaign_grafana.masked_json(detail) AS detail
FROM "campaign_monitoring"."task_events";

CREATE VIEW campaign_grafana.dispatch_snapshots AS
SELECT snapshot_id,
       campaign_id,
       task_id,
       at,
       campaign_grafana.masked_json(capacity) AS capacity
FROM "campaign_monitoring"."dispatch_snapshots";

GRANT USAGE ON SCHEMA campaign_grafana TO "campaign_grafana";
GRANT SELECT ON
    campaign_grafana.tenants, campaign_grafana.campaigns, campaign_grafana.goals, campaign_grafana.variants,
    campaign_grafana.connections, campaign_grafana.numbers, campaign_grafana.campaign_numbers,
    campaign_grafana.tasks, campaign_grafana.calls, campaign_grafana.campaign_events,
    campaign_grafana.audience_uploads, campaign_grafana.task_events, campaign_grafana.dispatch_snapshots
TO "campaign_grafana";
REVOKE ALL ON FUNCTION
    campaign_grafana.campaign_key(text[]), campaign_grafana.task_key(text[]), campaign_grafana.as_jsonb(json),
    campaign_grafana.masked_text(text), campaign_grafana.masked_json(jsonb, integer)
FROM PUBLIC;
GRANT EXECUTE ON FUNCTION
    campaign_grafana.campaign_key(text[]), campaign_grafana.task_key(text[]), campaign_grafana.as_jsonb(json),
    campaign_grafana.masked_text(text), campaign_grafana.masked_json(jsonb, integer)
TO "campaign_grafana";

-- 6. What everybody may do, so this role too. It is taken from PUBLIC, as it cannot be taken from one role: roles of
-- yours that need it get it by name, such as GRANT TEMPORARY ON DATABASE ... TO ...
DO $$
BEGIN
    EXECUTE pg_catalog.format('REVOKE TEMPORARY, CREATE ON DATABASE %I FROM PUBLIC', pg_catalog.current_database());
    IF pg_catalog.to_regnamespace('public') IS NOT NULL THEN
        REVOKE CREATE ON SCHEMA public FROM PUBLIC;
    END IF;
END $$;
REVOKE EXECUTE ON FUNCTION pg_catalog.lo_creat(integer), pg_catalog.lo_create(oid),
    pg_catalog.lo_from_bytea(oid, bytea) FROM PUBLIC;

-- 7. What it may still do beyond reading these views: each a WARNING. None should be left; if one is, take it away.
DO $$
DECLARE
    it oid := (SELECT oid FROM pg_catalog.pg_roles WHERE rolname = 'campaign_grafana');
    found text;
BEGIN
    FOR found IN
        SELECT 'is a member of ' || g.rolname
        FROM pg_catalog.pg_auth_members AS m JOIN pg_catalog.pg_roles AS g ON g.oid = m.roleid
        WHERE m.member = it
        UNION ALL
        SELECT pg_catalog.format('may use %s in this database', privilege)
        FROM (VALUES ('TEMPORARY'), ('CREATE')) AS of_database (privilege)
        WHERE pg_catalog.has_database_privilege(it, pg_catalog.current_database(), privilege)
        UNION ALL
        SELECT 'may create in the schema ' || n.nspname
        FROM pg_catalog.pg_namespace AS n
        WHERE n.nspname !~ '^pg_(temp|toast)' AND pg_catalog.has_schema_privilege(it, n.oid, 'CREATE')
        UNION ALL
        SELECT pg_catalog.format('may use %I.%I', n.nspname, c.relname)
        FROM pg_catalog.pg_class AS c
        JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
        WHERE c.relkind IN ('r', 'p', 'v', 'm', 'f')
          AND n.nspname NOT IN ('pg_catalog', 'information_schema', 'campaign_grafana')
          AND pg_catalog.has_schema_privilege(it, n.oid, 'USAGE')
          AND (pg_catalog.has_any_column_privilege(it, c.oid, 'SELECT, INSERT, UPDATE')
               OR pg_catalog.has_table_privilege(it, c.oid, 'DELETE, TRUNCATE'))
        UNION ALL
        -- Such a function does what its owner may do. dblink opens connections to anywhere.
        SELECT pg_catalog.format('may call %I.%I', n.nspname, p.proname)
        FROM pg_catalog.pg_proc AS p
        JOIN pg_catalog.pg_namespace AS n ON n.oid = p.pronamespace
        WHERE n.nspname NOT IN ('pg_catalog', 'information_schema') AND (p.prosecdef OR p.proname ~ '^dblink')
          AND pg_catalog.has_schema_privilege(it, n.oid, 'USAGE')
          AND pg_catalog.has_function_privilege(it, p.oid, 'EXECUTE')
        UNION ALL
        SELECT 'may make large objects: ' || p.proname
        FROM pg_catalog.pg_proc AS p
        WHERE p.pronamespace = 'pg_catalog'::pg_catalog.regnamespace
          AND p.proname IN ('lo_creat', 'lo_create', 'lo_from_bytea')
          AND pg_catalog.has_function_privilege(it, p.oid, 'EXECUTE')
    LOOP
        RAISE WARNING 'the role % %', 'campaign_grafana', found;
    END LOOP;
END $$;
