-- 6. What everybody may do, so this role too. It is taken from PUBLIC, as it cannot be taken from one role: roles of
-- yours that need it get it by name, such as GRANT TEMPORARY ON DATABASE ... TO ...
DO $$
DECLARE
    found text;
BEGIN
    EXECUTE pg_catalog.format('REVOKE TEMPORARY, CREATE ON DATABASE %I FROM PUBLIC', pg_catalog.current_database());
    IF pg_catalog.to_regnamespace('public') IS NOT NULL THEN
        REVOKE CREATE ON SCHEMA public FROM PUBLIC;
    END IF;
    -- Large objects; and WAL without limit, which a transaction may write that is read-only. Versions differ in these.
    FOR found IN
        SELECT p.oid::pg_catalog.regprocedure::text FROM pg_catalog.pg_proc AS p
        WHERE p.pronamespace = 'pg_catalog'::pg_catalog.regnamespace
          AND p.proname IN ('lo_creat', 'lo_create', 'lo_from_bytea', 'pg_logical_emit_message')
    LOOP
        EXECUTE pg_catalog.format('REVOKE EXECUTE ON FUNCTION %s FROM PUBLIC', found);
    END LOOP;
END $$;
