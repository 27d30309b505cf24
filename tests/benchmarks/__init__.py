"""Tests of the benchmarks: what they say is held against the programs that they imitate."""
