-- A table under a view, and its indexes: one row an index, or one without an index. "table_name" is the table, or the
-- partitioned one that it is part of. "first_key" is what the index begins with: only a range of that is cheap to find.
-- "fresh": its statistics are of nearly the rows it has.
SELECT t.relkind,
       pg_catalog.format('%%I.%%I', rn.nspname, root.relname) AS table_name,
       root.oid <> t.oid AS partition,
       t.reltuples::float8 AS rows,
       CASE WHEN t.relkind <> 'f' THEN pg_catalog.pg_relation_size(t.oid) END AS bytes,
       t.reltuples >= 0 AND pg_catalog.pg_stat_get_mod_since_analyze(t.oid) <= 1000 + t.reltuples / 10 AS fresh,
       CASE WHEN i.oid IS NOT NULL THEN pg_catalog.format('%%I.%%I', n.nspname, i.relname) END AS identifier,
       i.relname AS index_name,
       pg_catalog.pg_get_indexdef(x.indexrelid, 1, true) AS first_key,
       coalesce(x.indisvalid, false) AS valid,
       m.amname = 'btree' AND x.indpred IS NULL AS serves,
       EXISTS (SELECT FROM pg_catalog.pg_stat_progress_create_index AS p WHERE p.index_relid = x.indexrelid) AS building,
       (SELECT s.setting FROM pg_catalog.pg_settings AS s WHERE s.name = 'random_page_cost') AS random_page_cost
FROM pg_catalog.pg_class AS t
JOIN pg_catalog.pg_namespace AS n ON n.oid = t.relnamespace
JOIN pg_catalog.pg_class AS root ON root.oid = coalesce(pg_catalog.pg_partition_root(t.oid), t.oid)
JOIN pg_catalog.pg_namespace AS rn ON rn.oid = root.relnamespace
LEFT JOIN pg_catalog.pg_index AS x ON x.indrelid = t.oid
LEFT JOIN pg_catalog.pg_class AS i ON i.oid = x.indexrelid
LEFT JOIN pg_catalog.pg_am AS m ON m.oid = i.relam
WHERE n.nspname = %(schema)s AND t.relname = %(table)s
ORDER BY i.relname
