-- A table under a view, and its indexes: one row an index, or one without an index. "first_key" is what the index
-- begins with: only a range of that is cheap to find. "missing" is the command that makes an index on a key.
SELECT t.relkind,
       pg_catalog.format('%%I.%%I', rn.nspname, root.relname) AS table_name,
       t.reltuples::float8 AS rows,
       i.relname AS index_name,
       pg_catalog.pg_get_indexdef(x.indexrelid, 1, true) AS first_key,
       coalesce(x.indisvalid, false) AS valid,
       pg_catalog.format(
           'CREATE INDEX%%s ON %%I.%%I (%%s);',
           CASE WHEN root.relkind = 'p' THEN '' ELSE ' CONCURRENTLY' END, rn.nspname, root.relname, %(key)s::text
       ) AS missing
FROM pg_catalog.pg_class AS t
JOIN pg_catalog.pg_namespace AS n ON n.oid = t.relnamespace
JOIN pg_catalog.pg_class AS root ON root.oid = coalesce(pg_catalog.pg_partition_root(t.oid), t.oid)
JOIN pg_catalog.pg_namespace AS rn ON rn.oid = root.relnamespace
LEFT JOIN pg_catalog.pg_index AS x ON x.indrelid = t.oid
LEFT JOIN pg_catalog.pg_class AS i ON i.oid = x.indexrelid
WHERE n.nspname = %(schema)s AND t.relname = %(table)s
ORDER BY i.relname
