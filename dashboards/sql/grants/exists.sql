-- What the contract's schema has, whether or not this role may read it, as the exporter discovers it.
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
ORDER BY c.relname, a.attnum
