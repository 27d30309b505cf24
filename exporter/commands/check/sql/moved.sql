-- Times of a table that a trigger of its own sets whenever a row changes: the column, ready for SQL, and the trigger.
SELECT pg_catalog.quote_ident(a.attname) AS name, pg_catalog.quote_ident(t.tgname) AS moved_by
FROM pg_catalog.pg_class AS c
JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
JOIN pg_catalog.pg_attribute AS a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
JOIN pg_catalog.pg_trigger AS t ON t.tgrelid = c.oid AND t.tgenabled IN ('O', 'A') AND t.tgqual IS NULL
JOIN pg_catalog.pg_proc AS p ON p.oid = t.tgfoid
WHERE n.nspname = %(schema)s AND c.relname = %(table)s
  AND a.atttypid IN ('pg_catalog.timestamptz'::pg_catalog.regtype, 'pg_catalog.timestamp'::pg_catalog.regtype)
  AND a.attname ~* 'updat|modif|chang|stamp'
  AND t.tgtype & 19 = 19 AND t.tgattr = ''  -- for each row, before UPDATE, of any column
  AND (pg_catalog.strpos(pg_catalog.lower(p.prosrc), pg_catalog.lower('new.' || pg_catalog.quote_ident(a.attname))) > 0
       OR p.proname = 'moddatetime' AND pg_catalog.encode(t.tgargs, 'escape') = a.attname || '\000')
ORDER BY a.attnum, t.tgname
LIMIT 1
