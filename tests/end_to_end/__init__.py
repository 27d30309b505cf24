"""Tests of the programs as people run them."""
