-- The columns of a table, ready for SQL, with their types and what category these are of.
SELECT pg_catalog.quote_ident(a.attname) AS name,
       pg_catalog.format_type(a.atttypid, NULL) AS typname,
       t.typcategory AS category
FROM pg_catalog.pg_class AS c
JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
JOIN pg_catalog.pg_attribute AS a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
JOIN pg_catalog.pg_type AS t ON t.oid = a.atttypid
WHERE n.nspname = %(schema)s AND c.relname = %(table)s
ORDER BY a.attnum
