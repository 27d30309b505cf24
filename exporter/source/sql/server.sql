-- Who we are and what we talk to. "may_see" is the right to see other sessions' transactions.
SELECT pg_catalog.current_setting('server_version_num')::int AS version,
       pg_catalog.current_setting('server_encoding') AS encoding,
       -- Another database may have taken over the name.
       (SELECT d.oid::bigint FROM pg_catalog.pg_database AS d WHERE d.datname = current_database()) AS database,
       extract(epoch FROM pg_catalog.pg_postmaster_start_time())::float8 AS postmaster,
       -- A crash of one process restarts the others, the checkpointer too, but not the postmaster; statistics start
       -- anew after one, which also those see who may not see the checkpointer.
       (SELECT extract(epoch FROM max(a.backend_start))::float8
        FROM pg_catalog.pg_stat_activity AS a
        WHERE a.backend_type = 'checkpointer') AS checkpointer,
       extract(epoch FROM pg_catalog.pg_stat_get_bgwriter_stat_reset_time())::float8 AS statistics,
       pg_catalog.pg_is_in_recovery() AS replica,
       pg_catalog.current_setting('max_prepared_transactions')::int > 0 AS prepares,
       pg_catalog.pg_has_role(current_user, 'pg_read_all_stats', 'USAGE') AS may_see,
       pg_catalog.pg_backend_pid() AS process,
       current_user::text AS role
