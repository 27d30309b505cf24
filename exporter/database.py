"""`exporter.database`: `Database`, under the name that scripts of the first version import."""

from __future__ import annotations

from exporter.source.database import Database

__all__ = ["Database"]
