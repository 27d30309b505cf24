"""Thousands of campaigns: their exporter's page, and a Prometheus that remembers a week of it."""
