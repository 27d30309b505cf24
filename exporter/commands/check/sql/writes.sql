-- Where this role, or one that it may become (SET ROLE), can write: relations, schemas, the database. One row a thing:
-- what it is, its name ready for SQL, the privileges, the role that has them, who granted them other than the owner, and
-- who could own it instead. The contract's schema comes first.
-- PostgreSQL's own roles (pg_...) are left to check_powers.sql.
WITH may_be AS MATERIALIZED (
    SELECT r.oid, pg_catalog.quote_ident(r.rolname) AS rolname
    FROM pg_catalog.pg_roles AS r
    WHERE pg_catalog.pg_has_role(current_user, r.oid, 'MEMBER') AND r.rolname !~ '^pg_'
),
-- Whoever owns the schema or the database, if that is not this role again; else the first superuser.
owners AS MATERIALIZED (
    SELECT n.oid AS schema,
           (SELECT pg_catalog.quote_ident(o.rolname)
            FROM unnest(ARRAY[n.nspowner, d.datdba, 10]) WITH ORDINALITY AS candidate (oid, place)
            JOIN pg_catalog.pg_roles AS o ON o.oid = candidate.oid AND o.rolname !~ '^pg_'
            WHERE NOT pg_catalog.pg_has_role(current_user, o.oid, 'MEMBER')
            ORDER BY candidate.place
            LIMIT 1) AS name
    FROM pg_catalog.pg_namespace AS n
    CROSS JOIN pg_catalog.pg_database AS d
    WHERE d.datname = current_database()
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
           ], NULL) AS privileges,
           ARRAY(SELECT DISTINCT pg_catalog.quote_ident(g.rolname)
                 FROM (SELECT c.relacl UNION ALL SELECT a.attacl FROM pg_catalog.pg_attribute AS a
                       WHERE a.attrelid = c.oid AND a.attacl IS NOT NULL) AS acls (acl)
                 CROSS JOIN pg_catalog.aclexplode(acls.acl) AS given
                 JOIN pg_catalog.pg_roles AS g ON g.oid = given.grantor
                 WHERE given.grantor <> c.relowner AND given.grantee IN (0, m.oid)
                   AND given.privilege_type IN ('INSERT', 'UPDATE', 'DELETE', 'TRUNCATE')) AS grantors,
           owners.name AS other_owner
    FROM pg_catalog.pg_class AS c
    JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
    JOIN owners ON owners.schema = n.oid
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
           ], NULL) AS privileges,
           ARRAY[]::text[] AS grantors,
           owners.name AS other_owner
    FROM pg_catalog.pg_namespace AS n
    JOIN owners ON owners.schema = n.oid
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
           ], NULL) AS privileges,
           ARRAY[]::text[] AS grantors,
           (SELECT owners.name FROM owners WHERE owners.schema = 'pg_catalog'::pg_catalog.regnamespace) AS other_owner
    FROM pg_catalog.pg_database AS d
    CROSS JOIN may_be AS m
    WHERE d.datname = current_database()
)
SELECT found.kind, found.name, found.holder, found.privileges, found.grantors, found.other_owner,
       found.schema IS NOT DISTINCT FROM %(schema)s::name AS of_contract
FROM (SELECT * FROM relations UNION ALL SELECT * FROM schemas UNION ALL SELECT * FROM databases) AS found
WHERE found.privileges <> '{}'
ORDER BY found.schema = %(schema)s DESC NULLS LAST, found.kind, found.name, found.holder
LIMIT 100
