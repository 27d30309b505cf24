-- 7. What it may still do beyond reading these views: each a WARNING. None should be left; if one is, take it away.
DO $$
DECLARE
    it oid := (SELECT oid FROM pg_catalog.pg_roles WHERE rolname = @role_text@);
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
        SELECT 'may write: ' || p.oid::pg_catalog.regprocedure::text
        FROM pg_catalog.pg_proc AS p
        WHERE p.pronamespace = 'pg_catalog'::pg_catalog.regnamespace
          AND p.proname IN ('lo_creat', 'lo_create', 'lo_from_bytea', 'pg_logical_emit_message')
          AND pg_catalog.has_function_privilege(it, p.oid, 'EXECUTE')
        UNION ALL
        -- Such a transaction holds its locks, and VACUUM, until somebody ends it.
        SELECT 'may leave prepared transactions behind: max_prepared_transactions is ' || setting || ', not 0'
        FROM (VALUES (pg_catalog.current_setting('max_prepared_transactions'))) AS of_server (setting)
        WHERE setting <> '0'
    LOOP
        RAISE WARNING 'the role % %', @role_text@, found;
    END LOOP;
END $$;
