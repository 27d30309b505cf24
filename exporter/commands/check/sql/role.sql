-- What this role is, and what it and its database are set to. Settings are those a new session starts with, before
-- the exporter sets its own. "connection_limit" is -1 where there is none.
-- "temporary" and "large_objects": whether the role may make such, "temporary_by" through which roles.
SELECT r.rolname AS name,
       pg_catalog.quote_ident(r.rolname) AS identifier,
       r.rolinherit AS inherits,
       pg_catalog.pg_has_role(current_user, 'pg_monitor', 'MEMBER') AS monitors,
       r.rolconnlimit AS connection_limit,
       ro.reset_val AS read_only,
       st.reset_val AS statement_timeout,
       (SELECT s.reset_val FROM pg_catalog.pg_settings AS s WHERE s.name = 'idle_session_timeout')
           AS idle_session_timeout,
       pg_catalog.quote_ident(current_database()) AS database,
       pg_catalog.has_database_privilege(current_database(), 'TEMPORARY') AS temporary,
       ARRAY(SELECT CASE WHEN a.grantee = 0 THEN 'PUBLIC' ELSE pg_catalog.quote_ident(g.rolname) END
             FROM pg_catalog.pg_database AS d
             CROSS JOIN pg_catalog.aclexplode(coalesce(d.datacl, pg_catalog.acldefault('d', d.datdba))) AS a
             LEFT JOIN pg_catalog.pg_roles AS g ON g.oid = a.grantee
             WHERE d.datname = current_database() AND a.privilege_type = 'TEMPORARY'
               AND (a.grantee = 0 OR pg_catalog.pg_has_role(current_user, a.grantee, 'USAGE'))
             ORDER BY a.grantee) AS temporary_by,
       (SELECT bool_or(pg_catalog.has_function_privilege(f.oid, 'EXECUTE'))
        FROM pg_catalog.pg_proc AS f
        WHERE f.pronamespace = 'pg_catalog'::pg_catalog.regnamespace
          AND f.proname IN ('lo_creat', 'lo_create', 'lo_from_bytea')) AS large_objects,
       tc.reset_val AS track_counts
FROM pg_catalog.pg_roles AS r
JOIN pg_catalog.pg_settings AS ro ON ro.name = 'default_transaction_read_only'
JOIN pg_catalog.pg_settings AS st ON st.name = 'statement_timeout'
JOIN pg_catalog.pg_settings AS tc ON tc.name = 'track_counts'
WHERE r.rolname = current_user
