"""Tests of `exporter.web.cards`."""
