-- Open transactions of this database but our own. "at" is before the list was taken.
SELECT extract(epoch FROM statement_timestamp())::float8 AS at,
       a.pid,
       extract(epoch FROM a.xact_start)::float8 AS xact_start,
       extract(epoch FROM a.query_start)::float8 AS query_start,
       a.backend_xid::text::bigint AS xid
FROM (SELECT 1) AS always
LEFT JOIN pg_catalog.pg_stat_activity AS a
  ON a.datname = current_database()
 AND (a.xact_start IS NOT NULL OR a.backend_xid IS NOT NULL)
 AND a.pid <> pg_catalog.pg_backend_pid()
 AND a.backend_type <> 'autovacuum worker'
