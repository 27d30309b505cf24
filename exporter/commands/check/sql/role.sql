-- What this role is, and what it and its database are set to. Settings are those a new session starts with, before
-- the exporter sets its own. "connection_limit" is -1 where there is none.
SELECT r.rolname AS name,
       pg_catalog.quote_ident(r.rolname) AS identifier,
       r.rolconnlimit AS connection_limit,
       (SELECT s.reset_val FROM pg_catalog.pg_settings AS s WHERE s.name = 'default_transaction_read_only')
           AS read_only,
       (SELECT s.reset_val FROM pg_catalog.pg_settings AS s WHERE s.name = 'statement_timeout') AS statement_timeout,
       (SELECT s.reset_val FROM pg_catalog.pg_settings AS s WHERE s.name = 'idle_session_timeout')
           AS idle_session_timeout,
       pg_catalog.quote_ident(current_database()) AS database,
       pg_catalog.has_database_privilege(current_database(), 'TEMPORARY') AS temporary,
       (SELECT bool_or(pg_catalog.has_function_privilege(f.oid, 'EXECUTE'))
        FROM pg_catalog.pg_proc AS f
        WHERE f.pronamespace = 'pg_catalog'::pg_catalog.regnamespace
          AND f.proname IN ('lo_creat', 'lo_create', 'lo_from_bytea', 'lo_import')) AS large_objects,
       pg_catalog.current_setting('track_counts') AS track_counts
FROM pg_catalog.pg_roles AS r
WHERE r.rolname = current_user
