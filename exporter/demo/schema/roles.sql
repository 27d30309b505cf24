-- The two roles that read. Idempotent; passwords are set by install(), never here.
DO $$
BEGIN
    IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'campaign_monitor') THEN
        CREATE ROLE campaign_monitor LOGIN;
    END IF;
    IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'campaign_grafana') THEN
        CREATE ROLE campaign_grafana LOGIN;
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

-- Grafana: whoever may view a dashboard may send any SQL, so its role sees views of its own in which contacts'
-- phones are masked, and nothing about other sessions.
CREATE SCHEMA IF NOT EXISTS campaign_grafana;

CREATE OR REPLACE VIEW campaign_grafana.tenants AS SELECT * FROM campaign_monitoring.tenants;
CREATE OR REPLACE VIEW campaign_grafana.campaigns AS SELECT * FROM campaign_monitoring.campaigns;
CREATE OR REPLACE VIEW campaign_grafana.goals AS SELECT * FROM campaign_monitoring.goals;
CREATE OR REPLACE VIEW campaign_grafana.variants AS SELECT * FROM campaign_monitoring.variants;
CREATE OR REPLACE VIEW campaign_grafana.connections AS SELECT * FROM campaign_monitoring.connections;
CREATE OR REPLACE VIEW campaign_grafana.numbers AS SELECT * FROM campaign_monitoring.numbers;
CREATE OR REPLACE VIEW campaign_grafana.campaign_numbers AS SELECT * FROM campaign_monitoring.campaign_numbers;
CREATE OR REPLACE VIEW campaign_grafana.calls AS SELECT * FROM campaign_monitoring.calls;
CREATE OR REPLACE VIEW campaign_grafana.campaign_events AS SELECT * FROM campaign_monitoring.campaign_events;
CREATE OR REPLACE VIEW campaign_grafana.audience_uploads AS SELECT * FROM campaign_monitoring.audience_uploads;
CREATE OR REPLACE VIEW campaign_grafana.task_events AS SELECT * FROM campaign_monitoring.task_events;
CREATE OR REPLACE VIEW campaign_grafana.dispatch_snapshots AS
SELECT * FROM campaign_monitoring.dispatch_snapshots;
CREATE OR REPLACE VIEW campaign_grafana.tasks AS
SELECT task_id, campaign_id, contact,
       left(phone, 3) || repeat('*', greatest(length(phone) - 5, 0)) || right(phone, 2) AS phone,
       number_id, sticky, status, blocker, disposition, variant, attempts, max_attempts, system_retries,
       next_eligible_at, duration_seconds, score, goal_met, last_attempted_at, created_at, updated_at
FROM campaign_monitoring.tasks;

ALTER ROLE campaign_grafana NOSUPERUSER NOCREATEDB NOCREATEROLE NOREPLICATION CONNECTION LIMIT 20;
ALTER ROLE campaign_grafana SET default_transaction_read_only = on;
ALTER ROLE campaign_grafana SET statement_timeout = '15s';
ALTER ROLE campaign_grafana SET idle_in_transaction_session_timeout = '30s';
ALTER ROLE campaign_grafana SET search_path = campaign_grafana;
GRANT USAGE ON SCHEMA campaign_grafana TO campaign_grafana;
GRANT SELECT ON ALL TABLES IN SCHEMA campaign_grafana TO campaign_grafana;
