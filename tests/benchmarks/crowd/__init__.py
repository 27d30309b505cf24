"""Tests of `benchmarks.crowd`."""
