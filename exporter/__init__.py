"""Prometheus exporter for outbound calling campaigns: reads PostgreSQL, answers "why is it not dialling?"."""

from __future__ import annotations

__version__: str


def __getattr__(name: str) -> str:
    """The version when it is asked for: to look it up takes longer than all that signals must wait for at the start."""
    if name != "__version__":
        raise AttributeError(name)
    from importlib.metadata import PackageNotFoundError, version

    try:
        return version("campaign-exporter")
    except PackageNotFoundError:  # run from a source tree that was never installed
        return "0+unknown"
