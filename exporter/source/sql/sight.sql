-- The instant of the transaction under way, and which transactions its snapshot sees.
SELECT extract(epoch FROM pg_catalog.now())::float8 AS at, pg_catalog.pg_current_snapshot()::text AS snapshot
