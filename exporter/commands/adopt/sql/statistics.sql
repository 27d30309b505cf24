-- What ANALYZE found in one column: how many values there are (negative: a share of the rows), and the common ones.
SELECT s.n_distinct::float8 AS distinct_values,
       s.most_common_vals::text::text[] AS common
FROM pg_catalog.pg_stats AS s
WHERE s.schemaname = %(schema)s AND s.tablename = %(table)s AND s.attname = %(column)s
ORDER BY s.inherited DESC
LIMIT 1
