"""How far each campaign's own clock is ahead of UTC: asked once a refresh of each time zone, as a night may move it."""

from __future__ import annotations

from datetime import datetime

from exporter.calendar.days import zone
from exporter.metrics.owners import Owner, owner_of
from exporter.source.platform import Platform


class Clocks:
    """The offsets of all campaigns that tell their time zone, as they were shown last."""

    def __init__(self) -> None:
        self._platform: Platform | None = None
        self._zones: dict[Owner, str] = {}
        self._by_zone: dict[str, float] = {}
        self.ahead: dict[Owner, float] = {}
        """Seconds, by (tenant, campaign)."""

    def update(self, platform: Platform, at: float) -> set[Owner]:
        """Look at all clocks (`at`: seconds since 1970); the owners whose clock says something else than before."""
        moved = platform is not self._platform
        if moved:
            self._platform = platform
            self._zones = {
                owner_of(platform, key): campaign.timezone
                for key, campaign in platform.campaigns.items()
                if campaign.timezone is not None
            }
        names = set(self._zones.values()) if moved else self._by_zone.keys()
        by_zone = {name: _ahead(name, at) for name in names}
        if not moved and by_zone == self._by_zone:
            return set()
        before, self._by_zone = self.ahead, by_zone
        self.ahead = {owner: by_zone[name] for owner, name in self._zones.items()}
        return {owner for owner in before.keys() | self.ahead.keys() if before.get(owner) != self.ahead.get(owner)}


def _ahead(name: str, at: float) -> float:
    where = zone(name)
    assert where is not None, "unknown zones were left out"
    offset = datetime.fromtimestamp(at, where).utcoffset()
    assert offset is not None, "the time has a zone"
    return offset.total_seconds()
