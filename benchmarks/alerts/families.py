"""Which of the exporter's families are recorded: those that the rules ask for, or all that do not depend on us."""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import dataclass

MACHINE = frozenset(
    {
        "campaign_exporter_clock_difference_seconds",
        "campaign_exporter_database_seconds_total",
        "campaign_exporter_database_share_ratio",
        "campaign_exporter_refresh_stage_seconds",
    }
)
"""How fast this machine is, which is no part of a simulated day: not recorded, and rules on them stay asleep."""

_HEAD = b"# HELP "
_BUCKET = re.compile(rb"^\w+_bucket\{.*\n", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Chosen:
    """`names` are series' names; `None` chooses all families, with only the histograms' buckets as in `buckets`."""

    names: Collection[str] | None
    buckets: Collection[str] = ()

    def of(self, text: bytes) -> bytes:
        """The part of an exposition in Prometheus's text format."""
        return b"".join(self._family(part) for part in text.split(_HEAD)[1:])

    def _family(self, part: bytes) -> bytes:
        name = part[: part.index(b" ")].decode()
        if name in MACHINE:
            return b""
        series = {name, f"{name}_bucket", f"{name}_sum", f"{name}_count"}
        if self.names is not None and series.isdisjoint(self.names):
            return b""
        wanted = self.buckets if self.names is None else self.names
        if f"# TYPE {name} histogram\n".encode() in part and f"{name}_bucket" not in wanted:
            part = _BUCKET.sub(b"", part)
        return _HEAD + part
