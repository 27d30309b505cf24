"""Tests of `exporter.source`."""
