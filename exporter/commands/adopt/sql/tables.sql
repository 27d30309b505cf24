-- Everything that may hold a dialler's rows: tables, views, materialized views, foreign and partitioned tables, but no
-- partition, no child of another table, nothing of an extension and nothing of ours. "rows" is what the last ANALYZE
-- found; negative where there was none.
SELECT c.oid::bigint AS id,
       n.nspname AS schema,
       c.relname AS name,
       c.relkind::text AS kind,
       CASE c.relkind
           WHEN 'p' THEN (SELECT sum(greatest(leaf.reltuples, 0))
                          FROM pg_catalog.pg_partition_tree(c.oid) AS part
                          JOIN pg_catalog.pg_class AS leaf ON leaf.oid = part.relid
                          WHERE part.isleaf)
           ELSE c.reltuples END::float8 AS rows
FROM pg_catalog.pg_class AS c
JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
WHERE c.relkind IN ('r', 'v', 'm', 'f', 'p')
  AND c.relpersistence <> 't'
  AND n.nspname !~ '^(pg_|_timescaledb|information_schema$)'
  AND n.nspname <> ALL (%(ours)s)
  AND NOT EXISTS (SELECT FROM pg_catalog.pg_inherits AS i WHERE i.inhrelid = c.oid)
  AND NOT EXISTS (SELECT FROM pg_catalog.pg_depend AS d
                  WHERE d.classid = 'pg_catalog.pg_class'::pg_catalog.regclass AND d.objid = c.oid AND d.deptype = 'e')
ORDER BY n.nspname, c.relname
