"""Tests of `exporter.calendar`."""
