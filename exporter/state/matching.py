"""Whether a saved state is of this database, and was counted in the way in which this program counts."""

from __future__ import annotations

import functools
import hashlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from exporter import __version__
from exporter.config import Config
from exporter.source.database import Server

_ROOT = Path(__file__).resolve().parent.parent
_COUNTING = ("calendar", "contract", "source", "ledger", "diagnosis", "metrics", "refresh", "state")
"""The packages that decide what a state holds, and what it means."""


def signed(config: Config) -> dict[str, Any]:
    """How this program counts: its code, and the settings that change what is counted or how it is shown."""
    return {"version": __version__, "code": _code(), "settings": _settings(config)}


def unlike(saved: Mapping[str, Any], config: Config) -> str | None:
    """Why a state that was signed so cannot be used with this program and these settings; `None`: it can."""
    if saved["code"] != _code():
        return f"version {saved['version']} saved it, and {__version__} counts in another way"
    for name, now in _settings(config).items():
        then = saved["settings"].get(name)
        if then != now:
            return f"{name} was {then} when it was saved, and is {now}"
    return None


def another(then: Server, now: Server) -> str | None:
    """Why what was read from one server says nothing about another; `None`: they are of one cluster and database."""
    if (then.system, then.database) != (now.system, now.database):
        return "it is of another database"
    if then.role != now.role:
        return f"it was read as the role {then.role}, which may see other rows than {now.role}"
    if then.system is None and then.place != now.place:
        return "the server was started since, and whether it is the same one the role may not ask (pg_control_system)"
    return None


def _settings(config: Config) -> dict[str, Any]:
    found: dict[str, Any] = {
        "database.schema": config.database.schema_,
        "refresh.clock_allowance": config.refresh.clock_allowance,
        "refresh.overlap": config.refresh.overlap,
        "stale_after": config.stale_after,
        "abandonment.within": config.abandonment.within,
        "abandonment.counts": config.abandonment.counts,
        "shard": "none" if config.shard is None else str(config.shard),
        "metrics.drop_labels": {name: sorted(labels) for name, labels in sorted(config.metrics.drop_labels.items())},
    }
    return found | {f"series.{name}": budget for name, budget in config.series.model_dump().items()}


@functools.cache
def _code() -> str:
    """A digest of all that counts: a version that changes nothing of it may go on with what another saved."""
    digest = hashlib.sha256()
    paths = sorted(path for name in _COUNTING for path in (_ROOT / name).rglob("*") if path.suffix in _SUFFIXES)
    if not paths:  # installed without its sources: then each version is taken to count in its own way
        return __version__
    for path in paths:
        digest.update(f"{path.relative_to(_ROOT)}\0".encode() + path.read_bytes())
    return digest.hexdigest()


_SUFFIXES = (".py", ".sql")
