-- The exporter's role; Grafana's is made by `campaign-exporter dashboards sql`, which also takes from everybody what no
-- reader needs. Idempotent; the password is set by install(), never here.
DO $$
BEGIN
    IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'campaign_monitor') THEN
        CREATE ROLE campaign_monitor LOGIN;
    END IF;
END $$;

-- The exporter: the views and nothing else; pg_monitor shows it other sessions' open transactions.
ALTER ROLE campaign_monitor NOSUPERUSER NOCREATEDB NOCREATEROLE NOREPLICATION CONNECTION LIMIT 10;
ALTER ROLE campaign_monitor SET default_transaction_read_only = on;
ALTER ROLE campaign_monitor SET statement_timeout = '30s';
ALTER ROLE campaign_monitor SET lock_timeout = '2s';
ALTER ROLE campaign_monitor SET idle_in_transaction_session_timeout = '60s';
GRANT pg_monitor TO campaign_monitor;
GRANT USAGE ON SCHEMA campaign_monitoring TO campaign_monitor;
GRANT SELECT ON ALL TABLES IN SCHEMA campaign_monitoring TO campaign_monitor;
