-- The instant of the transaction under way, which transactions its snapshot sees, and where: a pooler may have sent it
-- to another server than the transaction before.
SELECT extract(epoch FROM pg_catalog.now())::float8 AS at,
       pg_catalog.pg_current_snapshot()::text AS snapshot,
       (SELECT d.oid::bigint FROM pg_catalog.pg_database AS d WHERE d.datname = current_database()) AS database,
       extract(epoch FROM pg_catalog.pg_postmaster_start_time())::float8 AS postmaster,
       pg_catalog.pg_is_in_recovery() AS replica
