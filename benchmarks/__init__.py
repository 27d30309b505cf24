"""Benchmarks: the exporter beside other ways to get the same figures, on one database, in one run."""
