-- Where settings of this role's sessions come from if not from the server's files: one row a setting of this role, of
-- this database, or of both. The last of them counts.
SELECT split_part(given.setting, '=', 1) AS name,
       CASE WHEN s.setrole = 0 THEN 'database' WHEN s.setdatabase = 0 THEN 'role' ELSE 'role in database' END AS place
FROM pg_catalog.pg_db_role_setting AS s
CROSS JOIN LATERAL unnest(s.setconfig) AS given (setting)
WHERE s.setrole IN (0, (SELECT r.oid FROM pg_catalog.pg_roles AS r WHERE r.rolname = current_user))
  AND s.setdatabase IN (0, (SELECT d.oid FROM pg_catalog.pg_database AS d WHERE d.datname = current_database()))
ORDER BY s.setrole <> 0, s.setdatabase <> 0
