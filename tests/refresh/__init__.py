"""Tests of the loop and of what it says."""
