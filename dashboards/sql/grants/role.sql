-- 1. The role. It gets no password here: set one in psql with \password, so that it stands in no file.
DO $$
DECLARE
    it record;
    found text;
BEGIN
    IF NOT EXISTS (SELECT FROM pg_catalog.pg_roles WHERE rolname = @role_text@) THEN
        CREATE ROLE @role@ LOGIN;
    END IF;
    SELECT * INTO STRICT it FROM pg_catalog.pg_roles WHERE rolname = @role_text@;
    -- An owner may do anything with what it owns, whatever is granted: then this is not a role to read with.
    IF EXISTS (SELECT FROM pg_catalog.pg_shdepend
               WHERE refclassid = 'pg_catalog.pg_authid'::pg_catalog.regclass AND refobjid = it.oid AND deptype = 'o')
    THEN
        RAISE EXCEPTION 'the role % owns something: it could write', it.rolname
            USING HINT = 'Take another name (--role), or give away what it owns: REASSIGN OWNED BY ... TO ...';
    END IF;
    -- Only a superuser may take these away, so they are not touched where there is nothing to take.
    IF it.rolsuper OR it.rolcreatedb OR it.rolcreaterole OR it.rolreplication OR it.rolbypassrls THEN
        ALTER ROLE @role@ NOSUPERUSER NOCREATEDB NOCREATEROLE NOREPLICATION NOBYPASSRLS;
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
    ALTER ROLE @role@ RESET ALL;
    EXECUTE pg_catalog.format('ALTER ROLE %I IN DATABASE %I RESET ALL', it.rolname, pg_catalog.current_database());
    EXECUTE pg_catalog.format('GRANT CONNECT ON DATABASE %I TO %I', pg_catalog.current_database(), it.rolname);
    -- A limit that the role cannot lift: what its queries may write to disk while they sort. Superusers set it only.
    IF (SELECT rolsuper FROM pg_catalog.pg_roles WHERE rolname = current_user) THEN
        ALTER ROLE @role@ SET temp_file_limit = '1GB';
    END IF;
END $$;

ALTER ROLE @role@ LOGIN CONNECTION LIMIT 20;
-- Guards against accidents. Whoever sends SQL of his own can lift these: what he may not do rests on the grants alone.
ALTER ROLE @role@ SET default_transaction_read_only = on;
ALTER ROLE @role@ SET statement_timeout = '15s';
ALTER ROLE @role@ SET lock_timeout = '2s';
ALTER ROLE @role@ SET idle_in_transaction_session_timeout = '30s';
ALTER ROLE @role@ SET search_path = campaign_grafana;
-- Compiling costs more than it saves on statements that read a few thousand rows.
ALTER ROLE @role@ SET jit = off;
