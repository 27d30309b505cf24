"""Newfies-Dialer: its views, and a generator of rows as its tasks write them."""
