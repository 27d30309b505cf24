"""Tests of `exporter.contract`."""
