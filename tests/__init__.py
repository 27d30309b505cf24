"""Tests of campaign-exporter, in the order of the program's own files."""
