-- Open transactions of this database but our own, and those that do not say whether they have one. On every row, what
-- this connection is, as that may change while it lasts; "at" is before the list was taken. On a replica it is the
-- commit that was replayed last: whatever appears later was committed later.
SELECT self.at,
       self.replica,
       pg_catalog.pg_has_role(current_user, 'pg_read_all_stats', 'USAGE') AS may_see,
       CASE WHEN self.replica THEN pg_catalog.pg_last_wal_replay_lsn()::text END AS replayed,
       a.pid,
       extract(epoch FROM a.xact_start)::float8 AS xact_start,
       extract(epoch FROM a.query_start)::float8 AS query_start,
       a.backend_xid::text::bigint AS xid
FROM (
    SELECT recovery.replica,
           extract(epoch FROM CASE WHEN recovery.replica THEN pg_catalog.pg_last_xact_replay_timestamp()
                                   ELSE statement_timestamp() END)::float8 AS at
    FROM pg_catalog.pg_is_in_recovery() AS recovery (replica)
) AS self
LEFT JOIN pg_catalog.pg_stat_activity AS a
  ON a.datname = current_database()
 AND (a.xact_start IS NOT NULL OR a.backend_xid IS NOT NULL OR a.state = 'disabled')
 AND a.pid <> pg_catalog.pg_backend_pid()
 AND a.backend_type <> 'autovacuum worker'
