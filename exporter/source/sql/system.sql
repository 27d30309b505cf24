-- Which cluster this is.
SELECT s.system_identifier::bigint AS system FROM pg_catalog.pg_control_system() AS s
