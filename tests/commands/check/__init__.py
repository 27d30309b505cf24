"""Tests of `exporter.commands.check`."""
