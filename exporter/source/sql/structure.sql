-- What lies under the two views that are read by change: one row a relation. Every part moves when rows may have left,
-- come or changed without a stamp: views and functions replaced, tables swapped or rewritten, partitions, policies.
WITH RECURSIVE used (relation, class, oid) AS (
    SELECT c.relname::text, 'pg_catalog.pg_class'::pg_catalog.regclass, c.oid
    FROM pg_catalog.pg_class AS c
    JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
    WHERE n.nspname = %(schema)s AND c.relname IN ('tasks', 'calls')
    UNION
    SELECT used.relation, below.class, below.oid
    FROM used
    CROSS JOIN LATERAL (
        SELECT d.refclassid::pg_catalog.regclass AS class, d.refobjid AS oid
        FROM pg_catalog.pg_rewrite AS r
        JOIN pg_catalog.pg_depend AS d
          ON d.classid = 'pg_catalog.pg_rewrite'::pg_catalog.regclass AND d.objid = r.oid
         AND d.refclassid IN ('pg_catalog.pg_class'::pg_catalog.regclass, 'pg_catalog.pg_proc'::pg_catalog.regclass)
        WHERE used.class = 'pg_catalog.pg_class'::pg_catalog.regclass AND r.ev_class = used.oid
        UNION ALL
        SELECT used.class, i.inhrelid
        FROM pg_catalog.pg_inherits AS i
        WHERE used.class = 'pg_catalog.pg_class'::pg_catalog.regclass AND i.inhparent = used.oid
    ) AS below
), part AS (
    SELECT used.relation, c.oid, c.relkind::text, c.relispartition AS child,
           -- xmin: the version of what defines a view, a function or a policy; CREATE OR REPLACE makes another.
           concat_ws(' ', c.relkind, c.relrowsecurity, c.relforcerowsecurity, r.xmin, pol.versions) AS definition,
           CASE WHEN c.relkind IN ('r', 'm') THEN pg_catalog.pg_relation_filenode(c.oid) END AS file
    FROM used
    JOIN pg_catalog.pg_class AS c ON used.class = 'pg_catalog.pg_class'::pg_catalog.regclass AND c.oid = used.oid
    LEFT JOIN pg_catalog.pg_rewrite AS r ON r.ev_class = c.oid AND r.rulename = '_RETURN'
    LEFT JOIN LATERAL (
        SELECT string_agg(p.xmin::text, ' ' ORDER BY p.oid) AS versions
        FROM pg_catalog.pg_policy AS p
        WHERE p.polrelid = c.oid
    ) AS pol ON true
    UNION ALL
    SELECT used.relation, p.oid, 'function', false, p.xmin::text, NULL
    FROM used
    JOIN pg_catalog.pg_proc AS p ON used.class = 'pg_catalog.pg_proc'::pg_catalog.regclass AND p.oid = used.oid
)
SELECT part.relation,
       md5(string_agg(concat_ws(' ', part.oid, part.definition), ',' ORDER BY part.oid)) AS definition,
       md5(string_agg(concat_ws(' ', part.oid, part.file), ',' ORDER BY part.oid)
           FILTER (WHERE part.file IS NOT NULL)) AS files,
       coalesce(sum(pg_catalog.pg_stat_get_tuples_deleted(part.oid))
           FILTER (WHERE part.relkind IN ('r', 'm')), 0)::bigint AS deleted,
       -- Only where all rows are of one table, or of its partitions, is each insert a row of the view; those of another
       -- server are counted there.
       CASE WHEN count(*) FILTER (WHERE part.relkind IN ('r', 'm', 'p', 'f') AND NOT part.child) = 1
             AND count(*) FILTER (WHERE part.relkind IN ('m', 'f')) = 0
            THEN coalesce(sum(pg_catalog.pg_stat_get_tuples_inserted(part.oid))
                FILTER (WHERE part.relkind = 'r'), 0)::bigint END AS inserted
FROM part
GROUP BY part.relation
