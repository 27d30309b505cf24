"""Views for diallers that others build, ready to be read and run: a folder each. `campaign-exporter adopt --list`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib.resources import files

ADAPTERS = {
    "dograh": "dograh, voice AI (github.com/dograh-hq/dograh), 1.x",
    "omnileads": "OMniLeads, people as agents (gitlab.com/omnileads), 1.x with Wombat",
    "newfies": "Newfies-Dialer, voice broadcasts (github.com/newfies-dialer/newfies-dialer), 3.x",
    "rapidpro": "RapidPro, voice flows (github.com/rapidpro/rapidpro), 9.0",
}
"""By the name of the folder, what it is for."""


@dataclass(frozen=True, slots=True)
class Adapter:
    """The views of a dialler, and what is exact in them and what is not. `needs`: the columns they read, by table."""

    name: str
    title: str
    views: str
    readme: str
    needs: Mapping[str, Sequence[str]]

    def zoned(self, timezone: str) -> str:
        """The views with a zone that no table tells, where they ask for one; `ValueError` where they do not."""
        if _NO_ZONE not in self.views:
            raise ValueError(timezone)
        return self.views.replace(_NO_ZONE, f"'{timezone}'::text AS timezone;")


_NO_ZONE = "NULL::text AS timezone;"


def adapter(name: str) -> Adapter:
    """The adapter of that name; `KeyError` where there is none."""
    title = ADAPTERS[name]
    folder = files(__name__) / name
    views, readme, needs = (
        folder.joinpath(file).read_text(encoding="utf-8") for file in ("views.sql", "README.md", "needs.txt")
    )
    lines = (line.partition(": ") for line in needs.splitlines())
    return Adapter(name, title, views, readme, {table: columns.split(", ") for table, _, columns in lines})
