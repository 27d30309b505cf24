-- What the contract's schema has that this role may read: one row a column, with its base type.
-- A domain counts as what it is made of, and so does a domain over a domain. Every enumerated type counts as "enum", and
-- what is no base type of PostgreSQL's own has its full name, so that none passes for another. "zone" is what
-- PostgreSQL takes for a time without one where a session says nothing else.
WITH RECURSIVE made_of (type, base) AS (
    SELECT t.oid, t.oid
    FROM pg_catalog.pg_type AS t
    UNION ALL
    SELECT m.type, t.typbasetype
    FROM made_of AS m
    JOIN pg_catalog.pg_type AS t ON t.oid = m.base AND t.typtype = 'd'
)
SELECT c.relname AS relation,
       a.attname AS column_name,
       CASE WHEN base.typtype = 'e' THEN 'enum'
            WHEN base.typname = 'citext' AND base.typtype = 'b' THEN 'citext'
            WHEN base.typtype = 'b' AND base.typcategory <> 'A'
                 AND base.typnamespace = 'pg_catalog'::pg_catalog.regnamespace THEN base.typname
            ELSE pg_catalog.format_type(base.oid, NULL) END AS type_name,
       (SELECT s.reset_val FROM pg_catalog.pg_settings AS s WHERE s.name = 'TimeZone') AS zone
FROM pg_catalog.pg_class AS c
JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
JOIN pg_catalog.pg_attribute AS a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
JOIN made_of AS m ON m.type = a.atttypid
JOIN pg_catalog.pg_type AS base ON base.oid = m.base AND base.typtype <> 'd'
WHERE n.nspname = %(schema)s
  AND c.relkind IN ('r', 'v', 'm', 'f', 'p')
  AND pg_catalog.has_schema_privilege(n.oid, 'USAGE')
  AND pg_catalog.has_column_privilege(c.oid, a.attnum, 'SELECT')
ORDER BY c.relname, a.attnum
