"""Tests of the whole on a real PostgreSQL."""
