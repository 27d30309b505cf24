-- When the primary made the checkpoint that a replica has replayed last.
SELECT extract(epoch FROM c.checkpoint_time)::float8 AS at FROM pg_catalog.pg_control_checkpoint() AS c
