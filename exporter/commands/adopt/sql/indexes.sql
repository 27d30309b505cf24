-- Their indexes over plain columns: a unique one may be a key, and the first column says what the index can find.
SELECT i.indrelid::bigint AS id,
       i.indisprimary AS main,
       i.indisunique AND i.indpred IS NULL AS is_unique,
       i.indpred IS NULL AND m.amname = 'btree' AS finds,
       ARRAY(SELECT a.attname::text FROM unnest(i.indkey::int2[]) WITH ORDINALITY AS u (number, place)
             JOIN pg_catalog.pg_attribute AS a ON a.attrelid = i.indrelid AND a.attnum = u.number
             WHERE u.place <= i.indnkeyatts
             ORDER BY u.place) AS columns
FROM pg_catalog.pg_index AS i
JOIN pg_catalog.pg_class AS c ON c.oid = i.indexrelid
JOIN pg_catalog.pg_am AS m ON m.oid = c.relam
WHERE i.indrelid = ANY (%(ids)s) AND i.indisvalid AND 0 <> ALL (i.indkey::int2[])
ORDER BY i.indrelid, i.indisprimary DESC, i.indexrelid
