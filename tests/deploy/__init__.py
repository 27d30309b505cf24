"""Tests of what docker-compose.yml and `make demo` run, and with which files."""
