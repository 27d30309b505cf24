"""The configuration: what can be set, how a file is read, how durations are written.

In: a YAML file and the environment. Out: `Config`, checked, each error with the line, the key and the remedy. It must
not know what the settings are used for.
"""

from __future__ import annotations

from exporter.config.settings import (
    DEFAULT_PORT,
    AuditConfig,
    Config,
    DatabaseConfig,
    LogConfig,
    MetricsConfig,
    RefreshConfig,
    SeriesConfig,
    ShardConfig,
    WebConfig,
    load,
    parse,
)

__all__ = [
    "DEFAULT_PORT", "AuditConfig", "Config", "DatabaseConfig", "LogConfig", "MetricsConfig", "RefreshConfig",
    "SeriesConfig", "ShardConfig", "WebConfig", "load", "parse",
]  # fmt: skip
