"""Tests of `exporter.diagnosis`."""
