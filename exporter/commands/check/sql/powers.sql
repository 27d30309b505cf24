-- The roles that this role is or may become (SET ROLE) and that may do more than read: attributes, and PostgreSQL's
-- own roles that write. One row a power: the role that has it, and what it is called.
SELECT pg_catalog.quote_ident(r.rolname) AS holder, power.name AS power
FROM pg_catalog.pg_roles AS r
CROSS JOIN LATERAL (
    VALUES (r.rolsuper, 'SUPERUSER'),
           (r.rolcreaterole, 'CREATEROLE'),
           (r.rolcreatedb, 'CREATEDB'),
           (r.rolreplication, 'REPLICATION'),
           (r.rolname IN ('pg_write_all_data', 'pg_write_server_files', 'pg_execute_server_program'), r.rolname)
) AS power (has, name)
WHERE power.has AND pg_catalog.pg_has_role(current_user, r.oid, 'MEMBER')
ORDER BY r.rolname = current_user DESC, r.rolname, power.name
LIMIT 20
