"""Cost, for managers: the board, the one that is shared outside, and what both ask about money."""
