-- Rows ever deleted from the tables under the views, and the tables' files, which TRUNCATE replaces and a dropped
-- partition takes along: when any of it moved, something may have left unseen.
SELECT coalesce(sum(pg_catalog.pg_stat_get_tuples_deleted(c.oid)), 0)::bigint AS deleted,
       coalesce(sum(c.relfilenode::bigint), 0)::bigint AS files
FROM unnest(%(sources)s::bigint[]) AS source (oid)
JOIN pg_catalog.pg_class AS c ON c.oid = source.oid::oid
