-- Whether this role may look into the contract's schema; no row where there is no such schema.
SELECT pg_catalog.has_schema_privilege(n.oid, 'USAGE') AS usage
FROM pg_catalog.pg_namespace AS n
WHERE n.nspname = %(schema)s
