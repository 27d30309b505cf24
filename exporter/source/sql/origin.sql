-- What kind of server it is, and how far a replica has got: one row. Times are seconds since 1970; those of messages by
-- the clocks that their names say. Without pg_monitor a receiver shows that it is there, and no more.
SELECT extract(epoch FROM statement_timestamp())::float8 AS at,
       self.replica,
       pg_catalog.pg_has_role(current_user, 'pg_read_all_stats', 'USAGE') AS may_see,
       extract(epoch FROM pg_catalog.current_setting('wal_receiver_timeout')::interval)::float8 AS timeout,
       -- Asked of a replica alone: others may refuse.
       CASE WHEN self.replica
            THEN extract(epoch FROM pg_catalog.pg_last_xact_replay_timestamp())::float8 END AS replayed_at,
       CASE WHEN self.replica THEN pg_catalog.pg_is_wal_replay_paused() END AS paused,
       CASE WHEN self.replica
            THEN extract(epoch FROM pg_catalog.current_setting('recovery_min_apply_delay')::interval)::float8
       END AS delay,
       CASE WHEN self.replica THEN pg_catalog.pg_last_wal_receive_lsn() IS NOT NULL END AS streamed,
       r.pid AS receiver,
       r.status,
       -- Until the first message comes, both are when the receiver was started.
       r.last_msg_receipt_time IS DISTINCT FROM r.last_msg_send_time AS told,
       extract(epoch FROM r.last_msg_receipt_time)::float8 AS heard,
       extract(epoch FROM r.last_msg_send_time)::float8 AS sent,
       CASE WHEN self.replica THEN coalesce(
           pg_catalog.pg_last_wal_replay_lsn() >= pg_catalog.pg_last_wal_receive_lsn()
           AND pg_catalog.pg_last_wal_replay_lsn() >= coalesce(r.latest_end_lsn, '0/0'),
           false
       ) END AS caught_up,
       pg_catalog.has_function_privilege('pg_catalog.pg_control_checkpoint()', 'EXECUTE') AS may_ask,
       -- Most databases have nothing of the kind: then nothing more is looked through.
       EXISTS (SELECT FROM pg_catalog.pg_subscription_rel)
           OR EXISTS (SELECT FROM pg_catalog.pg_foreign_table)
           OR EXISTS (SELECT FROM pg_catalog.pg_class AS m WHERE m.relkind = 'm') AS elsewhere
FROM pg_catalog.pg_is_in_recovery() AS self (replica)
LEFT JOIN pg_catalog.pg_stat_wal_receiver AS r ON true
