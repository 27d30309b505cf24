-- Their columns with base types, as `discover.sql` of the source names them, and the labels of enumerated types.
WITH RECURSIVE made_of (type, base) AS (
    SELECT t.oid, t.oid
    FROM pg_catalog.pg_type AS t
    WHERE t.typtype = 'd'
    UNION ALL
    SELECT m.type, t.typbasetype
    FROM made_of AS m
    JOIN pg_catalog.pg_type AS t ON t.oid = m.base AND t.typtype = 'd'
)
SELECT a.attrelid::bigint AS id,
       a.attname AS name,
       CASE WHEN base.typtype = 'e' THEN 'enum'
            WHEN base.typname = 'citext' AND base.typtype = 'b' THEN 'citext'
            WHEN base.typtype = 'b' AND base.typcategory <> 'A'
                 AND base.typnamespace = 'pg_catalog'::pg_catalog.regnamespace THEN base.typname
            ELSE pg_catalog.format_type(base.oid, NULL) END AS type,
       NOT a.attnotnull AS nullable,
       pg_catalog.has_schema_privilege(c.relnamespace, 'USAGE')
           AND pg_catalog.has_column_privilege(c.oid, a.attnum, 'SELECT') AS readable,
       CASE WHEN base.typtype = 'e' THEN
           ARRAY(SELECT e.enumlabel::text FROM pg_catalog.pg_enum AS e WHERE e.enumtypid = base.oid
                 ORDER BY e.enumsortorder) ELSE '{}' END AS labels
FROM pg_catalog.pg_attribute AS a
JOIN pg_catalog.pg_class AS c ON c.oid = a.attrelid
LEFT JOIN made_of AS m ON m.type = a.atttypid AND m.base <> m.type
     AND NOT EXISTS (SELECT FROM pg_catalog.pg_type AS d WHERE d.oid = m.base AND d.typtype = 'd')
JOIN pg_catalog.pg_type AS base ON base.oid = coalesce(m.base, a.atttypid)
WHERE a.attrelid = ANY (%(ids)s) AND a.attnum > 0 AND NOT a.attisdropped
ORDER BY a.attrelid, a.attnum
