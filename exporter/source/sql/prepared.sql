-- Transactions that were prepared for a two-phase commit and not ended yet, by transaction id.
SELECT p.transaction::text::bigint AS xid
FROM pg_catalog.pg_prepared_xacts AS p
WHERE p.database = current_database()
