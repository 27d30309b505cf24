"""Tests of what guards the port."""
