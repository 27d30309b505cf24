-- What of a table has rows of its own: itself, or the leaves below a partitioned one.
SELECT n.nspname AS schema,
       c.relname AS name
FROM pg_catalog.pg_class AS top
LEFT JOIN LATERAL pg_catalog.pg_partition_tree(top.oid) AS part ON top.relkind = 'p' AND part.isleaf
JOIN pg_catalog.pg_class AS c ON c.oid = CASE WHEN top.relkind = 'p' THEN part.relid ELSE top.oid END
JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
WHERE top.oid = %(id)s::oid AND c.relkind = 'r'
ORDER BY 1, 2
