-- Where this role, or one that it may become (SET ROLE), can write: relations, schemas, the database. One row a thing:
-- what it is, its name ready for SQL, the privileges, and the role that has them. The contract's schema comes first.
-- PostgreSQL's own roles (pg_...) are left to check_powers.sql.
WITH may_be AS MATERIALIZED (
    SELECT r.oid, pg_catalog.quote_ident(r.rolname) AS rolname
    FROM pg_catalog.pg_roles AS r
    WHERE pg_catalog.pg_has_role(current_user, r.oid, 'MEMBER') AND r.rolname !~ '^pg_'
),
relations AS (
    SELECT 'TABLE' AS kind,
           pg_catalog.format('%%I.%%I', n.nspname, c.relname) AS name,
           m.rolname AS holder,
           n.nspname AS schema,
           pg_catalog.array_remove(ARRAY[
               CASE WHEN c.relowner = m.oid THEN 'OWNER' END,
               CASE WHEN pg_catalog.has_any_column_privilege(m.oid, c.oid, 'INSERT') THEN 'INSERT' END,
               CASE WHEN pg_catalog.has_any_column_privilege(m.oid, c.oid, 'UPDATE') THEN 'UPDATE' END,
               CASE WHEN pg_catalog.has_table_privilege(m.oid, c.oid, 'DELETE') THEN 'DELETE' END,
               CASE WHEN pg_catalog.has_table_privilege(m.oid, c.oid, 'TRUNCATE') THEN 'TRUNCATE' END
           ], NULL) AS privileges
    FROM pg_catalog.pg_class AS c
    JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
    CROSS JOIN may_be AS m
    WHERE c.relkind IN ('r', 'p', 'v', 'm', 'f')
      AND n.nspname NOT IN ('pg_catalog', 'information_schema')
      AND n.nspname !~ '^pg_(toast|temp)'
),
schemas AS (
    SELECT 'SCHEMA' AS kind,
           pg_catalog.quote_ident(n.nspname) AS name,
           m.rolname AS holder,
           n.nspname AS schema,
           pg_catalog.array_remove(ARRAY[
               CASE WHEN n.nspowner = m.oid THEN 'OWNER' END,
               CASE WHEN pg_catalog.has_schema_privilege(m.oid, n.oid, 'CREATE') THEN 'CREATE' END
           ], NULL) AS privileges
    FROM pg_catalog.pg_namespace AS n
    CROSS JOIN may_be AS m
    WHERE n.nspname NOT IN ('pg_catalog', 'information_schema') AND n.nspname !~ '^pg_(toast|temp)'
),
databases AS (
    SELECT 'DATABASE' AS kind,
           pg_catalog.quote_ident(d.datname) AS name,
           m.rolname AS holder,
           NULL::name AS schema,
           pg_catalog.array_remove(ARRAY[
               CASE WHEN d.datdba = m.oid THEN 'OWNER' END,
               CASE WHEN pg_catalog.has_database_privilege(m.oid, d.oid, 'CREATE') THEN 'CREATE' END
           ], NULL) AS privileges
    FROM pg_catalog.pg_database AS d
    CROSS JOIN may_be AS m
    WHERE d.datname = current_database()
)
SELECT found.kind, found.name, found.holder, found.privileges
FROM (SELECT * FROM relations UNION ALL SELECT * FROM schemas UNION ALL SELECT * FROM databases) AS found
WHERE found.privileges <> '{}'
ORDER BY found.schema = %(schema)s DESC NULLS LAST, found.kind, found.name, found.holder
LIMIT 100
