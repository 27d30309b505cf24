-- Row-level security under the relations of the contract: one row for each table to which policies are applied when
-- this role reads a relation. "hides": not for certain that every row passes them.
WITH RECURSIVE me AS (
    SELECT r.oid FROM pg_catalog.pg_roles AS r WHERE r.rolname = current_user
), used (relation, oid, reader, via, asker) AS (
    -- What a view reads it reads as its owner; as who asks, if it is a security_invoker. A materialized view was
    -- filled as its owner, who asked then.
    SELECT c.relname::text, c.oid, me.oid, NULL::oid, me.oid
    FROM pg_catalog.pg_class AS c
    JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
    CROSS JOIN me
    WHERE n.nspname = %(schema)s AND c.relname = ANY (%(relations)s) AND c.relkind IN ('r', 'v', 'm', 'f', 'p')
    UNION
    SELECT used.relation, d.refobjid, CASE WHEN asks.invoker THEN asks.asker ELSE v.relowner END, v.oid, asks.asker
    FROM used
    JOIN pg_catalog.pg_class AS v ON v.oid = used.oid AND v.relkind IN ('v', 'm')
    CROSS JOIN LATERAL (
        SELECT CASE v.relkind WHEN 'm' THEN v.relowner ELSE used.asker END AS asker,
               v.relkind = 'v' AND EXISTS (
                   SELECT FROM pg_catalog.pg_options_to_table(v.reloptions) AS o
                   WHERE o.option_name = 'security_invoker' AND o.option_value::boolean
               ) AS invoker
    ) AS asks
    JOIN pg_catalog.pg_rewrite AS r ON r.ev_class = v.oid
    JOIN pg_catalog.pg_depend AS d
      ON d.classid = 'pg_catalog.pg_rewrite'::pg_catalog.regclass AND d.objid = r.oid
     AND d.refclassid = 'pg_catalog.pg_class'::pg_catalog.regclass AND d.refobjid <> v.oid
)
SELECT used.relation,
       format('%%I.%%I', n.nspname, c.relname) AS table_name,
       (SELECT format('%%s %%I.%%I', CASE v.relkind WHEN 'm' THEN 'MATERIALIZED VIEW' ELSE 'VIEW' END,
                      vn.nspname, v.relname)
        FROM pg_catalog.pg_class AS v
        JOIN pg_catalog.pg_namespace AS vn ON vn.oid = v.relnamespace
        WHERE v.oid = used.via) AS view_name,
       pg_catalog.quote_ident(reader.rolname) AS reader,
       reader.oid = me.oid AS own,
       reader.rolcanlogin AS logs_in,
       coalesce(pol.names, '{}') AS policies,
       coalesce(pol.restricted, false) AS restricted,
       NOT coalesce(pol.opened, false) OR coalesce(pol.restricted, false) AS hides,
       -- Other tables that the view reads: who is to own it must be able to read them too.
       ARRAY(SELECT DISTINCT format('%%I.%%I', bn.nspname, b.relname)
             FROM used AS beside
             JOIN pg_catalog.pg_class AS b ON b.oid = beside.oid
             JOIN pg_catalog.pg_namespace AS bn ON bn.oid = b.relnamespace
             WHERE beside.via = used.via ORDER BY 1) AS beside,
       ARRAY(SELECT DISTINCT pg_catalog.quote_ident(bn.nspname)
             FROM used AS beside
             JOIN pg_catalog.pg_class AS b ON b.oid = beside.oid
             JOIN pg_catalog.pg_namespace AS bn ON bn.oid = b.relnamespace
             WHERE beside.via = used.via ORDER BY 1) AS beside_schemas,
       coalesce(pol.versions, '') AS versions
FROM used
CROSS JOIN me
JOIN pg_catalog.pg_class AS c ON c.oid = used.oid AND c.relkind IN ('r', 'p') AND c.relrowsecurity
JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
JOIN pg_catalog.pg_roles AS reader ON reader.oid = used.reader
LEFT JOIN LATERAL (
    SELECT pg_catalog.array_agg(pg_catalog.quote_ident(p.polname) ORDER BY p.polname) AS names,
           pg_catalog.string_agg(concat_ws(' ', p.oid, p.xmin), ',' ORDER BY p.oid) AS versions,
           bool_or(p.polpermissive AND shown.expression = 'true') AS opened,
           bool_or(NOT p.polpermissive AND shown.expression <> 'true') AS restricted
    FROM pg_catalog.pg_policy AS p
    CROSS JOIN LATERAL (SELECT pg_catalog.pg_get_expr(p.polqual, p.polrelid) AS expression) AS shown
    WHERE p.polrelid = c.oid AND p.polcmd IN ('r', '*')
      AND EXISTS (
          SELECT FROM unnest(p.polroles) AS given (role)
          WHERE given.role = 0 OR pg_catalog.pg_has_role(used.reader, given.role, 'USAGE')
      )
) AS pol ON true
WHERE NOT reader.rolsuper AND NOT reader.rolbypassrls
  AND (c.relforcerowsecurity OR NOT pg_catalog.pg_has_role(used.reader, c.relowner, 'USAGE'))
ORDER BY used.relation, table_name, view_name NULLS FIRST, reader
