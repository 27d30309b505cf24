"""Tests of `exporter.web.runbooks`."""
