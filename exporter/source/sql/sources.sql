-- The tables (partitions too) under the views that are read by change, as oids.
WITH RECURSIVE source (oid) AS (
    SELECT c.oid
    FROM pg_catalog.pg_class AS c
    JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
    WHERE n.nspname = %(schema)s AND c.relname IN ('tasks', 'calls')
    UNION
    SELECT used.oid
    FROM source
    CROSS JOIN LATERAL (
        SELECT d.refobjid AS oid
        FROM pg_catalog.pg_rewrite AS r
        JOIN pg_catalog.pg_depend AS d
          ON d.classid = 'pg_catalog.pg_rewrite'::pg_catalog.regclass AND d.objid = r.oid
         AND d.refclassid = 'pg_catalog.pg_class'::pg_catalog.regclass
        WHERE r.ev_class = source.oid
        UNION ALL
        SELECT i.inhrelid
        FROM pg_catalog.pg_inherits AS i
        WHERE i.inhparent = source.oid
    ) AS used
)
SELECT source.oid::bigint
FROM source
JOIN pg_catalog.pg_class AS c ON c.oid = source.oid
WHERE c.relkind IN ('r', 'p', 'm')
