-- The transaction that has been writing for longest, in seconds, of the sessions and of the prepared ones: when it
-- ends, what was stamped since is read once. Null where there is none.
SELECT extract(epoch FROM statement_timestamp() - min(open.since))::float8 AS seconds
FROM (
    SELECT a.xact_start AS since
    FROM pg_catalog.pg_stat_activity AS a
    WHERE a.datname = current_database() AND a.backend_xid IS NOT NULL AND a.backend_type <> 'autovacuum worker'
    UNION ALL
    SELECT p.prepared
    FROM pg_catalog.pg_prepared_xacts AS p
    WHERE p.database = current_database()
) AS open
