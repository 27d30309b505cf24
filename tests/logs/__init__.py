"""Tests of `exporter.logs`."""
