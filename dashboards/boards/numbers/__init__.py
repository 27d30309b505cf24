"""Number pool: the board, what is asked about numbers, and what the pool can carry."""
