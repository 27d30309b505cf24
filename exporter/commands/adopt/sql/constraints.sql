-- Their foreign keys, and the CHECK constraints of one column, which often list its codes.
SELECT k.conrelid::bigint AS id,
       k.contype::text AS kind,
       ARRAY(SELECT a.attname::text FROM unnest(k.conkey) WITH ORDINALITY AS u (number, place)
             JOIN pg_catalog.pg_attribute AS a ON a.attrelid = k.conrelid AND a.attnum = u.number
             ORDER BY u.place) AS columns,
       k.confrelid::bigint AS target,
       ARRAY(SELECT a.attname::text FROM unnest(k.confkey) WITH ORDINALITY AS u (number, place)
             JOIN pg_catalog.pg_attribute AS a ON a.attrelid = k.confrelid AND a.attnum = u.number
             ORDER BY u.place) AS target_columns,
       CASE k.contype WHEN 'c' THEN pg_catalog.pg_get_constraintdef(k.oid) END AS definition
FROM pg_catalog.pg_constraint AS k
WHERE k.conrelid = ANY (%(ids)s) AND k.conparentid = 0
  AND (k.contype = 'f' OR k.contype = 'c' AND cardinality(k.conkey) = 1)
ORDER BY k.conrelid, k.oid
