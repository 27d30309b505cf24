-- What the contract's schema has that this role may read: one row a column, with its base type.
-- A domain counts as what it is made of; every enumerated type counts as "enum".
SELECT c.relname AS relation,
       a.attname AS column_name,
       CASE WHEN base.typtype = 'e' THEN 'enum' ELSE base.typname END AS type_name
FROM pg_catalog.pg_class AS c
JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
JOIN pg_catalog.pg_attribute AS a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
JOIN pg_catalog.pg_type AS t ON t.oid = a.atttypid
JOIN pg_catalog.pg_type AS base ON base.oid = coalesce(nullif(t.typbasetype, 0), t.oid)
WHERE n.nspname = %(schema)s
  AND c.relkind IN ('r', 'v', 'm', 'f', 'p')
  AND pg_catalog.has_schema_privilege(n.oid, 'USAGE')
  AND pg_catalog.has_column_privilege(c.oid, a.attnum, 'SELECT')
ORDER BY c.relname, a.attnum
