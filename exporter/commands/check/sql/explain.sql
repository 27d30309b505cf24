-- Stands before a statement: its plan, without running it.
EXPLAIN (VERBOSE, FORMAT JSON)
