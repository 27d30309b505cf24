-- What of the rows under the views is not written by sessions of this server, or not as it is read: subscriptions, and
-- how far they have got; foreign tables; materialized views. One row.
WITH RECURSIVE used (oid) AS (
    SELECT c.oid
    FROM pg_catalog.pg_class AS c
    JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
    WHERE n.nspname = %(schema)s AND c.relname = ANY(%(relations)s)
    UNION
    SELECT below.oid
    FROM used
    CROSS JOIN LATERAL (
        SELECT d.refobjid AS oid
        FROM pg_catalog.pg_rewrite AS r
        JOIN pg_catalog.pg_depend AS d
          ON d.classid = 'pg_catalog.pg_rewrite'::pg_catalog.regclass AND d.objid = r.oid
         AND d.refclassid = 'pg_catalog.pg_class'::pg_catalog.regclass
        WHERE r.ev_class = used.oid
        UNION ALL
        SELECT i.inhrelid FROM pg_catalog.pg_inherits AS i WHERE i.inhparent = used.oid
    ) AS below
), subscribed AS (
    SELECT s.srsubid AS subid,
           array_agg(DISTINCT s.srrelid::pg_catalog.regclass::text)
               FILTER (WHERE s.srsubstate <> 'r') AS copying
    FROM pg_catalog.pg_subscription_rel AS s
    WHERE EXISTS (
        SELECT FROM used
        WHERE used.oid = s.srrelid
           OR s.srrelid IN (SELECT a.relid FROM pg_catalog.pg_partition_ancestors(used.oid) AS a (relid))
    )
    GROUP BY s.srsubid
), worker AS (
    -- Those that copy tables have a "relid". Helpers of PostgreSQL 16 and later say nothing of messages.
    SELECT w.subid, w.subname,
           coalesce(max(w.pid) FILTER (WHERE w.received_lsn IS NOT NULL), max(w.pid)) AS pid,
           max(w.received_lsn) AS received,
           max(w.latest_end_lsn) AS ended,
           max(w.latest_end_time) AS ended_at,
           max(w.last_msg_send_time) AS sent,
           max(w.last_msg_receipt_time) AS heard,
           -- Locks everybody sees; what a session does, only pg_monitor.
           bool_or(coalesce(
               nullif(a.state, 'disabled') = 'active' OR a.xact_start IS NOT NULL,
               EXISTS (SELECT FROM pg_catalog.pg_locks AS l WHERE l.pid = w.pid)
           )) AS busy
    FROM pg_catalog.pg_stat_subscription AS w
    LEFT JOIN pg_catalog.pg_stat_activity AS a ON a.pid = w.pid
    WHERE w.relid IS NULL
    GROUP BY w.subid, w.subname
)
SELECT coalesce((
           SELECT pg_catalog.jsonb_agg(pg_catalog.jsonb_build_object(
                      'name', pg_catalog.quote_ident(w.subname),
                      'enabled', p.subenabled,
                      'worker', w.pid,
                      'idle', coalesce(NOT w.busy, false),
                      'kept_alive', coalesce(w.received <= w.ended, false),
                      'ended', w.ended::text,
                      'ended_at', extract(epoch FROM w.ended_at)::float8,
                      'heard', extract(epoch FROM w.heard)::float8,
                      'sent', extract(epoch FROM w.sent)::float8,
                      'copying', coalesce(s.copying, '{}')
                  ) ORDER BY w.subname)
           FROM subscribed AS s
           JOIN worker AS w ON w.subid = s.subid
           JOIN pg_catalog.pg_database AS d ON d.datname = current_database()
           JOIN pg_catalog.pg_subscription AS p ON p.subname = w.subname AND p.subdbid = d.oid
       ), '[]') AS subscriptions,
       (SELECT coalesce(array_agg(DISTINCT c.oid::pg_catalog.regclass::text), '{}')
        FROM used JOIN pg_catalog.pg_class AS c ON c.oid = used.oid AND c.relkind = 'f') AS foreign_tables,
       (SELECT coalesce(array_agg(DISTINCT c.oid::pg_catalog.regclass::text), '{}')
        FROM used JOIN pg_catalog.pg_class AS c ON c.oid = used.oid AND c.relkind = 'm') AS materialized
