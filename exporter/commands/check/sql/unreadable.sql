-- Columns of the contract's schema that exist but that this role may not read.
SELECT c.relname AS relation, a.attname AS column_name
FROM pg_catalog.pg_class AS c
JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
JOIN pg_catalog.pg_attribute AS a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
WHERE n.nspname = %(schema)s
  AND c.relkind IN ('r', 'v', 'm', 'f', 'p')
  AND NOT pg_catalog.has_column_privilege(c.oid, a.attnum, 'SELECT')
ORDER BY c.relname, a.attnum
