"""Tests of `exporter.commands.explain`."""
