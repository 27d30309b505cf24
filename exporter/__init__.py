"""Prometheus exporter for outbound calling campaigns: reads PostgreSQL, answers "why is it not dialling?"."""

from importlib.metadata import PackageNotFoundError, version

try:
    __version__ = version("campaign-exporter")
except PackageNotFoundError:  # run from a source tree that was never installed
    __version__ = "0+unknown"
