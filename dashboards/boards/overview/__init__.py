"""Campaigns overview: the board, and the ranking of campaigns at its heart."""
