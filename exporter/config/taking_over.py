"""A configuration that is read anew: which settings are taken over at once, and which need a restart."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from exporter.config.file import Section, SectionT
from exporter.config.settings import Config

TAKEN_OVER = frozenset(
    {
        "database.password_file",
        "database.connect_timeout",
        "database.statement_timeout",
        "database.lock_timeout",
        "database.load_connections",
        "refresh.interval",
        "refresh.max_share",
        "audit.period",
        "audit.max_share",
        "dispatch.stalled_after",
        "dispatch.starved_after",
        "remembered_rows",
        "retention",
        "max_staleness",
        "state.period",
        "web.grafana_url",
        "log.format",
        "log.level",
    }
)
"""Settings that nothing was counted, remembered or opened by. All others hold until the process ends."""


@dataclass(frozen=True, slots=True)
class Change:
    """What came of reading a configuration anew: the one to run with, and the keys that differed, of both kinds."""

    config: Config
    taken: tuple[str, ...] = ()
    left: tuple[str, ...] = ()

    @property
    def sentence(self) -> str:
        """For whoever asked."""
        if not self.taken and not self.left:
            return "the configuration was read anew: it is the same"
        parts = []
        if self.taken:
            parts.append(f"taken over with the next refresh: {', '.join(self.taken)}")
        if self.left:
            parts.append(f"as before until the exporter is restarted: {', '.join(self.left)}")
        return f"the configuration was read anew; {'; '.join(parts)}"


def take_over(running: Config, read: Config) -> Change:
    """What a running exporter does with a configuration that was read."""
    config, differing = _merged(running, read)
    return Change(
        config,
        tuple(key for key in differing if key in TAKEN_OVER),
        tuple(key for key in differing if key not in TAKEN_OVER),
    )


def _merged(running: SectionT, read: SectionT, above: str = "") -> tuple[SectionT, list[str]]:
    """The running section with what is taken over of the other, and the keys in which they differ."""
    updates: dict[str, Any] = {}
    differing: list[str] = []
    for name, key in _keys(running, above):
        before, after = getattr(running, name), getattr(read, name)
        if isinstance(before, Section) and isinstance(after, Section):
            updates[name], within = _merged(before, after, f"{key}.")
            differing += within
        elif before != after:
            differing.append(key)
            if key in TAKEN_OVER:
                updates[name] = after
    return running.model_copy(update=updates), differing


def _keys(section: Section, above: str) -> Iterator[tuple[str, str]]:
    for name, field in type(section).model_fields.items():
        yield name, f"{above}{field.alias or name}"
