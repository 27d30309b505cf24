"""Tests of `exporter.refresh`."""
