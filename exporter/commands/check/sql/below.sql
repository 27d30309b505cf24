-- What is missing below a view of the contract: relations that whoever is asked for may not read (a view is read with
-- its owner's rights, but for one that is security_invoker), and functions that this role may not execute. One row a
-- thing: its name and the role that lacks the right, ready for SQL.
WITH RECURSIVE used (relation, reader) AS (
    SELECT c.oid, r.oid
    FROM pg_catalog.pg_class AS c
    JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
    JOIN pg_catalog.pg_roles AS r ON r.rolname = current_user
    WHERE n.nspname = %(schema)s AND c.relname = %(relation)s
    UNION
    SELECT d.refobjid,
           CASE WHEN EXISTS (SELECT FROM pg_catalog.pg_options_to_table(c.reloptions) AS o
                             WHERE o.option_name = 'security_invoker' AND o.option_value::boolean)
                THEN used.reader ELSE c.relowner END
    FROM used
    JOIN pg_catalog.pg_class AS c ON c.oid = used.relation AND c.relkind = 'v'
    JOIN pg_catalog.pg_rewrite AS r ON r.ev_class = c.oid
    JOIN pg_catalog.pg_depend AS d
      ON d.classid = 'pg_catalog.pg_rewrite'::pg_catalog.regclass AND d.objid = r.oid
     AND d.refclassid = 'pg_catalog.pg_class'::pg_catalog.regclass AND d.refobjid <> c.oid
)
SELECT 'relation' AS kind, pg_catalog.format('%%I.%%I', n.nspname, c.relname) AS name,
       pg_catalog.quote_ident(r.rolname) AS role
FROM used
JOIN pg_catalog.pg_class AS c ON c.oid = used.relation AND c.relkind IN ('r', 'v', 'm', 'f', 'p')
JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
JOIN pg_catalog.pg_roles AS r ON r.oid = used.reader
WHERE NOT pg_catalog.has_any_column_privilege(r.oid, c.oid, 'SELECT')
UNION
SELECT 'function', pg_catalog.format('%%I.%%I(%%s)', n.nspname, p.proname,
                                     pg_catalog.pg_get_function_identity_arguments(p.oid)),
       pg_catalog.quote_ident(current_user)
FROM used
JOIN pg_catalog.pg_rewrite AS r ON r.ev_class = used.relation
JOIN pg_catalog.pg_depend AS d
  ON d.classid = 'pg_catalog.pg_rewrite'::pg_catalog.regclass AND d.objid = r.oid
 AND d.refclassid = 'pg_catalog.pg_proc'::pg_catalog.regclass
JOIN pg_catalog.pg_proc AS p ON p.oid = d.refobjid
JOIN pg_catalog.pg_namespace AS n ON n.oid = p.pronamespace
WHERE NOT pg_catalog.has_function_privilege(p.oid, 'EXECUTE')
ORDER BY kind, name
