-- Rows ever deleted from the tables under the views: when it moved, something may have left unseen.
SELECT coalesce(sum(pg_catalog.pg_stat_get_tuples_deleted(source.oid::oid)), 0)::bigint AS deleted
FROM unnest(%(sources)s::bigint[]) AS source (oid)
